package dev.mlops.drift;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.DriftDetector;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.drift.VectorDetector;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.drift.batch.DataDrift;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.ConformalMartingale;
import dev.mlops.drift.stream.Cusum;
import dev.mlops.drift.stream.CusumEDetector;
import dev.mlops.drift.stream.Ddm;
import dev.mlops.drift.stream.HddmA;
import dev.mlops.drift.stream.IncrementalKs;
import dev.mlops.drift.stream.KOfN;
import dev.mlops.drift.stream.PageHinkley;
import dev.mlops.drift.stream.RepeatedConfidenceSequence;
import dev.mlops.drift.stream.Sides;
import dev.mlops.drift.stream.SrEDetector;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.Stream.Builder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * States that are stored are read for years: what is recorded here of each kind of detector is restored, and goes on as it then
 * did.
 *
 * <p>A line of {@code states/0.1.txt} is a name, the state after {@link #BEFORE} inputs in hexadecimal, and the levels and the
 * last signal after {@link #AFTER} more. With system property {@code mlops.states.write}, the path of such a file, the test
 * writes one; a format that is meant to change gets a file of its own beside this one, which stays.
 */
class RecordedStatesTest {
  /** Of all kinds. */
  private static final String FIRST = "0.1.txt";

  /** Of those whose configuration has since been put with all that decides how they judge. */
  private static final String KNOWING_ALL = "0.1-configurations.txt";

  private static final int BEFORE = 450;
  private static final int AFTER = 600;

  /** Inputs in a row that are calm, and then that are not. */
  private static final int CALM = 200;

  private static final int CHANGED = 150;

  private static final Schema SCHEMA = Schema.of(
          Column.number("amount"), Column.category("channel"))
      .predicting(Task.CLASSIFICATION);

  /** A detector to feed. */
  private interface Fed {
    DriftDetector detector();

    Level update(double uniform, boolean changed);
  }

  private record Values(ValueDetector detector) implements Fed {
    @Override
    public Level update(double uniform, boolean changed) {
      boolean binary = detector.domain().kind() != InputDomain.Kind.REAL;
      double rate = changed ? 0.7 : 0.2;
      double real = changed ? 3.0 + uniform : uniform;
      return detector.update(binary ? (uniform < rate ? 1.0 : 0.0) : real);
    }
  }

  /** Of p-values, which are small when something has changed. */
  private record PValues(ValueDetector detector) implements Fed {
    @Override
    public Level update(double uniform, boolean changed) {
      return detector.update(changed ? 0.2 * uniform : uniform);
    }
  }

  private record Vectors(VectorDetector detector) implements Fed {
    @Override
    public Level update(double uniform, boolean changed) {
      return detector.update(
          new double[] {uniform < (changed ? 0.7 : 0.2) ? 1 : 0, changed ? 3 + uniform : uniform});
    }
  }

  private record Rows(RowDetector detector) implements Fed {
    @Override
    public Level update(double uniform, boolean changed) {
      return detector.update(row(changed ? 3 + uniform : uniform, uniform < 0.3 ? "web" : "shop"));
    }
  }

  private static Row row(double amount, String channel) {
    return Row.of(SCHEMA, amount, channel);
  }

  private static Baseline baseline() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      rows.add(row(i / 100.0, i % 3 == 0 ? "web" : "shop"));
    }
    return Baselines.from(
        SCHEMA,
        rows,
        Collections.nCopies(rows.size(), Classification.of("a")),
        Collections.nCopies(rows.size(), Truth.of("a")));
  }

  private static Map<String, Supplier<Fed>> kinds() {
    double[] sample = new Random(1).doubles(20).toArray();
    Map<String, Supplier<Fed>> kinds = new LinkedHashMap<>();
    kinds.put(
        "adwin", () -> new Values(Adwin.of(0.002).over(InputDomain.real(2)).checkedEvery(8)));
    kinds.put(
        "conformal-ranks",
        () -> new Values(ConformalMartingale.against(sample).falseAlarmEvery(10_000)));
    kinds.put(
        "conformal-p-values",
        () -> new PValues(ConformalMartingale.ofPValues()
            .bettingBy(ConformalMartingale.Betting.sleeperStayer(0.01, 4))
            .falseAlarmEvery(Duration.ofDays(100))));
    kinds.put(
        "cusum",
        () -> new Values(Cusum.of(0.5, 0.25, 20).over(InputDomain.real(0.3)).watching(Sides.BOTH)));
    kinds.put("cusum-calibrated", () -> new Values(Cusum.at(0.2).falseAlarmEvery(10_000)));
    kinds.put(
        "cusum-e",
        () -> new Values(CusumEDetector.aroundEstimated(200, 1_000).falseAlarmEvery(500)));
    kinds.put(
        "data-drift",
        () -> new Rows(DataDrift.against(baseline()).windowOf(40).falseAlarmEvery(10_000)));
    kinds.put("ddm", () -> new Values(Ddm.of(4, 3)));
    kinds.put("hddm-a", () -> new Values(HddmA.of(0.0005, 0.01).watching(Sides.BOTH)));
    kinds.put(
        "k-of-n",
        () -> new Values(
            KOfN.atLeast(2).within(50).of(Ddm.of(), HddmA.of(), Cusum.of(0.2, 0.1, 10))));
    kinds.put(
        "k-of-n-components",
        () -> new Vectors(
            KOfN.atLeast(1).within(50).ofComponents(HddmA.of(), PageHinkley.of(0.1, 20))));
    kinds.put(
        "ks-baseline",
        () -> new Values(IncrementalKs.against(sample).windowOf(30).falseAlarmEvery(500)));
    kinds.put("ks-two-windows", () -> new Values(IncrementalKs.of(30, 1e-6)));
    kinds.put(
        "page-hinkley",
        () -> new Values(
            PageHinkley.of(0.1, 20).over(InputDomain.real(2)).onUnjudgeable(Unjudgeable.SKIP)));
    kinds.put(
        "repeated-confidence-sequence",
        () -> new Values(RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(500)));
    kinds.put("sr-e", () -> new Values(SrEDetector.above(0.25).falseAlarmEvery(10_000)));
    kinds.put(
        "sr-e-averages",
        () -> new Values(SrEDetector.around(0.25).averagedOver(4).falseAlarmEvery(400)));
    kinds.put(
        "sr-e-season",
        () ->
            new Values(SrEDetector.aboveSeason(new double[] {0.25, 0.3}).falseAlarmEvery(10_000)));
    kinds.put(
        "sr-e-in-time",
        () -> new Values(SrEDetector.above(0.25).falseAlarmEvery(Duration.ofDays(90))));
    return kinds;
  }

  /** Feeds inputs, a block of time ended after each tenth; gives the levels, runs of a letter as a number. */
  private static String feed(Fed fed, int from, int to) {
    StringBuilder levels = new StringBuilder();
    double[] uniform = new Random(7).doubles(to).toArray();
    char before = 0;
    int run = 0;
    for (int i = from; i < to; i++) {
      Level level = fed.update(uniform[i], i % (CALM + CHANGED) >= CALM);
      level = i % 10 == 9 ? fed.detector().endBlock() : level;
      char letter = level == Level.WARMING_UP ? 'U' : level.name().charAt(0);
      if (letter != before && run > 0) {
        levels.append(before).append(run);
        run = 0;
      }
      before = letter;
      run++;
    }
    levels.append(before).append(run);
    fed.detector()
        .signal()
        .ifPresent(signal -> levels
            .append(' ')
            .append(signal.direction().name())
            .append(' ')
            .append(signal.changePoint())
            .append(' ')
            .append(signal.index()));
    return levels.toString();
  }

  private static List<String> recorded(String file) {
    try (InputStream in =
        requireNonNull(RecordedStatesTest.class.getResourceAsStream("/states/" + file))) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Stream<String> lines() {
    return Stream.concat(recorded(FIRST).stream(), recorded(KNOWING_ALL).stream());
  }

  @ParameterizedTest
  @MethodSource("lines")
  void aStateRecordedOnceIsRestoredAndGoesOnAsItThenDid(String line) {
    String[] fields = line.split(" ", 3);
    Fed restored = requireNonNull(kinds().get(fields[0]), fields[0]).get();
    ((StatefulDetector) restored.detector()).restore(HexFormat.of().parseHex(fields[1]));
    assertThat(feed(restored, BEFORE, BEFORE + AFTER)).as(fields[0]).isEqualTo(fields[2]);
  }

  @Test
  void eachKindIsRecorded() throws IOException {
    Builder<String> written = Stream.builder();
    kinds().forEach((name, kind) -> {
      Fed fed = kind.get();
      feed(fed, 0, BEFORE);
      String state = HexFormat.of().formatHex(((StatefulDetector) fed.detector()).state());
      written.add(name + " " + state + " " + feed(fed, BEFORE, BEFORE + AFTER));
    });
    String path = System.getProperty("mlops.states.write");
    if (path != null) {
      Files.write(Path.of(path), written.build().toList());
    }
    assertThat(recorded(FIRST))
        .extracting(line -> line.substring(0, line.indexOf(' ')))
        .containsExactlyElementsOf(kinds().keySet());
  }
}
