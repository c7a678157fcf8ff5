package dev.mlops.drift.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.CategoryProfile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CategoryWatchTest {
  private static final Schema SCHEMA = Schema.of(Column.category("channel"));
  private static final Map<String, Long> COUNTS =
      Map.of("web", 5_000L, "shop", 2_500L, "phone", 1_500L, "fax", 700L, "post", 300L);

  private static CategoryWatch watch(Map<String, Long> counts, long other, int window) {
    return new CategoryWatch(new CategoryProfile("channel", counts, other, 0), 0, 0.0, window);
  }

  private static void fill(CategoryWatch watch, List<String> kinds) {
    for (int place = 0; place < kinds.size(); place++) {
      watch.put(Row.of(SCHEMA, kinds.get(place)), place);
    }
  }

  private static List<String> kinds(String... timesAndKinds) {
    return Stream.of(timesAndKinds)
        .map(each -> each.split(" ", 2))
        .flatMap(each -> Collections.nCopies(Integer.parseInt(each[0]), each[1]).stream())
        .toList();
  }

  /** Of five kinds the shares moved by 20, 10, 9, 1 and 0 points: the three that moved most are told, the largest first. */
  @Test
  void theThreeKindsThatMovedMostAreTold() {
    CategoryWatch watch = watch(COUNTS, 0, 100);
    fill(watch, kinds("30 web", "35 shop", "24 phone", "8 fax", "3 post"));
    ColumnShift moved = watch.moved(watch.compare());
    assertThat(moved.from()).isEqualTo("web 50 %, shop 25 %, phone 15 %");
    assertThat(moved.to()).isEqualTo("shop 35 %, web 30 %, phone 24 %");
  }

  @Test
  void aWindowLikeTheBaselineHasNoEffectAndAnotherOneHasTheLargest() {
    CategoryWatch alike = watch(COUNTS, 0, 100);
    fill(alike, kinds("50 web", "25 shop", "15 phone", "7 fax", "3 post"));
    assertThat(alike.compare().valueP).isGreaterThan(0.9);
    CategoryWatch gone = watch(COUNTS, 0, 100);
    fill(gone, kinds("100 post"));
    assertThat(gone.compare().valueP)
        .as("of a rare kind alone: no kind that is frequent enough for chi-square came")
        .isLessThan(1e-12);
    CategoryWatch missing = watch(COUNTS, 0, 100);
    fill(missing, Collections.nCopies(100, ""));
    assertThat(missing.compare().missingP).isLessThan(1e-12);
  }

  /** As many are unlisted as in the baseline: forty of one kind are news, forty of a kind each are not. */
  @Test
  void unlistedValuesOfOneKindAreCountedTogether() {
    Map<String, Long> counts = new TreeMap<>();
    for (int i = 0; i < 30; i++) {
      counts.put("kind " + i, 20L);
    }
    CategoryWatch together = watch(counts, 400, 100);
    CategoryWatch apart = watch(counts, 400, 100);
    fill(together, window(i -> "new"));
    fill(apart, window(i -> "new " + i));
    assertThat(together.compare().valueP).isLessThan(1e-9);
    assertThat(apart.compare().valueP).isGreaterThan(0.5);
  }

  private static List<String> window(IntFunction<String> unlisted) {
    return IntStream.range(0, 100)
        .mapToObj(i -> i < 60 ? "kind " + i % 30 : unlisted.apply(i))
        .toList();
  }

  @Test
  void aColumnOfIdentifiersIsTold() {
    Map<String, Long> ids = new TreeMap<>();
    for (int i = 0; i < 33; i++) {
      ids.put("id " + i, 3L);
    }
    assertThat(watch(ids, 1, 10).note())
        .hasValueSatisfying(note -> assertThat(note)
            .contains("channel", "more than 3 times", "100 values", "ignoring(\"channel\")"));
    assertThat(watch(ids, 0, 10).note()).as("of 99 values").isEmpty();
    ids.put("id 0", 4L);
    assertThat(watch(ids, 1, 10).note()).as("one came four times").isEmpty();
  }

  @Test
  void whatDecidesHowAWindowIsJudgedIsInTheConfiguration() {
    Set<String> all = new HashSet<>();
    all.add(watch(Map.of("a", 5L, "b", 3L), 0, 10).configuration());
    all.add(watch(Map.of("a", 4L, "b", 4L), 0, 10).configuration());
    all.add(watch(Map.of("a", 5L, "c", 3L), 0, 10).configuration());
    all.add(watch(Map.of("a", 5L), 3, 10).configuration());
    all.add(watch(Map.of("ab", 5L, "c", 3L), 0, 10).configuration());
    assertThat(all).hasSize(5);
    assertThat(watch(Map.of("b", 3L, "a", 5L), 0, 10).configuration()).isIn(all);
  }

  private static byte[] written(CategoryWatch watch, int filled) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    watch.write(new DataOutputStream(bytes), filled);
    return bytes.toByteArray();
  }

  private static void read(CategoryWatch watch, int code) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(code);
    out.writeUTF("");
    out.writeInt(0);
    watch.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())), 1);
  }

  @Test
  void aWindowIsReadBackAsItWasWritten() throws IOException {
    CategoryWatch watch = watch(COUNTS, 0, 60);
    fill(watch, kinds("20 web", "10 new", "5 other", "25 shop"));
    CategoryWatch again = watch(COUNTS, 0, 60);
    again.read(new DataInputStream(new ByteArrayInputStream(written(watch, 60))), 60);
    ColumnShift moved = watch.moved(watch.compare());
    assertThat(again.moved(again.compare())).isEqualTo(moved);
    assertThat(moved.to()).contains("unlisted kinds such as new 25 %");
    assertThat(written(again, 60)).isEqualTo(written(watch, 60));
  }

  /** Three bytes are the most that a char takes in modified UTF-8. */
  @Test
  void noStateIsLongerThanPromised() throws IOException {
    CategoryWatch watch = watch(COUNTS, 0, 3);
    fill(watch, List.of("\u20ac".repeat(80), "\u20ac".repeat(80), "web"));
    assertThat(written(watch, 3)).hasSize(watch.mostBytes()).hasSize(3 * 4 + 2 + 3 * 65 + 4);
  }

  @Test
  void codesThatNoBaselineGivesAreRefused() throws IOException {
    CategoryWatch watch = watch(Map.of("a", 5L, "b", 3L), 0, 1);
    read(watch, 1);
    read(watch, 2); // an unlisted kind, as it was once written
    read(watch, -1);
    read(watch, -2 - 0x3fff_ffff);
    for (int code : new int[] {3, -3 - 0x3fff_ffff, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      assertThatThrownBy(() -> read(watch, code))
          .as("%s", code)
          .hasMessageContaining("category that the baseline does not list");
    }
  }

  @Test
  void aWindowThatIsClearedForgetsWhichKindWasNew() {
    CategoryWatch watch = watch(COUNTS, 0, 10);
    fill(watch, kinds("10 first"));
    watch.clear();
    fill(watch, kinds("4 second", "6 web"));
    assertThat(watch.moved(watch.compare()).to()).contains("such as second 40 %");
    // No kind has the majority: none is named.
    watch.clear();
    fill(watch, kinds("2 one", "2 two", "6 web"));
    assertThat(watch.moved(watch.compare()).to()).contains("unlisted kinds 40 %");
  }
}
