package dev.mlops.testkit.streams;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.ValueDetector;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A detector whose alarms can be told by heart: DRIFT at a number of ones in a row, then from the start. */
final class RunOfOnes implements ValueDetector {
  private final int length;
  private @Nullable Signal signal;
  private Level level = Level.WARMING_UP;
  private long position;
  private int ones;

  RunOfOnes(int length) {
    this.length = length;
  }

  @Override
  public Level update(double value) {
    ones = value == 1 ? ones + 1 : 0;
    level = ones == length ? Level.DRIFT : Level.STABLE;
    if (ones == length) {
      ones = 0;
      signal = new Signal(Direction.UP, position, position, position, length, length, List.of());
    }
    position++;
    return level;
  }

  @Override
  public InputDomain domain() {
    return InputDomain.binary();
  }

  @Override
  public Level level() {
    return level;
  }

  @Override
  public Optional<Signal> signal() {
    return Optional.ofNullable(signal);
  }

  @Override
  public void reset() {
    signal = null;
    level = Level.WARMING_UP;
    position = 0;
    ones = 0;
  }
}
