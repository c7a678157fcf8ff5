package dev.mlops.drift.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Signal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a detector remembers, as bytes: a mark, the version of the format, the detector's configuration, its memory, and a
 * CRC32C of all before, which is checked before anything is read.
 *
 * <p>Thread-safe: it has no state of its own.
 *
 * @since 0.1
 */
public final class DetectorState {
  /** "mlds". */
  private static final int MARK = 0x6d6c6473;

  private static final int VERSION = 1;

  /** Mark, version, length of the configuration, checksum. */
  private static final int FRAME = 4 + 2 + 4 + 4;

  private static final int SHOWN = 64;
  private static final int BEFORE = 24;

  private DetectorState() {}

  /**
   * Writes a memory.
   *
   * <p>Called on the thread that asked for the bytes.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Writing {
    /**
     * Writes it.
     *
     * @throws IOException never; declared for the methods of DataOutput
     */
    void to(DataOutput out) throws IOException;
  }

  /**
   * Reads a memory.
   *
   * <p>Called on the thread that restores.
   *
   * @since 0.1
   */
  @FunctionalInterface
  public interface Reading {
    /**
     * Reads it.
     *
     * @throws IOException if it ends too early
     */
    void from(DataInput in) throws IOException;
  }

  /**
   * The bytes of a memory.
   *
   * @param configuration equal for two detectors that judge alike, else not: the class and its parameters by {@code
   *     exactly} or by the names of constants, since what people read may be reworded and states are restored for years
   */
  public static byte[] write(String configuration, Writing memory) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try {
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(MARK);
      out.writeShort(VERSION);
      byte[] text = configuration.getBytes(UTF_8);
      out.writeInt(text.length);
      out.write(text);
      memory.to(out);
      out.writeInt(checksum(bytes.toByteArray(), bytes.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads the bytes of a memory.
   *
   * @throws IllegalArgumentException if they are damaged, or of another configuration
   */
  public static void read(byte[] state, String configuration, Reading memory) {
    int body = state.length - 4;
    if (state.length < FRAME) {
      throw refused("wanted at least " + FRAME + " bytes, got " + state.length);
    }
    if (checksum(state, body) != ByteBuffer.wrap(state, body, 4).getInt()) {
      throw refused("its checksum does not fit its " + state.length + " bytes");
    }
    ByteArrayInputStream bytes = new ByteArrayInputStream(state, 0, body);
    DataInputStream in = new DataInputStream(bytes);
    try {
      if (in.readInt() != MARK) {
        throw refused("it does not start like one");
      }
      int version = in.readUnsignedShort();
      if (version != VERSION) {
        throw refused("it has version " + version + " of the format, wanted " + VERSION);
      }
      int length = in.readInt();
      if (length < 0 || length > bytes.available()) {
        throw refused("it ends within its configuration");
      }
      String found = new String(in.readNBytes(length), UTF_8);
      if (!found.equals(configuration)) {
        int from = differs(found, configuration);
        throw refused("it is of " + shown(found, from) + ", wanted " + shown(configuration, from));
      }
      memory.from(in);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "not the state of this detector: it ends too early; the detector is as it was", e);
    }
    if (bytes.available() != 0) {
      throw refused("it has " + bytes.available() + " bytes too many");
    }
  }

  /** The most bytes of a state whose memory takes at most so many. */
  public static int mostBytes(String configuration, int memory) {
    return FRAME + configuration.getBytes(UTF_8).length + memory;
  }

  /** Numbers for a configuration: equal where all bits are, on every Java and whatever a text for people says. */
  public static String exactly(double... numbers) {
    if (numbers.length == 1) {
      return Double.toHexString(numbers[0]);
    }
    long hash = 0xcbf29ce484222325L; // FNV-1a, by 64 bits at a time
    for (double number : numbers) {
      hash = (hash ^ Double.doubleToLongBits(number)) * 0x100000001b3L;
      hash ^= hash >>> 29;
    }
    return numbers.length + " numbers " + Long.toHexString(hash);
  }

  /** A domain for a configuration. */
  public static String exactly(InputDomain domain) {
    return domain.kind().name() + " " + exactly(domain.lowest()) + " " + exactly(domain.highest())
        + " " + exactly(domain.scale());
  }

  /** A promise for a configuration; null for none. */
  public static String exactly(@Nullable FalseAlarms promise) {
    if (promise == null) {
      return "no promise";
    }
    return promise.time().isPresent()
        ? "every " + exactly(promise.time().get()) + " in blocks of " + exactly(promise.block())
        : "every " + promise.count() + " inputs";
  }

  private static String exactly(Duration time) {
    return time.getSeconds() + "s" + time.getNano() + "ns";
  }

  /** A refusal, for memories that read something impossible. */
  public static IllegalArgumentException refused(String why) {
    return new IllegalArgumentException(
        "not the state of this detector: " + why + "; the detector is as it was");
  }

  /** Writes a signal, or that there is none. */
  public static void write(DataOutput out, @Nullable Signal signal) throws IOException {
    out.writeBoolean(signal != null);
    if (signal == null) {
      return;
    }
    out.writeUTF(signal.direction().name());
    out.writeLong(signal.index());
    out.writeLong(signal.changePoint());
    out.writeLong(signal.warningStart());
    out.writeDouble(signal.statistic());
    out.writeDouble(signal.threshold());
    out.writeInt(signal.moved().size());
    for (ColumnShift moved : signal.moved()) {
      out.writeUTF(moved.column());
      out.writeUTF(moved.direction().name());
      out.writeUTF(moved.from());
      out.writeUTF(moved.to());
      out.writeDouble(moved.effect());
      out.writeDouble(moved.pValue());
    }
  }

  /** The most bytes of a constant's name. */
  public static final int CONSTANT_BYTES = 2 + 10;

  /** The most bytes of a signal without columns. */
  public static final int SIGNAL_BYTES = 1 + CONSTANT_BYTES + 3 * 8 + 2 * 8 + 4;

  /** Reads a signal; null if there was none. */
  public static @Nullable Signal readSignal(DataInput in) throws IOException {
    if (!in.readBoolean()) {
      return null;
    }
    Direction direction = direction(in);
    long index = in.readLong();
    long changePoint = in.readLong();
    long warningStart = in.readLong();
    double statistic = in.readDouble();
    double threshold = in.readDouble();
    int columns = in.readInt();
    List<ColumnShift> moved = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      moved.add(new ColumnShift(
          in.readUTF(),
          direction(in),
          in.readUTF(),
          in.readUTF(),
          in.readDouble(),
          in.readDouble()));
    }
    try {
      return new Signal(direction, index, changePoint, warningStart, statistic, threshold, moved);
    } catch (IllegalArgumentException impossible) {
      throw refused("of its last signal, " + impossible.getMessage());
    }
  }

  private static Direction direction(DataInput in) throws IOException {
    return constant(Direction.class, in.readUTF());
  }

  /** The constant of this name. */
  public static <E extends Enum<E>> E constant(Class<E> type, String name) {
    try {
      return Enum.valueOf(type, name);
    } catch (IllegalArgumentException unknown) {
      throw refused("it names no " + type.getSimpleName());
    }
  }

  /** From where on texts that are too long to be shown whole are shown: a little before they differ. */
  private static int differs(String one, String other) {
    int shorter = Math.min(one.length(), other.length());
    if (Math.max(one.length(), other.length()) <= SHOWN) {
      return 0;
    }
    int same = 0;
    while (same < shorter && one.charAt(same) == other.charAt(same)) {
      same++;
    }
    return Math.max(0, same - BEFORE);
  }

  private static String shown(String text, int from) {
    StringBuilder safe = new StringBuilder(from > 0 ? "…" : "");
    text.chars()
        .skip(from)
        .limit(SHOWN)
        .forEach(c -> safe.append(c >= ' ' && c < 0x7f ? (char) c : '?'));
    return safe + (text.length() > from + SHOWN ? "…" : "");
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
