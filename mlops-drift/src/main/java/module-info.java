/** Statistics of change: profiles, batch tests, streaming and anytime-valid detectors. */
module dev.mlops.drift {
  requires transitive dev.mlops.api;
  requires static transitive org.jspecify;
  requires org.apache.commons.statistics.inference;
}
