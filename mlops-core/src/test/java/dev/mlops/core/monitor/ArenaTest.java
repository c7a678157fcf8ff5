package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ArenaTest {
  /** A kind that a host brings. */
  private record Ranking(List<String> best) implements Prediction {
    @Override
    public boolean isFinite() {
      return true;
    }
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("n" + i);
    }
    return List.copyOf(names);
  }

  private static double[] numbers(int count, Random random) {
    return random.doubles(count).toArray();
  }

  private static List<Prediction> predictions() {
    Random random = new Random(11);
    List<String> two = List.of("yes", "no");
    return List.of(
        Classification.of("yes"),
        Classification.of("ja, ∑ \u0142"),
        Classification.of(two, new double[] {0.25, 0.75}),
        Classification.of(two, new double[] {0.25, 0.75}).choosing("yes"),
        Classification.of(two, new double[] {0.5, 0.5}),
        Classification.of(List.of("no", "yes"), new double[] {0.5, 0.5}),
        Classification.of(List.of("one"), new double[] {1}),
        Classification.of(Map.of("a", -0.0, "b", -1.0, "c", -2.0)),
        Classification.of(names(300), numbers(300, random)),
        Regression.of(-1.5),
        Regression.of(two, new double[] {3, 4}),
        Regression.of(names(9), numbers(9, random)),
        new AnomalyScore(0.7, true),
        new AnomalyScore(0.2, false));
  }

  @Test
  void givesBackEveryKindOfPredictionWithAndWithoutADictionary() {
    Dictionary dictionary = new Dictionary();
    for (@Nullable Dictionary names : new @Nullable Dictionary[] {null, dictionary, dictionary}) {
      Arena arena = new Arena(0);
      predictions().forEach(each -> assertThat(arena.put(each, names)).isTrue());
      for (Prediction each : predictions()) {
        assertThat(arena.getPrediction(names)).isEqualTo(each);
      }
      assertThat(arena.hasMore()).isFalse();
    }
  }

  /** What cannot be made of numbers and names again is said to be, and read as nothing. */
  @Test
  void saysWhatItCannotKeep() {
    Prediction twice = Classification.of(List.of("twice", "twice"), new double[] {0.1, 0.9});
    for (Prediction each : List.of(new Ranking(List.of("first")), twice)) {
      Arena arena = new Arena(0);
      assertThat(arena.put(each, new Dictionary())).isFalse();
      assertThat(arena.getPrediction(null)).isNull();
    }
  }

  @Test
  void givesBackEveryTruth() {
    List<Truth> truths = List.of(
        Truth.of("yes"),
        Truth.of("\u0142".repeat(1_024)),
        Truth.of("yes").asCaused(),
        Truth.of(-0.0),
        Truth.of(Map.of("price", 1.0, "days", 2.0)).asCaused());
    for (@Nullable Dictionary names : new @Nullable Dictionary[] {null, new Dictionary()}) {
      Arena arena = new Arena(0);
      truths.forEach(each -> arena.put(each, names));
      for (Truth each : truths) {
        assertThat(arena.getTruth(names)).isEqualTo(each);
      }
    }
  }

  @Test
  void givesBackNumbersAndTextsOfAnySize() {
    Arena arena = new Arena(0);
    long[] counts = {0, 1, 127, 128, 1L << 35, Long.MAX_VALUE};
    String[] texts = {"", "a", "ÿ", "Ā", "\ud800 alone", "x".repeat(70_000)};
    for (long count : counts) {
      arena.putCount(count).putLong(-count).putDouble(count * 0.5).putInt((int) count);
    }
    for (String text : texts) {
      arena.putText(text, null);
    }
    for (long count : counts) {
      assertThat(arena.getCount()).isEqualTo(count);
      assertThat(arena.getLong()).isEqualTo(-count);
      assertThat(arena.getDouble()).isEqualTo(count * 0.5);
      assertThat(arena.getInt()).isEqualTo((int) count);
    }
    for (String text : texts) {
      int before = arena.cursor;
      assertThat(arena.isText(text)).isTrue();
      int behind = arena.cursor;
      arena.cursor = before;
      assertThat(arena.isText(text + "x")).isFalse();
      arena.cursor = before;
      arena.skipText();
      assertThat(arena.cursor).isEqualTo(behind);
      arena.cursor = before;
      assertThat(arena.getText(null)).isEqualTo(text);
    }
  }

  /** Bytes of a file may be anything: what is no value is refused, and asks for no memory. */
  @Test
  void refusesBytesThatAreNoValues() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      Arena arena = Arena.of(bytes);
      try {
        arena.getPrediction(null);
        arena.getTruth(null);
        arena.getText(null);
      } catch (IllegalArgumentException expected) {
        assertThat(expected).hasMessageMatching("(?s).+");
      }
    }
    assertThatThrownBy(() -> Arena.of(new byte[] {9}).getPrediction(null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got 9");
  }

  @Test
  void aDictionaryHasItsBounds() {
    Dictionary names = new Dictionary();
    for (int i = 0; i < 2 * Dictionary.MOST; i++) {
      int number = names.number("n" + i);
      assertThat(number).isEqualTo(i < Dictionary.MOST ? i : -1);
    }
    assertThat(names.number("n7")).isEqualTo(7);
    assertThat(new Dictionary().number("x".repeat(Dictionary.LONGEST + 1))).isEqualTo(-1);
    Dictionary lists = new Dictionary();
    for (int i = 0; i < 2 * Dictionary.MOST_LISTS; i++) {
      assertThat(lists.number(List.of("a" + i, "b"))).isEqualTo(i < Dictionary.MOST_LISTS ? i : -1);
    }
  }
}
