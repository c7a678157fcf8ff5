package dev.mlops.testkit;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/** The memory of the plainest detectors as bytes. */
final class Memory {
  /** Limit, counts, level, window, sum, signal, checksum. */
  static final int MOST = 8 + 4 * 8 + 4 + 4 + WindowMean.WINDOW * 8 + 8 + 1 + 5 * 8 + 8;

  private Memory() {}

  static byte[] of(WindowMean detector) {
    ByteBuffer out = ByteBuffer.allocate(MOST);
    out.putDouble(detector.limit)
        .putLong(detector.position)
        .putLong(detector.skipped)
        .putLong(detector.warningStart)
        .putInt(detector.seen)
        .putInt(List.of(Level.values()).indexOf(detector.level));
    for (double value : detector.window) {
      out.putDouble(value);
    }
    out.putDouble(detector instanceof BlockMean blocks ? blocks.sum : 0);
    Signal signal = detector.signal;
    out.put((byte) (signal == null ? 0 : 1));
    if (signal != null) {
      out.putLong(signal.index())
          .putLong(signal.changePoint())
          .putLong(signal.warningStart())
          .putDouble(signal.statistic())
          .putDouble(signal.threshold());
    }
    out.position(MOST - 8);
    out.putLong(checksum(out.array()));
    return out.array();
  }

  static void into(WindowMean detector, byte[] state) {
    if (state.length != MOST || ByteBuffer.wrap(state).getLong(MOST - 8) != checksum(state)) {
      throw new IllegalArgumentException("damaged; the detector is as it was");
    }
    ByteBuffer in = ByteBuffer.wrap(state);
    if (in.getDouble() != detector.limit) {
      throw new IllegalArgumentException("of another limit; the detector is as it was");
    }
    detector.position = in.getLong();
    detector.skipped = in.getLong();
    detector.warningStart = in.getLong();
    detector.seen = in.getInt();
    detector.level = Level.values()[in.getInt()];
    for (int i = 0; i < detector.window.length; i++) {
      detector.window[i] = in.getDouble();
    }
    double sum = in.getDouble();
    if (detector instanceof BlockMean blocks) {
      blocks.sum = sum;
    }
    detector.signal = in.get() == 0
        ? null
        : new Signal(
            Direction.UP,
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getDouble(),
            in.getDouble(),
            List.of());
  }

  /** The bytes, cut or filled up to the right length, with a checksum that fits whatever they are. */
  static byte[] withChecksum(byte[] state) {
    byte[] forged = Arrays.copyOf(state, MOST);
    ByteBuffer.wrap(forged).putLong(MOST - 8, checksum(forged));
    return forged;
  }

  private static long checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, MOST - 8);
    return crc.getValue();
  }
}
