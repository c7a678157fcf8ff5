/** Contracts, fakes, faults and simulators for JUnit 5. */
module dev.mlops.testkit {
  requires transitive dev.mlops.api;
  requires java.logging;
  requires jdk.management;
  requires static transitive org.jspecify;
  requires transitive org.junit.jupiter.api;
  requires transitive org.assertj.core;

  exports dev.mlops.testkit;
  exports dev.mlops.testkit.streams;

  // JUnit calls the tests of contracts, which are not public.
  opens dev.mlops.testkit;
}
