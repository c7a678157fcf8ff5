package dev.mlops.core.monitor;

import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The outcomes that a ledger keeps, read one at a time, so that a long visit holds up nothing.
 *
 * <p>Thread-safe.
 */
final class LedgerOutcomes implements Outcomes {
  private final Ledger ledger;
  private final ReentrantLock lock;
  private final long capacity;

  /**
   * Shows a ledger.
   *
   * @param ledger whose outcomes
   * @param lock guards the ledger
   * @param capacity how many it keeps
   */
  LedgerOutcomes(Ledger ledger, ReentrantLock lock, long capacity) {
    this.ledger = ledger;
    this.lock = lock;
    this.capacity = capacity;
  }

  @Override
  public long capacity() {
    return capacity;
  }

  @Override
  public long begin() {
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
    while (next < to) {
      Outcome outcome;
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
      visitor.accept(outcome); // without the lock: it may take its time, or ask this monitor
      next++;
    }
  }
}
