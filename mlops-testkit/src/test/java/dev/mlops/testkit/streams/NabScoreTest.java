package dev.mlops.testkit.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.testkit.streams.NabScore.Profile;
import dev.mlops.testkit.streams.NabScore.Window;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NabScoreTest {
  private static final List<Window> WINDOWS = List.of(new Window(200, 299), new Window(600, 699));

  private static NabScore of(Profile profile, Integer... detections) {
    return NabScore.of(1_000, WINDOWS, Set.of(detections)::contains, profile);
  }

  private static double sigmoid(double at) {
    return 2 / (1 + Math.exp(5 * at)) - 1;
  }

  @Test
  void theFirstRowOfAWindowIsWorthOneAndTheLastNextToNothing() {
    assertThat(of(Profile.STANDARD, 200, 600).value()).isEqualTo(2.0, within(1e-12));
    assertThat(of(Profile.STANDARD, 299, 600).value())
        .isEqualTo(1 + sigmoid(-0.01) / sigmoid(-1), within(1e-12));
    assertThat(of(Profile.STANDARD, 250, 280, 600).value())
        .as("the best counts")
        .isEqualTo(of(Profile.STANDARD, 250, 600).value());
  }

  @Test
  void aMissedWindowAndAFalseDetectionCostWhatTheProfileSays() {
    assertThat(of(Profile.STANDARD).value()).isEqualTo(-2);
    assertThat(of(Profile.REWARD_LOW_FN_RATE).value()).isEqualTo(-4);
    assertThat(of(Profile.STANDARD, 160).value()).as("before any").isEqualTo(-2.11, within(1e-12));
    assertThat(of(Profile.REWARD_LOW_FP_RATE, 160).value()).isEqualTo(-2.22, within(1e-12));
    assertThat(of(Profile.STANDARD, 300).value())
        .as("one row late")
        .isEqualTo(-2 + 0.11 * sigmoid(1.0 / 99), within(1e-12));
    assertThat(of(Profile.STANDARD, 599).value())
        .as("more than three widths late")
        .isEqualTo(-2.11, within(1e-12));
  }

  @Test
  void theFirstRowsAreNotScored() {
    NabScore early = of(Profile.STANDARD, 0, 149);
    assertThat(early.value()).isEqualTo(-2);
    assertThat(early.falsePositives()).isZero();
    assertThat(early.trueNegatives()).isEqualTo(650);
    assertThat(early.falseNegatives()).isEqualTo(200);
    NabScore one = of(Profile.STANDARD, 150, 210);
    assertThat(List.of(
            one.truePositives(), one.falsePositives(), one.trueNegatives(), one.falseNegatives()))
        .containsExactly(1, 1, 649, 199);
    NabScore inProbation =
        NabScore.of(1_000, List.of(new Window(10, 100)), row -> false, Profile.STANDARD);
    assertThat(inProbation.value()).as("no row of it is scored").isZero();
  }

  @Test
  void normalisedIsZeroForSilenceAndAHundredForPerfection() {
    for (Profile profile : Profile.values()) {
      assertThat(NabScore.normalised(List.of(of(profile)))).isZero();
      assertThat(NabScore.normalised(List.of(of(profile, 200, 600), of(profile, 200, 600))))
          .isEqualTo(100, within(1e-9));
    }
    assertThatThrownBy(() ->
            NabScore.normalised(List.of(of(Profile.STANDARD), of(Profile.REWARD_LOW_FP_RATE))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("REWARD_LOW_FP_RATE");
  }

  @Test
  void refusesWindowsOutOfOrder() {
    assertThatThrownBy(() -> NabScore.of(
            100, List.of(new Window(50, 60), new Window(60, 70)), row -> false, Profile.STANDARD))
        .hasMessageContaining("60 to 70");
    assertThatThrownBy(() -> new Window(5, 5)).hasMessageContaining("5 to 5");
  }
}
