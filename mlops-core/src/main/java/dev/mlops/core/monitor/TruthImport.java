package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.TruthState;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Gives a monitor many truths at once, such as those of a nightly file, as fast as it takes them, and tells how far it is.
 *
 * <pre>{@code
 * TruthImport.Progress done = TruthImport.into(monitor)
 *     .every(100_000, progress -> log.info(progress.toString()))
 *     .run(chargebacks.iterator());
 * }</pre>
 *
 * <p>After each {@value #BATCH} truths it ticks, so none is lost for want of room. With a log each batch is on the device
 * before the next is given, as long as no other thread ticks: a tick returns at once while another is at it, and then a batch is on
 * the device after the tick that follows. An import that was cut short is run again from the beginning: what has joined is a duplicate, and
 * changes nothing.
 *
 * <p>Immutable; a run is confined to one thread, off the request path.
 *
 * @since 0.1
 */
@Beta
public final class TruthImport {
  static final int BATCH = 1_000;

  private final MetricsMonitor monitor;
  private final long every;
  private final Consumer<? super Progress> listener;

  private TruthImport(MetricsMonitor monitor, long every, Consumer<? super Progress> listener) {
    this.monitor = monitor;
    this.every = every;
    this.listener = listener;
  }

  /**
   * {@return an import that tells nobody how far it is}
   *
   * @param monitor takes the truths
   */
  public static TruthImport into(MetricsMonitor monitor) {
    return new TruthImport(requireNonNull(monitor, "monitor"), Long.MAX_VALUE, progress -> {});
  }

  /**
   * {@return the same import, which tells how far it is}
   *
   * @param truths after how many, taken up to a multiple of {@value #BATCH}; at least 1
   * @param told is told in the thread that imports; what it throws ends the import and reaches the caller
   * @throws IllegalArgumentException if it is less
   */
  public TruthImport every(long truths, Consumer<? super Progress> told) {
    if (truths < 1) {
      throw new IllegalArgumentException("truths must be >= 1, but was " + truths);
    }
    return new TruthImport(monitor, truths, requireNonNull(told, "told"));
  }

  /**
   * Gives every truth, by the host's key, in their order.
   *
   * @param truths key and truth; read once
   * @return what became of them
   */
  public Progress run(Iterator<? extends Map.Entry<String, Truth>> truths) {
    Map<TruthState, Long> before = monitor.evidence().truths();
    long given = 0;
    long told = 0;
    while (truths.hasNext()) {
      Map.Entry<String, Truth> next = truths.next();
      monitor.truth(next.getKey(), next.getValue());
      if (++given % BATCH == 0) {
        monitor.tick();
        if (given - told >= every) {
          told = given;
          listener.accept(since(before, given));
        }
      }
    }
    monitor.tick();
    Progress done = since(before, given);
    if (every < Long.MAX_VALUE && told < given) {
      listener.accept(done);
    }
    return done;
  }

  private Progress since(Map<TruthState, Long> before, long given) {
    Evidence now = monitor.evidence();
    Map<TruthState, Long> more = new EnumMap<>(TruthState.class);
    now.truths().forEach((state, count) -> {
      long since = count - before.getOrDefault(state, 0L);
      if (since > 0) {
        more.put(state, since);
      }
    });
    return new Progress(given, more);
  }

  /**
   * How far an import is.
   *
   * <p>Immutable.
   *
   * @param given how many truths were given
   * @param states what the monitor counted meanwhile, those that came from elsewhere included; without those that are 0
   * @since 0.1
   */
  public record Progress(long given, Map<TruthState, Long> states) {
    /** Copies. */
    public Progress {
      states = states.isEmpty() ? Map.of() : Collections.unmodifiableMap(new EnumMap<>(states));
    }

    /**
     * {@return how many came to this}
     *
     * @param state what became of them
     */
    public long count(TruthState state) {
      return states.getOrDefault(state, 0L);
    }

    /** {@return such as {@code 3000 truths given: 2900 joined, 100 orphan}} */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder().append(given).append(" truths given");
      String between = ": ";
      for (Map.Entry<TruthState, Long> each : states.entrySet()) {
        text.append(between)
            .append(each.getValue())
            .append(' ')
            .append(each.getKey().name().toLowerCase(Locale.ROOT));
        between = ", ";
      }
      return text.toString();
    }
  }
}
