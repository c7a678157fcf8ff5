package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WrappedModelTest {
  private static final Row ROW = Row.of(Schema.of(Column.number("x")), 1.0);

  private final List<String> closed = new ArrayList<>();

  private final class Held implements Model, AutoCloseable {
    @Override
    public Prediction predict(Row row) {
      return Classification.of("inner");
    }

    @Override
    public void close() {
      closed.add("inner");
      throw new IllegalStateException("closed twice");
    }
  }

  @Test
  void theOuterOneAnswersAndTheInnerOneIsClosed() {
    Model inner = new Held();
    Model wrapped = inner.wrappedBy(
        row -> Classification.of("outer of " + ((Classification) inner.predict(row)).label()));
    assertThat(wrapped.predict(ROW)).isEqualTo(Classification.of("outer of inner"));
    assertThat(wrapped).isInstanceOf(AutoCloseable.class);
    assertThatThrownBy(((AutoCloseable) wrapped)::close).hasMessage("closed twice");
    assertThat(closed).containsExactly("inner");
    // Around that again: what has to be closed is still seen.
    Model twice = wrapped.wrappedBy(row -> Classification.of("around"));
    assertThatThrownBy(((AutoCloseable) twice)::close).hasMessage("closed twice");
    assertThat(closed).hasSize(2);
  }

  @Test
  void aModelThatHoldsNothingNeedsNoClosing() {
    Model inner = row -> Classification.of("inner");
    Model outer = row -> Classification.of("outer");
    assertThat(inner.wrappedBy(outer)).isSameAs(outer).isNotInstanceOf(AutoCloseable.class);
  }
}
