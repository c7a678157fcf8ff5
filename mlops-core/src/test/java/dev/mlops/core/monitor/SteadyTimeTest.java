package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SteadyTimeTest {
  private final SteadyTime time = new SteadyTime();

  private void says(long wall, long steady) {
    assertThat(time.advance(wall)).as("at " + wall).isEqualTo(steady);
  }

  @Test
  void isTheClockWhileThatGoesForward() {
    says(1_000, 1_000);
    says(1_000, 1_000);
    says(1_500, 1_500);
  }

  @Test
  void goesOnFromWhereItWasWhenTheClockIsSetBack() {
    says(1_000, 1_000);
    says(900_000, 900_000);
    says(2_000, 900_000);
    says(2_700, 900_700);
    says(3_000, 901_000);
  }

  @Test
  void aClockThatWasBackAndReturnsAddsOnlyWhatIsNew() {
    says(900_000, 900_000);
    says(1_000, 900_000);
    says(1_010, 900_010);
    says(900_100, 900_110);
    says(900_200, 900_210);
  }

  @Test
  void aReturnNearlyToWhereItWasIsOneToo() {
    says(900_000, 900_000);
    says(1_000, 900_000);
    says(899_000, 900_000);
    says(900_500, 900_500);
  }
}
