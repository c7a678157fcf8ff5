package dev.mlops.core.monitor;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values in one growing array of bytes: what the ledger and its log keep of predictions, truths and rows, without an object for
 * each.
 *
 * <p>It is written at its end and read at a cursor. Texts and lists of names that the {@link Dictionary} knows are written as their
 * numbers; without names they are written out, so that the bytes can be read anywhere.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Arena {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private static final byte FOREIGN = 0;
  private static final byte LABEL = 1;
  private static final byte SCORES = 2;
  private static final byte CHOSEN = 3;
  private static final byte VALUES = 4;
  private static final byte ANOMALY = 5;
  private static final byte NORMAL = 6;

  private static final int CAUSED = 8;

  byte[] bytes;
  int size;
  /** Where reading goes on. */
  int cursor;

  Arena(int room) {
    this.bytes = new byte[room];
  }

  /** Reads bytes that were written elsewhere. */
  static Arena of(byte[] written) {
    Arena arena = new Arena(0);
    arena.bytes = written;
    arena.size = written.length;
    return arena;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  boolean hasMore() {
    return cursor < size;
  }

  private void room(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size + more, Math.max(64, 2 * bytes.length)));
    }
  }

  /** Takes over some bytes of another arena; gives where they begin. */
  int copy(Arena from, int at, int length) {
    room(length);
    int begin = size;
    System.arraycopy(from.bytes, at, bytes, size, length);
    size += length;
    return begin;
  }

  Arena put(byte value) {
    room(1);
    bytes[size++] = value;
    return this;
  }

  byte get() {
    need(1);
    return bytes[cursor++];
  }

  private void need(int count) {
    if (count < 0 || count > size - cursor) {
      throw new IllegalArgumentException(
          "wanted " + count + " bytes at " + cursor + ", got " + (size - cursor));
    }
  }

  Arena putLong(long value) {
    room(8);
    LONGS.set(bytes, size, value);
    size += 8;
    return this;
  }

  long getLong() {
    need(8);
    cursor += 8;
    return (long) LONGS.get(bytes, cursor - 8);
  }

  Arena putDouble(double value) {
    return putLong(Double.doubleToRawLongBits(value));
  }

  double getDouble() {
    return Double.longBitsToDouble(getLong());
  }

  /** Puts four bytes at a place that was written. */
  void setInt(int at, int value) {
    INTS.set(bytes, at, value);
  }

  int intAt(int at) {
    return (int) INTS.get(bytes, at);
  }

  Arena putInt(int value) {
    room(4);
    INTS.set(bytes, size, value);
    size += 4;
    return this;
  }

  int getInt() {
    need(4);
    cursor += 4;
    return intAt(cursor - 4);
  }

  /** A number of at least 0 in as many bytes as it needs. */
  Arena putCount(long value) {
    room(10);
    long rest = value;
    while (rest > 0x7f) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
    return this;
  }

  long getCount() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("wanted a number at " + cursor + ", got no end of it");
  }

  private int getSmall(int most) {
    long value = getCount();
    if (value < 0 || value > most) {
      throw new IllegalArgumentException(
          "wanted 0 to " + most + " at " + cursor + ", got " + value);
    }
    return (int) value;
  }

  // ---- texts: the lowest bit of the head says whether a number of Dictionary follows; the next,
  // whether a character is two bytes

  Arena putText(String text, @Nullable Dictionary names) {
    int known = names == null ? -1 : names.number(text);
    if (known >= 0) {
      return putCount(((long) known << 1) | 1);
    }
    int length = text.length();
    boolean wide = false;
    for (int i = 0; i < length; i++) {
      if (text.charAt(i) > 0xff) {
        wide = true;
        break;
      }
    }
    putCount(((long) length << 2) | (wide ? 2 : 0));
    room(wide ? 2 * length : length);
    for (int i = 0; i < length; i++) {
      char each = text.charAt(i);
      if (wide) {
        bytes[size++] = (byte) (each >> 8);
      }
      bytes[size++] = (byte) each;
    }
    return this;
  }

  @SuppressWarnings("deprecation") // the one way to make a text of bytes without decoding
  String getText(@Nullable Dictionary names) {
    long head = getCount();
    if ((head & 1) != 0) {
      return names(names).text((int) (head >> 1));
    }
    int length = (int) Math.min(Integer.MAX_VALUE, head >>> 2);
    if ((head & 2) == 0) {
      need(length);
      cursor += length;
      return new String(bytes, 0, cursor - length, length);
    }
    need((int) Math.min(Integer.MAX_VALUE, 2L * length));
    char[] text = new char[length];
    for (int i = 0; i < length; i++) {
      text[i] = (char) ((bytes[cursor++] << 8) | (bytes[cursor++] & 0xff));
    }
    return new String(text);
  }

  private static Dictionary names(@Nullable Dictionary names) {
    if (names == null) {
      throw new IllegalArgumentException("wanted a text, got the number of one");
    }
    return names;
  }

  /** Whether the text at the cursor, which is written out, is this one; goes on behind it. */
  boolean isText(String text) {
    long head = getCount();
    int length = (int) (head >>> 2);
    boolean wide = (head & 2) != 0;
    int begin = cursor;
    cursor += wide ? 2 * length : length;
    if ((head & 1) != 0 || length != text.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      int each = wide
          ? (bytes[begin + 2 * i] << 8) | (bytes[begin + 2 * i + 1] & 0xff)
          : bytes[begin + i] & 0xff;
      if ((char) each != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Overwrites the characters of the text that is written out at a place. */
  void blank(int at) {
    int before = cursor;
    cursor = at;
    long head = getCount();
    int length = (int) (head >>> 2) << ((head & 2) != 0 ? 1 : 0);
    Arrays.fill(bytes, cursor, cursor + length, (byte) 0);
    cursor = before;
  }

  /** Goes on behind a text that is written out. */
  void skipText() {
    long head = getCount();
    cursor += (int) (head >>> 2) << ((head & 2) != 0 ? 1 : 0);
  }

  private void putList(List<String> list, @Nullable Dictionary names) {
    int known = names == null ? -1 : names.number(list);
    if (known >= 0) {
      putCount(((long) known << 1) | 1);
      return;
    }
    putCount((long) list.size() << 1);
    for (String each : list) {
      putText(each, names);
    }
  }

  private List<String> getList(@Nullable Dictionary names) {
    long head = getCount();
    if ((head & 1) != 0) {
      return names(names).list((int) (head >> 1));
    }
    if (head >>> 1 > size - cursor) {
      throw new IllegalArgumentException("wanted " + (head >>> 1) + " names at " + cursor);
    }
    String[] list = new String[(int) (head >>> 1)];
    for (int i = 0; i < list.length; i++) {
      list[i] = getText(names);
    }
    return List.of(list);
  }

  // ---- predictions and truths

  /** Puts a prediction; false if it is of a kind that can only be kept as it is. */
  boolean put(Prediction prediction, @Nullable Dictionary names) {
    if (prediction instanceof Classification said) {
      List<String> labels = said.labels();
      if (said.score().isEmpty()) {
        put(LABEL).putText(said.label(), names);
        return true;
      }
      if (Dictionary.distinct(labels, names)) {
        boolean chosen = !said.label().equals(said.highest());
        put(chosen ? CHOSEN : SCORES).putList(labels, names);
        for (int i = 0; i < labels.size(); i++) {
          putDouble(said.scoreAt(i));
        }
        if (chosen) {
          putText(said.label(), names);
        }
        return true;
      }
    } else if (prediction instanceof Regression measured) {
      List<String> outputs = measured.names();
      put(VALUES).putList(outputs, names);
      for (int i = 0; i < outputs.size(); i++) {
        putDouble(measured.valueAt(i));
      }
      return true;
    } else if (prediction instanceof AnomalyScore score) {
      put(score.anomalous() ? ANOMALY : NORMAL).putDouble(score.score());
      return true;
    }
    put(FOREIGN);
    return false;
  }

  /** The prediction at the cursor, equal to what was put; null for a kind that can only be kept as it is. */
  @Nullable
  Prediction getPrediction(@Nullable Dictionary names) {
    byte kind = get();
    return switch (kind) {
      case LABEL -> Classification.of(getText(names));
      case SCORES, CHOSEN -> {
        List<String> labels = getList(names);
        Classification said = Classification.of(labels, doubles(labels.size()));
        yield kind == CHOSEN ? said.choosing(getText(names)) : said;
      }
      case VALUES -> {
        List<String> outputs = getList(names);
        yield Regression.of(outputs, doubles(outputs.size()));
      }
      case ANOMALY, NORMAL -> new AnomalyScore(getDouble(), kind == ANOMALY);
      case FOREIGN -> null;
      default ->
        throw new IllegalArgumentException("wanted a kind of prediction, 0 to 6, got " + kind);
    };
  }

  private double[] doubles(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = getDouble();
    }
    return values;
  }

  Arena put(Truth truth, @Nullable Dictionary names) {
    int caused = truth.caused() ? CAUSED : 0;
    if (truth.label().isPresent()) {
      return put((byte) (LABEL | caused)).putText(truth.label().get(), names);
    }
    Map<String, Double> values = truth.values();
    put((byte) (VALUES | caused)).putCount(values.size());
    values.forEach((name, value) -> putText(name, names).putDouble(value));
    return this;
  }

  Truth getTruth(@Nullable Dictionary names) {
    byte kind = get();
    Truth truth;
    if ((kind & ~CAUSED) == LABEL) {
      truth = Truth.of(getText(names));
    } else if ((kind & ~CAUSED) == VALUES) {
      int count = getSmall(size);
      Map<String, Double> values = new HashMap<>();
      for (int i = 0; i < count; i++) {
        values.put(getText(names), getDouble());
      }
      truth = Truth.of(values);
    } else {
      throw new IllegalArgumentException("wanted a kind of truth, 1 or 4, got " + kind);
    }
    return (kind & CAUSED) == 0 ? truth : truth.asCaused();
  }

  // ---- rows and calls

  /** Puts the values of a row, column by column. */
  Arena putRow(Schema schema, Row row, @Nullable Dictionary names) {
    for (int i = 0; i < schema.size(); i++) {
      if (schema.isNumber(i)) {
        putDouble(row.number(i));
      } else {
        putText(row.category(i), names);
      }
    }
    return this;
  }

  /** Reads the row at the cursor into arrays with an element for each column. */
  void getRow(Schema schema, double[] numbers, String[] categories, @Nullable Dictionary names) {
    for (int i = 0; i < schema.size(); i++) {
      categories[i] = "";
      if (schema.isNumber(i)) {
        numbers[i] = getDouble();
      } else {
        categories[i] = getText(names);
      }
    }
  }

  /** The row at the cursor. */
  Row getRow(Schema schema, @Nullable Dictionary names) {
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    getRow(schema, numbers, categories, names);
    return Row.of(schema, numbers, categories);
  }

  /** Reads the arm and the segment that {@link CallFlags} say are at the cursor. */
  void getCall(int flags, Outcome.Builder outcome, @Nullable Dictionary names) {
    if (CallFlags.has(flags, CallFlags.ARM)) {
      outcome.arm(getText(names));
    }
    if (CallFlags.has(flags, CallFlags.SEGMENT)) {
      outcome.segment(getText(names));
    }
  }
}
