package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Ties a {@link Schema} to a host's own input type.
 *
 * <p>For a record, {@link #of} makes one column per component. Anything else (a bean, a Kotlin class, a map, a native
 * image) is bound by naming accessors:
 *
 * <pre>{@code
 * RowBinding<Order> rows = RowBinding.<Order>builder()
 *     .number("amount", Order::getAmount)
 *     .category("channel", Order::getChannel)
 *     .build();
 * }</pre>
 *
 * <p>Half of a surrogate pair in a text, such as half of an emoji where a text was cut, is read as U+FFFD: it could not be
 * stored.
 *
 * <p>A row is a view: it calls the accessors when it is read, boxes no primitive, and costs one small object. What an
 * accessor throws goes to the reader of the row.
 *
 * <p>Immutable.
 *
 * @param <T> the host's input
 * @since 0.1
 */
public final class RowBinding<T> {
  /** Of whose values each is a double. */
  private static final Set<Class<?>> EXACT =
      Set.of(Double.class, Float.class, Integer.class, Short.class, Byte.class, Boolean.class);

  private final Schema schema;
  private final @Nullable ToDoubleFunction<T>[] numbers;
  private final @Nullable Function<T, @Nullable String>[] categories;

  /** What a number is before it becomes a double, where that may lose digits. */
  private final @Nullable Function<T, @Nullable Object>[] given;

  @SuppressWarnings({"unchecked", "rawtypes"
  }) // generic arrays; filled with what the builder checked
  private RowBinding(Builder<T> builder) {
    this.schema = Schema.of(builder.columns);
    this.numbers = builder.numbers.toArray(new ToDoubleFunction[0]);
    this.categories = builder.categories.toArray(new Function[0]);
    this.given = builder.given.toArray(new Function[0]);
  }

  private RowBinding(RowBinding<T> other, @Nullable ToDoubleFunction<T>[] numbers) {
    this.schema = other.schema;
    this.numbers = numbers;
    this.categories = other.categories;
    this.given = other.given;
  }

