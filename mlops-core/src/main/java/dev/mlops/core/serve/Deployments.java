package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.core.internal.guard.Waits;
import dev.mlops.core.internal.log.Warnings;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Several deployments of one JVM, which one tick moves.
 *
 * <pre>{@code
 * Deployments all = Deployments.of(fraud, churn).within(Duration.ofMillis(500));
 * scheduler.scheduleWithFixedDelay(all::tick, 1, 1, SECONDS);
 * }</pre>
 *
 * <p>Each has its own tick, one after the other, on the calling thread. One whose tick is slow, such as one that loads a model, holds
 * the others for that time alone: with a budget the tick ends when the budget is spent, and the next one goes on with those that had
 * no turn. At least one has its turn in each tick, so none waits for more ticks than there are deployments.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Deployments implements AutoCloseable {
  private final List<Deployment<?>> all;
  private final long budget;
  private final LongSupplier ticker;
  private final AtomicBoolean ticking = new AtomicBoolean();

  /** Whose turn is next. */
  private final AtomicInteger next = new AtomicInteger();

  private final Warnings warnings = Warnings.of(Deployment.class);

  private Deployments(List<Deployment<?>> all, long budget, LongSupplier ticker) {
    this.all = all;
    this.budget = budget;
    this.ticker = ticker;
  }

  /**
   * {@return deployments that one tick moves, without a budget}
   *
   * @param all at least one, each once
   * @throws IllegalArgumentException if there is none, or one is given twice
   */
  public static Deployments of(Deployment<?>... all) {
    if (all.length == 0) {
      throw new IllegalArgumentException("wanted at least one deployment, got none");
    }
    List<Deployment<?>> given = List.of(all);
    if (given.stream().distinct().count() < given.size()) {
      throw new IllegalArgumentException("each deployment must be given once, but were " + given);
    }
    return new Deployments(given, Long.MAX_VALUE, System::nanoTime);
  }

  /**
   * {@return the same deployments, with how long one tick goes on to the next of them}
   *
   * @param budget longer than zero; a deployment that has begun its turn ends it
   * @throws IllegalArgumentException if it is not longer than zero
   */
  public Deployments within(Duration budget) {
    return within(budget, System::nanoTime);
  }

  /**
   * {@return the same deployments, with a budget by a ticker of the host}
   *
   * @param budget longer than zero
   * @param ticker a source of nanoseconds that only grows
   * @throws IllegalArgumentException if the budget is not longer than zero
   */
  public Deployments within(Duration budget, LongSupplier ticker) {
    if (budget.isZero() || budget.isNegative()) {
      throw new IllegalArgumentException("budget must be longer than zero, but was " + budget);
    }
    return new Deployments(all, Waits.nanos(budget), requireNonNull(ticker, "ticker"));
  }

  /**
   * Ticks those whose turn it is. Never throws; if another thread is at it, returns at once.
   *
   * @return when the next tick is due: the earliest of those that were ticked
   */
  public Instant tick() {
    Instant due = Instant.MAX;
    if (ticking.compareAndSet(false, true)) {
      try {
        long begun = now();
        int first = next.get();
        int turns = 0;
        do {
          Deployment<?> each = all.get((first + turns) % all.size());
          Instant wanted = each.tick();
          due = wanted.isBefore(due) ? wanted : due;
          turns++;
        } while (turns < all.size() && now() - begun < budget);
        next.set((first + turns) % all.size());
      } finally {
        ticking.set(false);
      }
    }
    return due.equals(Instant.MAX) ? all.get(0).due() : due;
  }

  private long now() {
    try {
      return ticker.getAsLong();
    } catch (Throwable e) { // the host's; the budget is not kept then
      warnings.once(
          "ticker of all", "the ticker of several deployments threw; no budget is kept", e);
      return 0;
    }
  }

  /** {@return what the newest tick of each could not do, by the alias; those without trouble are not in it} */
  public Map<String, String> trouble() {
    Map<String, String> trouble = new LinkedHashMap<>();
    for (Deployment<?> each : all) {
      each.trouble().ifPresent(text -> trouble.put(each.alias(), text));
    }
    return trouble;
  }

  /** Closes all of them, each although another one's close throws; may be called twice. */
  @Override
  public void close() {
    RuntimeException first = null;
    for (Deployment<?> each : all) {
      try {
        each.close();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** {@return such as {@code [fraud@champion serves fraud:7, churn@champion serves churn:2]}} */
  @Override
  public String toString() {
    return all.toString();
  }
}
