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
 * Writes and reads the bytes of a {@link dev.mlops.api.drift.StatefulDetector}: a mark, the version of the format, the
 * detector's configuration, its memory, and a CRC32C of all before, which is checked before anything is read.
 *
 * <p>A detector of a host's own uses it as ours do:
 *
 * <pre>{@code
 * public byte[] state() {
 *   return DetectorState.write(CONFIGURATION, out -> out.writeLong(count));
 * }
 *
 * public void restore(byte[] state) {
 *   long[] read = new long[1]; // what is read is kept only once all of it was read
 *   DetectorState.read(state, CONFIGURATION, in -> read[0] = in.readLong());
 *   count = read[0];
 * }
 *
 * public int mostStateBytes() {
 *   return DetectorState.mostBytes(CONFIGURATION, Long.BYTES);
 * }
 * }</pre>
 *
 * <p>The configuration is text that is equal for two detectors that judge alike and for no others: the class and each
 * parameter, numbers and arrays by {@code exactly}, constants by their names. Put no text for people into it: that may be
 * reworded, while states are restored for years.
 *
 * <p>The checksum finds damage, not malice: a forged state has a fitting one. A reading must therefore check what it reads
 * and throw {@link #refused}.
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
   * {@return the bytes of a memory}
   *
   * @param configuration equal for two detectors that judge alike, and for no others
   * @param memory writes what the detector remembers
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
   * @param state what {@link #write(String, Writing)} gave
   * @param configuration of the detector that is to be restored
   * @param memory reads what was written, in the same order; it is called only if checksum, format and configuration fit
   * @throws IllegalArgumentException if they are damaged, of another configuration, or the memory is shorter or longer than
   *     what was read; it says what differs
   */
  public static void read(byte[] state, String configuration, Reading memory) {
    read(state, configuration, configuration, memory);
  }

  /**
   * Reads the bytes of a memory that may have been written when the configuration was put otherwise.
   *
   * @param state what {@link #write(String, Writing)} gave
   * @param configuration of the detector that is to be restored
   * @param formerly how an earlier release put the same configuration
   * @param memory reads what was written, in the same order
   * @throws IllegalArgumentException as {@link #read(byte[], String, Reading)}
   */
  public static void read(byte[] state, String configuration, String formerly, Reading memory) {
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
      if (!found.equals(configuration) && !found.equals(formerly)) {
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

  /**
   * {@return the most bytes of a state}
   *
   * @param configuration of the detector
   * @param memory the most bytes that its memory takes
   */
  public static int mostBytes(String configuration, int memory) {
    return FRAME + configuration.getBytes(UTF_8).length + memory;
  }

  /**
   * {@return numbers for a configuration: equal where all bits are, on every Java}
   *
   * @param numbers one, or as many as an array has, which give their count and a hash
   */
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

  /**
   * {@return a domain for a configuration}
   *
   * @param domain of the detector
   */
  public static String exactly(InputDomain domain) {
    return domain.kind().name() + " " + exactly(domain.lowest()) + " " + exactly(domain.highest())
        + " " + exactly(domain.scale());
  }

  /**
   * {@return a promise for a configuration}
   *
   * @param promise of the detector; null for none
   */
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

  /**
   * {@return a refusal, to be thrown by a reading that finds something impossible}
   *
   * @param why what is impossible, such as {@code it holds 12 values of 10}
   */
  public static IllegalArgumentException refused(String why) {
    return new IllegalArgumentException(
        "not the state of this detector: " + why + "; the detector is as it was");
  }

  /**
   * Writes a signal, or that there is none; at most {@link #SIGNAL_BYTES} for one without columns.
   *
   * @param out what a {@link Writing} is given
   * @param signal null for none
   * @throws IOException never; declared for the methods of DataOutput
   */
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

  /** The most bytes of the name of a level or direction, written by {@code writeUTF}. */
  public static final int CONSTANT_BYTES = 2 + 10;

  /** The most bytes of a signal without columns. */
  public static final int SIGNAL_BYTES = 1 + CONSTANT_BYTES + 3 * 8 + 2 * 8 + 4;

  /**
   * {@return a signal; null if there was none}
   *
   * @param in what a {@link Reading} is given
   * @throws IOException if it ends too early
   * @throws IllegalArgumentException if there is no such signal
   */
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

  /**
   * {@return the constant of this name}
   *
   * @param <E> the type of the constant
   * @param type of the constant
   * @param name as it was written
   * @throws IllegalArgumentException if there is none; the name is not shown
   */
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