  /**
   * {@return a binding with one column per component of a record, in their order}
   *
   * <p>{@code double}, {@code float}, {@code long}, {@code int}, {@code short}, {@code byte}, their boxes and {@code
   * boolean} (1 or 0) become numbers; {@link CharSequence}s, {@code char} and enums become categories. A null component
   * is a missing value.
   *
   * @param lookup of a class that may read the record, usually {@code MethodHandles.lookup()} in the class that declares
   *     it: a record need not be public
   * @param type the record
   * @param <T> the record
   * @throws IllegalArgumentException if it has no component, one of another type, or one that the lookup may not read;
   *     all of them are named at once
   */
  public static <T extends Record> RowBinding<T> of(MethodHandles.Lookup lookup, Class<T> type) {
    Builder<T> builder = builder();
    List<String> problems = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      try {
        bind(builder, lookup, type, component);
      } catch (IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          type.getSimpleName() + " cannot be bound: " + String.join("; ", problems));
    }
    return builder.build();
  }

  @SuppressWarnings("unchecked") // the metafactory makes exactly the type that is asked for
  private static <T> void bind(
      Builder<T> builder, MethodHandles.Lookup lookup, Class<T> type, RecordComponent component) {
    String name = component.getName();
    Class<?> kind = component.getType();
    try {
      MethodHandle accessor = lookup.unreflect(component.getAccessor());
      if (kind.isPrimitive() && kind != long.class && kind != boolean.class && kind != char.class) {
        builder.number(name, (ToDoubleFunction<T>) lambda(
            lookup,
            accessor,
            type,
            ToDoubleFunction.class,
            "applyAsDouble",
            double.class,
            double.class));
        return;
      }
      if (kind == long.class) {
        ToLongFunction<T> whole = (ToLongFunction<T>) lambda(
            lookup, accessor, type, ToLongFunction.class, "applyAsLong", long.class, long.class);
        builder.number(name, value -> (double) whole.applyAsLong(value), whole::applyAsLong);
        return;
      }
      Class<?> boxed = MethodType.methodType(kind).wrap().returnType();
      Function<T, @Nullable Object> read = (Function<T, @Nullable Object>)
          lambda(lookup, accessor, type, Function.class, "apply", Object.class, boxed);
      if (Number.class.isAssignableFrom(boxed) || boxed == Boolean.class) {
        Column column = Column.number(name);
        boolean exact = EXACT.contains(boxed);
        builder.number(name, value -> toNumber(column, read.apply(value)), exact ? null : read);
      } else if (CharSequence.class.isAssignableFrom(boxed)
          || boxed == Character.class
          || Enum.class.isAssignableFrom(boxed)) {
        Column column = Column.category(name);
        builder.category(name, value -> toCategory(column, read.apply(value)));
      } else {
        throw new IllegalArgumentException("component " + name
            + " must be a number, boolean, text or enum, but is " + kind.getSimpleName());
      }
    } catch (IllegalAccessException e) {
      throw new IllegalArgumentException(
          "component " + name + " is not readable by " + lookup.lookupClass().getSimpleName()
              + "; pass MethodHandles.lookup() of the class that declares the record",
          e);
    }
  }

  /** An accessor as a functional interface, so that reading costs a virtual call. */
  private static Object lambda(
      MethodHandles.Lookup lookup,
      MethodHandle accessor,
      Class<?> type,
      Class<?> function,
      String method,
      Class<?> erased,
      Class<?> actual)
      throws IllegalAccessException {
    try {
      return LambdaMetafactory.metafactory(
              lookup,
              method,
              MethodType.methodType(function),
              MethodType.methodType(erased, Object.class),
              accessor,
              MethodType.methodType(actual, type))
          .getTarget()
          .invoke();
    } catch (IllegalAccessException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalAccessException(e.toString());
    }
  }

  /**
   * {@return the same binding that takes no number which may lose digits as a {@code double}}
   *
   * <p>Numbers that the host gives as {@code double}, {@code float}, {@code int}, {@code short}, {@code byte}, their boxes or {@code
   * boolean} lose none.
   *
   * @throws IllegalArgumentException if a component is a {@code long} or another {@link Number}; all such columns are named
   */
  @Beta
  public RowBinding<T> strict() {
    List<String> wide = new ArrayList<>();
    for (int i = 0; i < given.length; i++) {
      if (given[i] != null) {
        wide.add("\"" + schema.column(i).name() + "\"");
      }
    }
    if (!wide.isEmpty()) {
      throw new IllegalArgumentException(
          "strict rows must have numbers that a double holds whatever"
              + " their value, but " + String.join(", ", wide)
              + (wide.size() == 1 ? " is" : " are")
              + " long or another Number; give int or double, or use lossless()");
    }
    return this;
  }

  /**
   * {@return the same binding that reads a {@code long} or another {@link Number} only if it is the same number as a {@code double}}
   *
   * <p>Reading another one throws {@link RejectedValueException}: 9007199254740993 is no {@code double}. A decimal number is also
   * the same if the {@code double} prints as it: 0.1 is taken.
   */
  @Beta
  public RowBinding<T> lossless() {
    @Nullable ToDoubleFunction<T>[] checked = numbers.clone();
    for (int i = 0; i < checked.length; i++) {
      Function<T, @Nullable Object> read = given[i];
      if (read != null) {
        Column column = schema.column(i);
        checked[i] = value -> lossless(column, read.apply(value));
      }
    }
    return new RowBinding<>(this, checked);
  }

  private static double lossless(Column column, @Nullable Object value) {
    double number = toNumber(column, value);
    boolean same = true;
    if (value instanceof Long whole) {
      // the greatest long becomes 2^63, and that is cut to the greatest long again
      same = whole != Long.MAX_VALUE && (long) number == whole;
    } else if (value instanceof Number other && !EXACT.contains(other.getClass())) {
      try {
        same = Double.isFinite(number) && same(new BigDecimal(other.toString()), number);
      } catch (NumberFormatException e) { // a number of the host's that does not print as one
        same = false;
      }
    }
    if (!same) {
      throw new RejectedValueException(
          column.name(),
          InputRule.LOSSLESS,
          "a " + (value == null ? "null" : value.getClass().getSimpleName())
              + " that no double equals");
    }
    return number;
  }

  /** Whether a decimal number is that of a double, digit for digit, or as this Java or the shortest form writes it. */
  private static boolean same(BigDecimal given, double number) {
    return given.compareTo(new BigDecimal(number)) == 0
        || given.compareTo(BigDecimal.valueOf(number)) == 0
        || given.compareTo(new BigDecimal(Figures.exact(number))) == 0;
  }

  /** A value of a host as a number. */
  static double toNumber(Column column, @Nullable Object value) {
    if (value == null) {
      return Double.NaN;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof Boolean flag) {
      return flag ? 1.0 : 0.0;
    }
    throw new IllegalArgumentException(
        "column " + column + " wanted a number, got " + value.getClass().getSimpleName());
  }

  /** A value of a host as a category. */
  static String toCategory(Column column, @Nullable Object value) {
    if (value == null) {
      return "";
    }
    if (value instanceof CharSequence || value instanceof Character) {
      return Texts.whole(value.toString());
    }
    if (value instanceof Enum<?> constant) {
      return constant.name();
    }
    throw new IllegalArgumentException(
        "column " + column + " wanted text, got " + value.getClass().getSimpleName());
  }

  /**
   * {@return a builder that names each column and its accessor, in order}
   *
   * @param <T> the host's input
   */
  public static <T> Builder<T> builder() {
    return new Builder<>();
  }

  /**
   * {@return the columns, in order; what is predicted is for the model to say}
   */
  public Schema schema() {
    return schema;
  }

  /**
   * {@return a view of a host's object as a row}
   *
   * @param value what the accessors read
   */
  public Row row(T value) {
    return new View<>(this, value);
  }

  /**
   * {@return an immutable row with the values that a host's object has now, each accessor called once}
   *
   * <p>What is read more than once, as by a model and then by a monitor, is read so: a {@link #row} calls the accessors each
   * time, and an object that changes in between would be recorded otherwise than it was predicted. The copy costs 8 bytes for
   * each column where some are numbers, and a reference for each where some are categories.
   *
   * @param value what the accessors read
   */
  public Row read(T value) {
    return Row.copyOf(row(value));
  }

  /**
   * {@return immutable copies of a host's labelled objects as labelled rows, in order}
   *
   * @param values what the accessors read, each with its truth and its weight
   */
  public List<Labelled<Row>> labelled(List<Labelled<T>> values) {
    List<Labelled<Row>> rows = new ArrayList<>(values.size());
    for (Labelled<T> value : values) {
      rows.add(new Labelled<>(read(value.input()), value.truth(), value.weight()));
    }
    return rows;
  }

  @Override
  public String toString() {
    return "RowBinding" + schema;
  }

  /** A host's object, read through the binding. */
  private static final class View<T> implements Row {
    private final RowBinding<T> binding;
    private final T value;

    View(RowBinding<T> binding, T value) {
      this.binding = binding;
      this.value = requireNonNull(value, "value");
    }

    @Override
    public Schema schema() {
      return binding.schema;
    }

    @Override
    public double number(int column) {
      ToDoubleFunction<T> accessor = binding.numbers[column];
      if (accessor == null) {
        throw new IllegalArgumentException(
            "column " + binding.schema.column(column) + " is no number");
      }
      return accessor.applyAsDouble(value);
    }

    @Override
    public String category(int column) {
      Function<T, @Nullable String> accessor = binding.categories[column];
      if (accessor == null) {
        throw new IllegalArgumentException(
            "column " + binding.schema.column(column) + " is no category");
      }
      String name = accessor.apply(value);
      return name == null ? "" : Texts.whole(name);
    }

    @Override
    public void read(double[] into, String[] names) {
      for (int i = 0; i < binding.numbers.length; i++) {
        ToDoubleFunction<T> number = binding.numbers[i];
        if (number != null) {
          into[i] = number.applyAsDouble(value);
        } else {
          names[i] = category(i);
        }
      }
    }

    @Override
    public String toString() {
      return Row.copyOf(this).toString();
    }
  }

  /**
   * Names columns and their accessors, in order.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @param <T> the host's input
   * @since 0.1
   */
  public static final class Builder<T> {
    private final List<Column> columns = new ArrayList<>();
    private final List<@Nullable ToDoubleFunction<T>> numbers = new ArrayList<>();
    private final List<@Nullable Function<T, @Nullable String>> categories = new ArrayList<>();
    private final List<@Nullable Function<T, @Nullable Object>> given = new ArrayList<>();

    private Builder() {}

    /**
     * {@return this builder, with one more column of numbers}
     *
     * @param name the column's name
     * @param accessor reads it; {@code NaN} is a missing value
     */
    public Builder<T> number(String name, ToDoubleFunction<T> accessor) {
      return number(name, accessor, null);
    }

    /** With what the number is before it becomes a double; null where that loses nothing. */
    private Builder<T> number(
        String name, ToDoubleFunction<T> accessor, @Nullable Function<T, @Nullable Object> before) {
      columns.add(Column.number(name));
      numbers.add(requireNonNull(accessor, "accessor"));
      categories.add(null);
      given.add(before);
      return this;
    }

    /**
     * {@return this builder, with one more column of categories}
     *
     * @param name the column's name
     * @param accessor reads it; null and the empty string are a missing value
     */
    public Builder<T> category(String name, Function<T, @Nullable String> accessor) {
      columns.add(Column.category(name));
      numbers.add(null);
      categories.add(requireNonNull(accessor, "accessor"));
      given.add(null);
      return this;
    }

    /**
     * {@return the binding}
     *
     * @throws IllegalArgumentException if there is no column, or a name occurs twice
     */
    public RowBinding<T> build() {
      return new RowBinding<>(this);
    }
  }
}
