/** What a host or a third party implements or is handed: the interfaces and their values. */
module dev.mlops.api {
  requires static transitive org.jspecify;

  exports dev.mlops.api.alert;
  exports dev.mlops.api.drift;
  exports dev.mlops.api.journal;
  exports dev.mlops.api.model;
  exports dev.mlops.api.monitor;
  exports dev.mlops.api.pack;
  exports dev.mlops.api.retrain;
  exports dev.mlops.api.rollout;
  exports dev.mlops.api.store;
}
