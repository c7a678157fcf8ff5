package dev.mlops.core.monitor;

/**
 * Brings a ledger to where an earlier life's was: closes what was closed then, and makes good what was not read.
 *
 * <p>Guarded by the intake's lock.
 */
final class LedgerReplay {
  private final Ledger ledger;

  LedgerReplay(Ledger ledger) {
    this.ledger = ledger;
  }

  /** Closes a prediction as it was closed in an earlier life; one that is not there, since it was not read, stays out. */
  void closed(long id, LogEvents.Closing how, long position) {
    boolean matured = how == LogEvents.Closing.MATURED;
    if (matured) {
      ledger.endsAt(position);
    }
    ledger.endOpen(id, how == LogEvents.Closing.EXPIRED);
    if (matured) {
      ledger.endsAt(position + 1); // if its beginning was not read: its place stays its own
    }
  }

  /**
   * Makes the open predictions of a version as many as were counted: those that were not read have expired, and the oldest that
   * are too many are forgotten, since what closed them was not read. Gives how many expired.
   */
  long reconcile(Section section) {
    long there = 0;
    for (Chunk chunk = ledger.oldestChunk(); chunk != null; chunk = chunk.newer) {
      for (int slot = chunk.first; slot < chunk.count; slot++) {
        there += isOpenOf(section, chunk, slot) ? 1 : 0;
      }
    }
    long missing = section.open() - there;
    if (missing > 0) {
      ledger.expired(section, missing);
    }
    for (long i = missing; i < 0; i++) {
      forgetOldest(section);
    }
    return Math.max(0, missing);
  }

  private static boolean isOpenOf(Section section, Chunk chunk, int slot) {
    return chunk.states[slot] != Chunk.FORGOTTEN
        && chunk.sections[slot] == section.code
        && section.inLedger > 0;
  }

  private void forgetOldest(Section section) {
    for (Chunk chunk = ledger.oldestChunk(); chunk != null; chunk = chunk.newer) {
      for (int slot = chunk.first; slot < chunk.count; slot++) {
        if (isOpenOf(section, chunk, slot)) {
          ledger.forget(chunk, slot);
          return;
        }
      }
    }
  }
}
