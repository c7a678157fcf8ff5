package dev.mlops.core.monitor;

import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The outcomes that a ledger keeps, read one at a time, so that a long visit holds up nothing.
 *
 * <p>Thread-safe.
 */
final class LedgerOutcomes implements Outcomes {
  private final Ledger ledger;
  private final ReentrantLock lock;
  private final long capacity;
  private final @Nullable MonitorLog log;

  /**
   * Shows a ledger.
   *
   * @param ledger whose outcomes
   * @param lock guards the ledger
   * @param capacity how many it keeps
   * @param log where older ones are; null without one
   */
  LedgerOutcomes(Ledger ledger, ReentrantLock lock, long capacity, @Nullable MonitorLog log) {
    this.ledger = ledger;
    this.lock = lock;
    this.capacity = capacity;
    this.log = log;
  }

  @Override
  public long capacity() {
    return log == null ? capacity : Long.MAX_VALUE; // as far as its age and size allow
  }

  @Override
  public long begin() {
    long inMemory = beginInMemory();
    return log == null ? inMemory : Math.min(inMemory, log.begin().orElse(inMemory));
  }

  private long beginInMemory() {
    lock.lock();
    try {
      return ledger.begin();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long end() {
    lock.lock();
    try {
      return ledger.end();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long open() {
    lock.lock();
    try {
      return ledger.waiting();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void visit(long from, long to, Consumer<? super Outcome> visitor) {
    if (from < 0 || from > to) {
      throw new IllegalArgumentException("wanted 0 <= from <= to, got " + from + " and " + to);
    }
    long next = from;
    if (log != null) {
      long until = Math.min(to, beginInMemory());
      if (from < until) {
        log.visit(from, until, visitor);
        next = until;
      }
    }
    while (next < to) {
      @Nullable Outcome outcome;
      lock.lock();
      try {
        next = Math.max(next, ledger.begin());
        if (next >= Math.min(to, ledger.end())) {
          return;
        }
        outcome = ledger.outcome(next);
      } finally {
        lock.unlock();
      }
      if (outcome != null) { // its row was not erased
        visitor.accept(outcome); // without the lock: it may take its time, or ask this monitor
      }
      next++;
    }
  }
}
