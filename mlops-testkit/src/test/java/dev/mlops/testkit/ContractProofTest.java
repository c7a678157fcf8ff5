package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** A contract that no broken implementation fails is worth nothing: each clause is broken, and its tests must say so. */
class ContractProofTest {

  /** Reads and hashes 64 MiB several times; run for the healthy ones and for those that break its clause. */
  private static final String LARGEST = "largeFile";

  static Stream<Class<?>> subjects() {
    return Proofs.subjects();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aHealthyImplementationKeepsItsContract(Class<?> subject) {
    assertThat(failuresOf(subject, Set.of())).isEmpty();
  }

  @Test
  void everyBrokenImplementationFailsTheTestsOfItsClauseAndNoOther() {
    Map<String, Set<String>> unbitten = new TreeMap<>();
    for (Class<?> contract : ContractTable.CONTRACTS) {
      unbitten.put(contract.getSimpleName(), new TreeSet<>(ContractTable.testsOf(contract)));
    }
    SoftAssertions softly = new SoftAssertions();
    for (Proofs.Proof proof : Proofs.all()) {
      Map<String, Throwable> failed;
      proof.install().run();
      try {
        failed = failuresOf(
            proof.subject(),
            ContractTable.clauseOf(LARGEST).equals(proof.clause()) ? Set.of() : Set.of(LARGEST));
      } finally {
        proof.restore().run();
      }
      softly.assertThat(failed.keySet()).as(proof + " must be noticed").isNotEmpty();
      failed.forEach((test, fault) -> softly
          .assertThat(ContractTable.clauseOf(test))
          .as(proof + " fails " + test + ": " + fault)
          .isEqualTo(proof.clause()));
      unbitten.values().forEach(tests -> tests.removeAll(failed.keySet()));
    }
    softly
        .assertThat(unbitten)
        .as("tests that no broken implementation fails")
        .allSatisfy((contract, tests) -> assertThat(tests).isEmpty());
    softly.assertAll();
  }

  /** The names of the tests that fail, with what they say. */
  private static Map<String, Throwable> failuresOf(Class<?> subject, Set<String> without) {
    LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
        .selectors(selectClass(subject))
        .filters((PostDiscoveryFilter)
            test -> FilterResult.includedIf(!without.contains(nameOf(test.getSource(), ""))))
        .build();
    Launcher launcher = LauncherFactory.create(LauncherConfig.builder()
        .enableLauncherSessionListenerAutoRegistration(false)
        .enableLauncherDiscoveryListenerAutoRegistration(false)
        .enableTestExecutionListenerAutoRegistration(false)
        .enablePostDiscoveryFilterAutoRegistration(false)
        .build());
    Map<String, Throwable> failed = new TreeMap<>();
    launcher.execute(request, new TestExecutionListener() {
      @Override
      public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        result
            .getThrowable()
            .ifPresent(fault -> failed.put(nameOf(test.getSource(), test.getUniqueId()), fault));
      }
    });
    return failed;
  }

  private static String nameOf(Optional<TestSource> source, String other) {
    return source
        .filter(org.junit.platform.engine.support.descriptor.MethodSource.class::isInstance)
        .map(method ->
            ((org.junit.platform.engine.support.descriptor.MethodSource) method).getMethodName())
        .orElse(other);
  }
}
