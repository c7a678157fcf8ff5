package dev.mlops.core.monitor;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Call;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A ring of predictions on their way from request threads to the ledger; every slot is allocated beforehand.
 *
 * <p>Fill from many threads, empty from one.
 */
class Ring extends Slots {
  /** An array holds this number of values on any machine. */
  static final int MOST_VALUES = Integer.MAX_VALUE - 8;

  /** A time that nobody told. */
  static final long UNKNOWN = -1;

  private final boolean[] number;
  private final double[] numbers;
  private final @Nullable String[] categories;
  private final long[] nanos;
  /** Of {@link #nanos}, from the intended start to the start. */
  private final long[] waiting;
  /** Of {@link #nanos}, what made the row; {@link #UNKNOWN} where it was not told apart. */
  private final long[] binding;
  /** What recording took beside that; {@link #UNKNOWN} where it was not measured. */
  private final long[] recording;

  private final @Nullable Schema[] schemas;
  /** Null where nothing but the key and the time it took is known. */
  private final @Nullable Call[] calls;

  private final @Nullable Prediction[] predictions;
  /** Null where the row could not be read. */
  private final @Nullable Section[] sections;

  private final double[] someNumbers;
  private final String[] someCategories;

  Ring(Schema schema, int capacity) {
    super(capacity);
    int columns = schema.size();
    this.number = new boolean[columns];
    boolean someNumber = false;
    boolean someCategory = false;
    for (int i = 0; i < columns; i++) {
      number[i] = schema.column(i).type() == Column.Type.NUMBER;
      someNumber |= number[i];
      someCategory |= !number[i];
    }
    this.numbers = new double[someNumber ? capacity * columns : 0];
    this.categories = new String[someCategory ? capacity * columns : 0];
    this.nanos = new long[capacity];
    this.waiting = new long[capacity];
    this.binding = new long[capacity];
    this.recording = new long[capacity];
    this.schemas = new Schema[capacity];
    this.calls = new Call[capacity];
    this.predictions = new Prediction[capacity];
    this.sections = new Section[capacity];
    this.someNumbers = new double[columns];
    this.someCategories = new String[columns];
    Arrays.fill(someCategories, "");
  }

  /** How many bytes so many rings of these columns take together, at most, with pointers of 8 bytes. */
  static long bytes(Schema schema, int rings, int slotsEach) {
    long perRow = 0;
    boolean numbers = false;
    boolean categories = false;
    for (int i = 0; i < schema.size(); i++) {
      numbers |= schema.isNumber(i);
      categories |= !schema.isNumber(i);
    }
    perRow += numbers ? 8L * schema.size() : 0;
    perRow += categories ? 8L * schema.size() : 0;
    return rings * (1_024L + 17L * schema.size() + slotsEach * (112L + perRow));
  }

  /** Fills a claimed slot; false if a value of the row cannot be kept. What the row throws, this throws. */
  boolean fill(
      long position,
      Section section,
      long id,
      @Nullable String key,
      Row row,
      Schema schema,
      Prediction prediction,
      long millis,
      long nanos,
      long waiting,
      long binding,
      @Nullable Call call) {
    int slot = slot(position);
    int base = slot * number.length;
    for (int i = 0; i < number.length; i++) {
      if (number[i]) {
        numbers[base + i] = row.number(i);
      } else {
        String category = row.category(i);
        if (category == null || category.length() > MicrometerMonitor.LONGEST) {
          return false;
        }
        categories[base + i] = category;
      }
    }
    put(slot, id, key, millis);
    this.nanos[slot] = nanos;
    this.waiting[slot] = waiting;
    this.binding[slot] = binding;
    this.recording[slot] = UNKNOWN;
    this.schemas[slot] = schema;
    this.predictions[slot] = prediction;
    if (call != null) {
      this.calls[slot] = call; // null otherwise since it was released
    }
    this.sections[slot] = section;
    return true;
  }

  /** Says how long filling a claimed slot took, before it is published. */
  void took(long position, long nanos) {
    recording[slot(position)] = nanos;
  }

  /** Whose prediction is in a slot; null if the row could not be read. */
  @Nullable
  Section section(int slot) {
    return sections[slot];
  }

  /** The prediction in a slot; null if the row could not be read. */
  @Nullable
  Prediction prediction(int slot) {
    return predictions[slot];
  }

  @Nullable
  Call call(int slot) {
    return calls[slot];
  }

  /** From the intended start to the answer. */
  long nanos(int slot) {
    return nanos[slot];
  }

  /** From the intended start to the start. */
  long waiting(int slot) {
    return waiting[slot];
  }

  /** From the start to the row; {@link #UNKNOWN} if it was not told apart. */
  long binding(int slot) {
    return binding[slot];
  }

  /** How long recording took; {@link #UNKNOWN} if it was not measured. */
  long recording(int slot) {
    return recording[slot];
  }

  /** The size of the row in a slot: its numbers that are not missing, and the characters of its categories. */
  long size(int slot) {
    int base = slot * number.length;
    long size = 0;
    for (int i = 0; i < number.length; i++) {
      if (number[i]) {
        size += Double.isNaN(numbers[base + i]) ? 0 : 1;
      } else {
        String category = categories[base + i];
        size += category == null ? 0 : category.length();
      }
    }
    return size;
  }

  /** Gives the row in a slot that holds a prediction, which stays until the slot is released. */
  void keepRow(int slot, Served served) {
    served.keepRow(schema(slot), numbers, categories, slot * number.length);
  }

  /** Counts what is wrong with the values of the row in a slot that holds a prediction. */
  void count(int slot, ColumnFaults faults) {
    int base = slot * number.length;
    for (int i = 0; i < number.length; i++) {
      if (number[i]) {
        faults.number(i, numbers[base + i]);
      } else {
        String category = categories[base + i];
        faults.category(i, category == null ? "" : category);
      }
    }
    faults.row();
  }

  /** A copy of the row in a slot that holds a prediction. */
  Row row(int slot) {
    int base = slot * number.length;
    for (int i = 0; i < number.length; i++) {
      if (number[i]) {
        someNumbers[i] = numbers[base + i];
      } else {
        String category = categories[base + i];
        someCategories[i] = category == null ? "" : category;
      }
    }
    return Row.of(schema(slot), someNumbers, someCategories);
  }

  private Schema schema(int slot) {
    Schema schema = schemas[slot];
    if (schema == null) {
      throw new IllegalStateException("a slot that holds a prediction must hold its columns");
    }
    return schema;
  }

  /** Forgets the slot that {@link #peek} found and frees it. */
  void release(int slot) {
    schemas[slot] = null;
    if (calls[slot] != null) {
      calls[slot] = null;
    }
    predictions[slot] = null;
    sections[slot] = null;
    if (categories.length > 0) {
      int base = slot * number.length;
      Arrays.fill(categories, base, base + number.length, null);
    }
    free();
  }
}
