package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.invoke.MethodHandles;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RowBindingTest {
  private enum Channel {
    WEB {
      @Override
      public String toString() {
        return "the web";
      }
    },
    SHOP
  }

  private record Order(
      double amount,
      @Nullable Integer items,
      boolean gift,
      @Nullable Boolean known,
      @Nullable Channel channel,
      @Nullable String city,
      char size) {}

  private static final RowBinding<Order> ORDERS =
      RowBinding.of(MethodHandles.lookup(), Order.class);

  private static Order order(boolean gift, @Nullable Boolean known) {
    return new Order(2.5, 3, gift, known, Channel.WEB, "Basel", 'L');
  }

  @Test
  void eachComponentIsAColumnInItsOrder() {
    assertThat(ORDERS.schema())
        .hasToString("[amount (number), items (number), gift (number), known (number),"
            + " channel (category), city (category), size (category)]");
    Row row = ORDERS.row(order(true, null));
    assertThat(row.number(0)).isEqualTo(2.5);
    assertThat(row.number(1)).isEqualTo(3.0);
    assertThat(row.category(5)).isEqualTo("Basel");
    assertThat(row.category(6)).isEqualTo("L");
  }

  @Test
  void trueIsOneAndFalseIsZero() {
    assertThat(ORDERS.row(order(true, true)).number(2)).isEqualTo(1.0);
    assertThat(ORDERS.row(order(true, true)).number(3)).isEqualTo(1.0);
    assertThat(ORDERS.row(order(false, false)).number(2)).isEqualTo(0.0);
    assertThat(ORDERS.row(order(false, false)).number(3)).isEqualTo(0.0);
  }

  /** What a constant shows to people may change; its name is what a model was trained on. */
  @Test
  void anEnumIsItsNameWhateverItShows() {
    assertThat(Channel.WEB).hasToString("the web");
    assertThat(ORDERS.row(order(true, true)).category(4)).isEqualTo("WEB");
  }

  @Test
  void nullIsMissingAndNeverZero() {
    Row row = ORDERS.row(new Order(0, null, false, null, null, null, 'S'));
    assertThat(row.number(0)).isEqualTo(0.0);
    assertThat(row.number(1)).isNaN();
    assertThat(row.number(3)).isNaN();
    assertThat(row.category(4)).isEmpty();
    assertThat(row.category(5)).isEmpty();
  }

  private static final class Mutable {
    double value = 1;
    String name = "before";
  }

  /** A view shows what the object has become; what is trained on must not change meanwhile. */
  @Test
  void labelledRowsAreCopies() {
    RowBinding<Mutable> binding = RowBinding.<Mutable>builder()
        .number("value", object -> object.value)
        .category("name", object -> object.name)
        .build();
    Mutable object = new Mutable();
    Row view = binding.row(object);
    List<Labelled<Row>> rows = binding.labelled(List.of(new Labelled<>(object, Truth.of("yes"))));
    object.value = 2;
    object.name = "after";

    assertThat(view.number(0)).isEqualTo(2.0);
    assertThat(rows).hasSize(1);
    assertThat(rows.get(0).truth()).isEqualTo(Truth.of("yes"));
    assertThat(rows.get(0).input().number(0)).isEqualTo(1.0);
    assertThat(rows.get(0).input().category(1)).isEqualTo("before");
  }

  private record Odd(double fine, List<String> tags, Object thing) {}

  @Test
  void componentsOfOtherTypesAreNamedAtOnce() {
    assertThatThrownBy(() -> RowBinding.of(MethodHandles.lookup(), Odd.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("Odd", "is List", "is Object");
  }

  record Numbers(double a, float b, int c, long d, Long e, Number f) {}

  private static final RowBinding<Numbers> NUMBERS =
      RowBinding.of(MethodHandles.lookup(), Numbers.class);

  private static Numbers numbers(long d, Long e, Number f) {
    return new Numbers(0.1, 0.1f, Integer.MAX_VALUE, d, e, f);
  }

  @Test
  void strictRowsTakeNoLongAndNameAllOfThem() {
    assertThatIllegalArgumentException()
        .isThrownBy(NUMBERS::strict)
        .withMessageContainingAll("\"d\", \"e\", \"f\"", "lossless()");
    RowBinding<Numbers> narrow =
        RowBinding.<Numbers>builder().number("a", Numbers::a).build();
    assertThat(narrow.strict()).isSameAs(narrow);
  }

  @Test
  void losslessRowsTakeWhatIsTheSameNumber() {
    RowBinding<Numbers> rows = NUMBERS.lossless();
    Row row = rows.read(numbers(1L << 53, null, new BigDecimal("0.1")));
    assertThat(row.number(1)).isEqualTo(0.1f);
    assertThat(row.number(3)).isEqualTo(0x1p53);
    assertThat(row.number(4)).as("null is missing").isNaN();
    assertThat(row.number(5)).isEqualTo(0.1);
    assertThat(rows.read(numbers(Long.MIN_VALUE, -(1L << 60), 7)).number(3)).isEqualTo(-0x1p63);
  }

  /** Java 17 writes 2⁶⁰ as 1.15292150460684698E18, and 2⁻⁴⁴ with a digit more than it takes. */
  @Test
  void losslessRowsTakeWhatIsADoubleHoweverJavaWritesIt() {
    RowBinding<Numbers> rows = NUMBERS.lossless();
    for (int power : new int[] {53, 60, 62}) {
      AtomicLong given = new AtomicLong(1L << power);
      assertThat(rows.read(numbers(0, 0L, given)).number(5)).isEqualTo(Math.scalb(1.0, power));
    }
    BigInteger large = BigInteger.TWO.pow(1_000);
    assertThat(rows.read(numbers(0, 0L, large)).number(5)).isEqualTo(0x1p1000);
    double small = 0x1p-44;
    for (BigDecimal given : List.of(
        new BigDecimal(small),
        new BigDecimal("5.684341886080802E-14"),
        BigDecimal.valueOf(small),
        new BigDecimal("568434188608080.20E-28"))) {
      assertThat(rows.read(numbers(0, 0L, given)).number(5)).isEqualTo(small);
    }
  }

  static List<Numbers> losing() {
    return List.of(
        numbers((1L << 53) + 1, 0L, 0),
        numbers(Long.MAX_VALUE, 0L, 0),
        numbers(0, Long.MAX_VALUE - 1, 0),
        numbers(0, 0L, new BigDecimal("0.10000000000000000001")),
        numbers(0, 0L, BigInteger.TEN.pow(400)),
        numbers(0, 0L, BigInteger.TWO.pow(53).add(BigInteger.ONE)),
        numbers(0, 0L, new AtomicLong((1L << 60) + 1)),
        numbers(0, 0L, new BigDecimal("0.10000000000000000555")));
  }

  @ParameterizedTest
  @MethodSource("losing")
  void losslessRowsRejectAnother(Numbers given) {
    assertThatExceptionOfType(RejectedValueException.class)
        .isThrownBy(() -> NUMBERS.lossless().read(given))
        .satisfies(e -> {
          assertThat(e.rule()).isEqualTo(InputRule.LOSSLESS);
          assertThat(e.column()).isIn("d", "e", "f");
          assertThat(e).hasMessageContainingAll(e.column(), "no double equals");
        });
    NUMBERS.read(given); // without it they are rounded
  }
}
