package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WindowTest {
  @ParameterizedTest
  @CsvSource({
    "since release, release",
    "last 1 truths, 1-truths",
    "last 100000000 truths, 100000000-truths",
    "last 24 h, 24h",
    "last 1 s, 1s",
    "last 90 d, 90d",
    "last 1 h 30 min, 1h30min",
    "last 1.005 s, 1.005s"
  })
  void textReadsBack(String text, String id) {
    Window window = Window.parse(text);
    assertThat(window).hasToString(text).isEqualTo(Window.parse(window.toString()));
    assertThat(window.id()).isEqualTo(id);
  }

  @Test
  void timesAreReadInAnyForm() {
    assertThat(Window.parse("last 60 min"))
        .isEqualTo(Window.of(Duration.ofHours(1)))
        .hasSameHashCodeAs(Window.parse("last PT1H"))
        .isNotEqualTo(Window.ofTruths(3_600));
    assertThat(Window.parse("last 60 min").time()).contains(Duration.ofHours(1));
    assertThat(Window.ofTruths(7).truths()).hasValue(7);
    assertThat(Window.sinceRelease().truths()).isEmpty();
    assertThat(Window.sinceRelease().time()).isEmpty();
  }

  @Test
  void areInOrder() {
    List<Window> ordered = List.of(
        Window.sinceRelease(),
        Window.ofTruths(5),
        Window.ofTruths(50),
        Window.of(Duration.ofMinutes(1)),
        Window.of(Duration.ofDays(1)));
    TreeSet<Window> sorted = new TreeSet<>(ordered.subList(2, 5));
    sorted.addAll(ordered);
    assertThat(sorted).containsExactlyElementsOf(ordered);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "last",
        "last ",
        "last week",
        "last 0 truths",
        "last -5 truths",
        "last 99999999999 truths",
        "last 1 ms",
        "last 9999 d",
        "last 1 s 1 ns",
        "Since release"
      })
  void refusesWhatIsNoWindow(String text) {
    assertThatThrownBy(() -> Window.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("window");
  }
}
