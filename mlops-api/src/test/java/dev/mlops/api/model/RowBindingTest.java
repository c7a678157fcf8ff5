package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.invoke.MethodHandles;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

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
        .hasMessage("Odd cannot be bound: component tags must be a number, boolean, text or enum,"
            + " but is List; component thing must be a number, boolean, text or enum, but is"
            + " Object");
  }
}
