package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What Maven can run by {@code -Dprogram}. */
class OwnJvmTest {
  @Test
  void itsProgramsAreThoseOfThePackage() throws Exception {
    assertThat(OwnJvm.programs())
        .containsExactly(
            "AlertLife",
            "AlertStates",
            "AlertTrees",
            "Answer",
            "FiredAlerts",
            "Hello",
            "LearnOnline",
            "Lifecycle",
            "Mlops",
            "OnlyDriftDetector",
            "OnlyMetricsMonitor",
            "OnlyModelPackage",
            "OnlyOnnxModel",
            "OnlyRetrainPolicy",
            "OnlyVersionStore",
            "PlatformAlerts",
            "RetrainCalendar",
            "Rollouts",
            "Scraped",
            "SearchBesideDefaults",
            "ServeByRules",
            "ServeFaster",
            "Ship",
            "StandingStill",
            "TestBeforeRelease",
            "TuneWine",
            "WatchColumn",
            "WholeLoop");
  }
}
