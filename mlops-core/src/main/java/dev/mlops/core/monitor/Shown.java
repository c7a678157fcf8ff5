package dev.mlops.core.monitor;

import io.micrometer.core.instrument.Meter;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** A number that a registry reads by a gauge. Guarded by the monitor's lock, but for {@link #getAsDouble}. */
final class Shown implements DoubleSupplier {
  private volatile double value;
  private boolean registered;
  private @Nullable Meter meter;

  /** Takes the number; it is registered when it is shown first. */
  void show(double now, Registered in, Meters by, String... values) {
    value = now;
    if (!registered) {
      registered = true;
      meter = in.gauge(by, this, values);
    }
  }

  /** Takes its gauge away. */
  void remove(Registered from) {
    from.remove(meter);
  }

  @Override
  public double getAsDouble() {
    return value;
  }
}
