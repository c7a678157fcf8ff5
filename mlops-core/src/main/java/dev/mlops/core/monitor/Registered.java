package dev.mlops.core.monitor;

import dev.mlops.core.internal.log.Warnings;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Meters in a host's registry that come and go together. What the registry throws is logged once per cause and goes no
 * further.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Registered {
  private final MeterRegistry registry;
  private final Warnings warnings;
  private final String model;
  private final List<Meter> meters = new ArrayList<>();

  Registered(MeterRegistry registry, Warnings warnings, String model) {
    this.registry = registry;
    this.warnings = warnings;
    this.model = model;
  }

  /** Another group of the same model. */
  Registered another() {
    return new Registered(registry, warnings, model);
  }

  /** Says so if the registry has a meter already that only one monitor of the model can have. */
  void warnOfAnother(Meters meter) {
    try {
      if (registry.find(meter.id()).tags(tags(meter)).meter() != null) {
        warnings.once(
            "another " + model,
            "the meter registry has the meters of another monitor of " + Warnings.shown(model)
                + " and goes on showing those; give each a registry or a model name of its own, or"
                + " close the other one before this one is opened",
            null);
      }
    } catch (Throwable thrown) {
      warn(thrown);
    }
  }

  @Nullable
  Timer timer(Meters meter, String... values) {
    return add(
        meter,
        values,
        host -> Timer.builder(meter.id())
            .description(meter.description())
            .tags(tags(meter, values))
            .register(host));
  }

  void record(@Nullable Timer timer, long nanos) {
    if (timer == null) {
      return;
    }
    try {
      timer.record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    } catch (Throwable thrown) {
      warn(thrown);
    }
  }

  /** Counts what an object that the caller keeps has counted. */
  void counter(Meters meter, Number counted, String... values) {
    add(
        meter,
        values,
        host -> FunctionCounter.builder(meter.id(), counted, Number::doubleValue)
            .description(meter.description())
            .tags(tags(meter, values))
            .register(host));
  }

  @Nullable
  Meter gauge(Meters meter, DoubleSupplier value, String... values) {
    return add(
        meter,
        values,
        // Held weakly, a gauge reads NaN once nothing else holds its state.
        host -> Gauge.builder(meter.id(), value, DoubleSupplier::getAsDouble)
            .description(meter.description())
            .baseUnit(meter.unit().isEmpty() ? null : meter.unit())
            .tags(tags(meter, values))
            .strongReference(true)
            .register(host));
  }

  /** Registers a meter; one that is there already is another monitor's, which alone removes it. */
  private <M extends Meter> @Nullable M add(
      Meters meter, String[] values, Function<MeterRegistry, M> register) {
    try {
      boolean taken = registry.find(meter.id()).tags(tags(meter, values)).meter() != null;
      M registered = register.apply(registry);
      if (!taken) {
        meters.add(registered);
      }
      return registered;
    } catch (Throwable thrown) {
      warn(thrown);
      return null;
    }
  }

  void remove(@Nullable Meter meter) {
    if (meter == null) {
      return;
    }
    if (!meters.remove(meter)) {
      return; // another monitor's
    }
    try {
      registry.remove(meter);
    } catch (Throwable thrown) {
      warn(thrown);
    }
  }

  void removeAll() {
    List.copyOf(meters).forEach(this::remove);
  }

  private void warn(Throwable thrown) {
    warnings.once(
        "registry " + thrown.getClass().getName(),
        "the meter registry threw " + thrown.getClass().getName()
            + "; the monitor goes on without that meter",
        thrown);
  }

  private List<Tag> tags(Meters meter, String... values) {
    List<Tag> tags = new ArrayList<>();
    List<String> keys = meter.tagKeys();
    tags.add(Tag.of(keys.get(0), model));
    for (int i = 0; i < values.length; i++) {
      tags.add(Tag.of(keys.get(i + 1), values[i]));
    }
    return tags;
  }
}
