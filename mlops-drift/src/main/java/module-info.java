/** Statistics of change: profiles, batch tests, streaming and anytime-valid detectors. */
module dev.mlops.drift {
  requires transitive dev.mlops.api;
  requires static transitive org.jspecify;
  requires org.apache.commons.numbers.gamma;
  requires org.apache.commons.statistics.distribution;
  requires org.apache.commons.statistics.inference;

  exports dev.mlops.drift.anytime;
  exports dev.mlops.drift.batch;
  exports dev.mlops.drift.compare;
  exports dev.mlops.drift.profile;
  exports dev.mlops.drift.slice;
  exports dev.mlops.drift.state;
  exports dev.mlops.drift.stream;
}
