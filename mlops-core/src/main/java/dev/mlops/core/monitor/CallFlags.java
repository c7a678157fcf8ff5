package dev.mlops.core.monitor;

/** Which parts of a prediction an entry of the ledger, or an event of its log, holds: bits of one byte. */
final class CallFlags {
  static final int KEY = 1;
  static final int ARM = 2;
  static final int SEGMENT = 4;
  /** In the log: a row is at the end. */
  static final int ROW = 8;
  /** In memory: what is the host's was erased. Never written to the log. */
  static final int ERASED = 16;

  private CallFlags() {}

  /** What a prediction has of a call. */
  static int of(Served served) {
    return (served.key == null ? 0 : KEY)
        | (served.arm == null ? 0 : ARM)
        | (served.segment == null ? 0 : SEGMENT);
  }

  static boolean has(int flags, int part) {
    return (flags & part) != 0;
  }
}
