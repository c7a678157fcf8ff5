package dev.mlops.core.serve;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RetryTest {
  private static final long SECOND = 1_000_000_000L;

  private final Retry retry = new Retry();

  @Test
  void whatNeverFailedIsDue() {
    assertTrue(retry.due(7, Long.MIN_VALUE));
  }

  @Test
  void eachFailureDoublesTheRestUpTo256Seconds() {
    long now =
        Long.MAX_VALUE - 5 * SECOND; // a ticker may pass from the greatest number to the least
    long rest = 1;
    for (int failure = 1; failure <= 12; failure++) {
      retry.failed(7, now);
      assertFalse(retry.due(7, now + rest * SECOND - 1), "after " + failure);
      now += rest * SECOND;
      assertTrue(retry.due(7, now), "after " + failure);
      rest = Math.min(256, 2 * rest);
    }
  }

  @Test
  void anotherMoveIsTriedAtOnceAndRestsAnew() {
    retry.failed(7, 0);
    retry.failed(7, SECOND);
    assertTrue(retry.due(8, SECOND));
    retry.failed(8, SECOND);
    assertFalse(retry.due(8, SECOND));
    assertTrue(retry.due(8, 2 * SECOND));
  }

  @Test
  void aTickerThatWentBackDoesNotSilenceIt() {
    retry.failed(7, 1_000 * SECOND);
    assertFalse(retry.due(7, 1_000 * SECOND - 1));
    assertTrue(retry.due(7, 999 * SECOND));
    assertTrue(retry.due(7, 0));
  }
}
