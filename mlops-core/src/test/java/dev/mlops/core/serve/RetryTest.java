package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RetryTest {
  private static final long SECOND = 1_000_000_000L;

  private final Retry retry = new Retry();

  @Test
  void whatNeverFailedIsDue() {
    assertThat(retry.due(7, Long.MIN_VALUE)).isTrue();
  }

  @Test
  void eachFailureDoublesTheRestUpTo256Seconds() {
    long now =
        Long.MAX_VALUE - 5 * SECOND; // a ticker may pass from the greatest number to the least
    long rest = 1;
    for (int failure = 1; failure <= 12; failure++) {
      retry.failed(7, now);
      assertThat(retry.due(7, now + rest * SECOND - 1)).as("after " + failure).isFalse();
      now += rest * SECOND;
      assertThat(retry.due(7, now)).as("after " + failure).isTrue();
      rest = Math.min(256, 2 * rest);
    }
  }

  @Test
  void anotherMoveIsTriedAtOnceAndRestsAnew() {
    retry.failed(7, 0);
    retry.failed(7, SECOND);
    assertThat(retry.due(8, SECOND)).isTrue();
    retry.failed(8, SECOND);
    assertThat(retry.due(8, SECOND)).isFalse();
    assertThat(retry.due(8, 2 * SECOND)).isTrue();
  }

  @Test
  void aTickerThatWentBackDoesNotSilenceIt() {
    retry.failed(7, 1_000 * SECOND);
    assertThat(retry.due(7, 1_000 * SECOND - 1)).isFalse();
    assertThat(retry.due(7, 999 * SECOND)).isTrue();
    assertThat(retry.due(7, 0)).isTrue();
  }
}
