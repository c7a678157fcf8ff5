package dev.mlops.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Every contract with the implementations that break it. */
final class Proofs {
  private Proofs() {}

  /**
   * One broken implementation, ready to be put in place.
   *
   * @param api names of the interfaces whose Javadoc may hold the clause
   * @param subject the contract test that it is put into
   * @param clause the clause that it breaks
   * @param how what it does wrong
   * @param install puts it in place
   * @param restore puts the healthy one back
   */
  record Proof(
      String api, Class<?> subject, String clause, String how, Runnable install, Runnable restore) {
    @Override
    public String toString() {
      return api + " " + clause + ": " + how;
    }
  }

  /** Where clauses are written, in the order of the table. */
  static final List<String> INTERFACES = List.of(
      "pack/ModelPackage",
      "pack/ModelRuntime",
      "pack/AdaptiveModel",
      "store/VersionStore",
      "store/StoreBackend",
      "store/Coordination",
      "monitor/MetricsMonitor",
      "drift/DriftDetector",
      "drift/ValueDetector",
      "drift/VectorDetector",
      "drift/RowDetector",
      "drift/StatefulDetector",
      "retrain/RetrainPolicy",
      "rollout/RolloutPlan",
      "journal/Journal",
      "alert/AlertSink");

  /** Clauses of detectors of values alone. */
  private static final Set<String> OF_VALUES = Set.of("allocatesNothing", "statesItsDomain");

  /** Clauses of detectors with a state alone. */
  private static final Set<String> OF_STATES =
      Set.of("stateContinues", "stateIsVerified", "bounded");

  static List<Proof> all() {
    List<Proof> proofs = new ArrayList<>();
    add(
        proofs,
        "ModelPackage",
        Subjects.Packages.class,
        BrokenPackages.all(),
        broken -> Subjects.Packages.factory = broken,
        Subjects.Packages.HEALTHY);
    add(
        proofs,
        "VersionStore",
        Subjects.Stores.class,
        BrokenStores.all(),
        broken -> Subjects.Stores.factory = broken,
        Subjects.Stores.HEALTHY);
    add(
        proofs,
        "StoreBackend",
        Subjects.Backends.class,
        BrokenBackends.all(),
        broken -> Subjects.Backends.factory = broken,
        Subjects.Backends.HEALTHY);
    add(
        proofs,
        "Coordination",
        Subjects.Leases.class,
        BrokenCoordinations.all(),
        broken -> Subjects.Leases.factory = broken,
        Subjects.Leases.HEALTHY);
    add(
        proofs,
        "MetricsMonitor",
        Subjects.Monitors.class,
        BrokenMonitors.all(),
        broken -> Subjects.Monitors.factory = broken,
        Subjects.Monitors.HEALTHY);
    for (var broken : BrokenDetectors.ofValues()) {
      add(
          proofs,
          OF_VALUES.contains(broken.clause())
              ? "ValueDetector"
              : OF_STATES.contains(broken.clause()) ? "StatefulDetector" : "DriftDetector",
          Subjects.Values.class,
          List.of(broken),
          factory -> Subjects.Values.factory = factory,
          Subjects.Values.HEALTHY);
    }
    add(
        proofs,
        "DriftDetector",
        Subjects.ValuesInTime.class,
        BrokenDetectors.inTime(),
        broken -> Subjects.ValuesInTime.factory = broken,
        Subjects.ValuesInTime.HEALTHY);
    add(
        proofs,
        "VectorDetector",
        Subjects.Vectors.class,
        BrokenDetectors.ofVectors(),
        broken -> Subjects.Vectors.factory = broken,
        Subjects.Vectors.HEALTHY);
    add(
        proofs,
        "RowDetector",
        Subjects.Rows.class,
        BrokenDetectors.ofRows(),
        broken -> Subjects.Rows.factory = broken,
        Subjects.Rows.HEALTHY);
    add(
        proofs,
        "RetrainPolicy",
        Subjects.Policies.class,
        BrokenPolicies.all(),
        broken -> Subjects.Policies.factory = broken,
        Subjects.Policies.HEALTHY);
    add(
        proofs,
        "RolloutPlan",
        Subjects.Rollouts.class,
        BrokenRollouts.all(),
        broken -> Subjects.Rollouts.factory = broken,
        Subjects.Rollouts.HEALTHY);
    add(
        proofs,
        "ModelRuntime",
        Subjects.Runtimes.class,
        BrokenRuntimes.all(),
        broken -> Subjects.Runtimes.factory = broken,
        Subjects.Runtimes.HEALTHY);
    add(
        proofs,
        "AdaptiveModel",
        Subjects.Learners.class,
        BrokenLearners.all(),
        broken -> Subjects.Learners.factory = broken,
        Subjects.Learners.HEALTHY);
    add(
        proofs,
        "Journal",
        Subjects.Journals.class,
        BrokenJournals.all(),
        broken -> Subjects.Journals.factory = broken,
        Subjects.Journals.HEALTHY);
    add(
        proofs,
        "AlertSink",
        Subjects.Sinks.class,
        BrokenAlertSinks.all(),
        broken -> Subjects.Sinks.factory = broken,
        Subjects.Sinks.HEALTHY);
    return proofs;
  }

  private static <F> void add(
      List<Proof> proofs,
      String api,
      Class<?> subject,
      List<Broken<F>> all,
      Consumer<F> install,
      F healthy) {
    for (Broken<F> broken : all) {
      proofs.add(new Proof(
          api,
          subject,
          broken.clause(),
          broken.how(),
          () -> install.accept(broken.factory()),
          () -> install.accept(healthy)));
    }
  }

  /** The contract tests, each over a healthy implementation. */
  static Stream<Class<?>> subjects() {
    return Stream.of(
        Subjects.Packages.class,
        Subjects.Sinks.class,
        Subjects.Runtimes.class,
        Subjects.Learners.class,
        Subjects.Stores.class,
        Subjects.Backends.class,
        Subjects.Leases.class,
        Subjects.Monitors.class,
        Subjects.Values.class,
        Subjects.ValuesInTime.class,
        Subjects.Vectors.class,
        Subjects.Rows.class,
        Subjects.Policies.class,
        Subjects.Rollouts.class,
        Subjects.Journals.class);
  }
}
