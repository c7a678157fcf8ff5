package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A built-in condition prints the call that makes it, and that reads back. */
class ConditionTextTest {
  private static final Metric COST = Metric.builder("cost", Task.CLASSIFICATION)
      .unit("EUR")
      .meanOf((said, right) -> 1, 0, 500)
      .build();

  private static final List<String> NAMES = List.of(
      "fraud", "a b", "say \"yes\"", "back\\slash", "line\nbreak\u0007", "Übung, (neu)", "😀");

  private static Duration time(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> Duration.ofDays(60 + random.nextInt(3_000));
      case 1 -> Duration.ofSeconds(200_000 + random.nextInt(10_000_000));
      case 2 -> Duration.ofNanos(300_000_000_000_000L + random.nextInt());
      default -> Duration.ofMinutes(3_001 + random.nextInt(100_000));
    };
  }

  private static Metric shareMetric(Random random) {
    String label = NAMES.get(random.nextInt(NAMES.size()));
    return switch (random.nextInt(9)) {
      case 6 -> Metric.specificity(label);
      case 7 -> Metric.topK(1 + random.nextInt(5));
      case 8 -> Metric.PRECISION.micro();
      case 0 -> Metric.ACCURACY;
      case 1 -> Metric.PRECISION;
      case 2 -> Metric.recall(label);
      case 3 -> Metric.precision(label);
      case 4 -> Metric.RECALL;
      default -> COST;
    };
  }

  /** One that is of outcomes, not between segments. */
  private static Metric anyMetric(Random random) {
    Metric any = anyOrBetween(random);
    return any.isBetweenSegments() ? Metric.SELECTION_RATE : any;
  }

  private static Metric anyOrBetween(Random random) {
    String label = NAMES.get(random.nextInt(NAMES.size()));
    double beta = 0.1 + random.nextDouble() * 4;
    return switch (random.nextInt(11)) {
      case 0, 1, 2 -> Metric.known().get(random.nextInt(Metric.known().size()));
      case 3 -> Metric.fBeta(beta);
      case 4 -> Metric.f1(label);
      case 5 -> Metric.fBeta(beta, label);
      case 6 -> Metric.fBeta(beta).weighted();
      case 7 -> Metric.rocAuc(label);
      case 8 -> Metric.pinball(random.nextDouble() * 0.9 + 0.01);
      case 9 -> Metric.topK(1 + random.nextInt(9));
      default -> shareMetric(random);
    };
  }

  private static double fraction(Random random) {
    double number = switch (random.nextInt(4)) {
      case 0 -> random.nextInt(1_000) / 1_000.0;
      case 1 -> random.nextDouble();
      case 2 -> Math.pow(10, -random.nextInt(300)) * 0.5;
      default -> Double.longBitsToDouble(random.nextLong() & 0x1ff0_0000_0000_0000L);
    };
    return Math.max(1e-300, Math.min(0.999, number));
  }

  private static WatchCondition promised(Random random, WatchCondition condition) {
    WatchCondition promised = condition;
    boolean inTime = promised.watch().falseAlarms().flatMap(p -> p.time()).isPresent();
    if (inTime && random.nextBoolean()) {
      promised = promised.inBlocksOf(Duration.ofSeconds(1 + random.nextInt(3_599)));
    }
    return random.nextBoolean() ? promised.named("w" + random.nextInt(100) + ".x_y-z") : promised;
  }

  private static Signals.DriftQuestions drift(Random random) {
    Signals.DriftQuestions questions =
        random.nextBoolean() ? Signals.features() : Signals.predictions();
    if (random.nextBoolean()) {
      questions = questions.windowOf(30 + random.nextInt(20));
    }
    if (random.nextBoolean()) {
      questions = questions.leastEffect(fraction(random));
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      questions = questions.leastEffect(NAMES.get(random.nextInt(NAMES.size())), fraction(random));
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      questions = questions.ignoring(NAMES.get(random.nextInt(NAMES.size())), "id");
    }
    return questions;
  }

  private static Condition ofSegments(Random random) {
    Metric any = anyOrBetween(random);
    String by = NAMES.get(random.nextInt(NAMES.size()));
    Signals.SegmentQualityQuestions questions = any.isBetweenSegments() || random.nextBoolean()
        ? Signals.segment(by).quality(any)
        : Signals.segment(by, NAMES.get(random.nextInt(NAMES.size()))).quality(any);
    return any.higherIsBetter()
        ? questions.atLeast(fraction(random))
        : questions.atMost(fraction(random));
  }

  private static Condition ofColumn(Random random) {
    Signals.ColumnQuestions column = Signals.column(NAMES.get(random.nextInt(NAMES.size())));
    return List.of(column.missing(), column.unseen(), column.outOfRange())
        .get(random.nextInt(3))
        .atMost(fraction(random));
  }

  private static Condition operational(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> Signals.model().newerThan(time(random));
      case 1 -> Signals.ticks().newerThan(time(random));
      case 2 -> Signals.rollout().isNot(some(random, Activity.State.ofRollouts()));
      case 3 -> Signals.retraining().isNot(some(random, Activity.State.ofRetraining()));
      case 4 ->
        Signals.latency()
            .within(Duration.ofNanos(1 + random.nextInt(Integer.MAX_VALUE)))
            .atLeast(fraction(random));
      default ->
        Signals.latency()
            .within(Duration.ofMillis(1 + random.nextInt(1_000)))
            .over(Window.of(Duration.ofMinutes(1 + random.nextInt(10_000))))
            .atLeast(fraction(random));
    };
  }

  private static Activity.State[] some(Random random, Set<Activity.State> states) {
    List<Activity.State> all = new ArrayList<>(states);
    Collections.shuffle(all, random);
    return all.subList(0, 1 + random.nextInt(all.size() - 1)).toArray(new Activity.State[0]);
  }

  private static Condition condition(Random random) {
    Metric any = anyMetric(random);
    boolean more = any.higherIsBetter();
    return switch (random.nextInt(16)) {
      case 14 -> operational(random);
      case 15 ->
        promised(random, Signals.features().falseAlarmEvery(time(random)))
            .movedAtMost(fraction(random));
      case 12 -> ofSegments(random);
      case 13 -> ofColumn(random);
      case 0 -> Signals.quality(any).noWorseThanBaseline(fraction(random));
      case 1 -> Signals.quality(any).noWorseThanChampion(fraction(random));
      case 2 ->
        more
            ? Signals.quality(any).atLeast(fraction(random))
            : Signals.quality(any).atMost(fraction(random));
      case 3 ->
        promised(
            random,
            Signals.quality(shareMetric(random))
                .noWorseThanBaseline(fraction(random))
                .falseAlarmEvery(2 + random.nextInt(1_000_000)));
      case 4 ->
        promised(
            random,
            Signals.quality(shareMetric(random))
                .noWorseThanBaseline(fraction(random))
                .falseAlarmEvery(time(random)));
      case 5 -> promised(random, drift(random).falseAlarmEvery(1_001 + random.nextInt(1_000_000)));
      case 6 -> promised(random, drift(random).falseAlarmEvery(time(random)));
      case 7 -> Signals.quality(shareMetric(random)).watchedBy("mine." + random.nextInt(9));
      case 8 -> Signals.features().watchedBy("mine." + random.nextInt(9));
      case 9 -> Signals.freshTruths(1 + random.nextInt(100_000));
      case 10 -> Signals.goldenExamples();
      default ->
        random.nextBoolean()
            ? Signals.latency().p99AtMost(Duration.ofNanos(1 + random.nextInt(Integer.MAX_VALUE)))
            : Signals.latency().p50AtMost(time(random));
    };
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyBuiltInConditionReadsBackEqual(long seed) {
    Random random = new Random(seed);
    Set<String> texts = new HashSet<>();
    Set<Condition> conditions = new HashSet<>();
    for (int i = 0; i < 3_000; i++) {
      Condition condition = condition(random);
      Condition read = Signals.parse(condition.toString(), COST);
      assertThat(read).as(condition.toString()).isEqualTo(condition).hasSameHashCodeAs(condition);
      assertThat(read.expression()).isEqualTo(condition.expression());
      assertThat(read).hasToString(condition.toString()).hasSameClassAs(condition);
      texts.add(condition.toString());
      conditions.add(condition);
    }
    assertThat(texts).as("as many texts as conditions").hasSameSizeAs(conditions);
    assertThat(texts).hasSizeGreaterThan(1_500);
  }

  @Test
  void itReadsLikeTheCall() {
    assertThat(Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(100_000))
        .hasToString("quality(\"recall\").noWorseThanBaseline(0.02).falseAlarmEvery(100000)");
    assertThat(Signals.features()
            .windowOf(500)
            .leastEffect(0.1)
            .leastEffect("amount", 0.2)
            .ignoring("id", "day")
            .falseAlarmEvery(Duration.ofDays(30))
            .inBlocksOf(Duration.ofMinutes(10))
            .named("inputs"))
        .hasToString("features().windowOf(500).leastEffect(0.1).leastEffect(\"amount\","
            + " 0.2).ignoring(\"day\", \"id\").falseAlarmEvery(30 d).inBlocksOf(10"
            + " min).named(\"inputs\")");
    assertThat(Signals.quality("f_beta(2)").atLeast(0.8))
        .hasToString("quality(\"f_beta(2)\").atLeast(0.8)");
    assertThat(Signals.latency().p99AtMost(Duration.ofMillis(20)))
        .hasToString("latency().p99AtMost(20 ms)");
    assertThat(Signals.segment("country").quality("recall").atLeast(0.7))
        .hasToString("segment(\"country\").quality(\"recall\").atLeast(0.7)");
    assertThat(Signals.segment("country", "DE").quality("selection_rate").atLeast(0.1))
        .hasToString("segment(\"country\", \"DE\").quality(\"selection_rate\").atLeast(0.1)");
    assertThat(Signals.column("amount").outOfRange().atMost(0.01))
        .hasToString("column(\"amount\").outOfRange().atMost(0.01)");
    assertThat(Signals.predictions().windowOf(500).falseAlarmEvery(100_000))
        .hasToString("predictions().windowOf(500).falseAlarmEvery(100000)");
  }

  @Test
  void spacesUnderscoresAndIsoTimesAreRead() {
    assertThat(Signals.parse(
            " quality ( \"recall\" ) . noWorseThanBaseline( 0.02 )\n.falseAlarmEvery(100_000)"))
        .isEqualTo(Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(100_000));
    assertThat(Signals.parse("latency().p99AtMost(PT0.02S)"))
        .isEqualTo(Signals.latency().p99AtMost(Duration.ofMillis(20)));
    assertThat(Signals.parse("features().falseAlarmEvery(1 h 30 min).inBlocksOf(1 min)"))
        .isEqualTo(Signals.features()
            .falseAlarmEvery(Duration.ofMinutes(90))
            .inBlocksOf(Duration.ofMinutes(1)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "qualty(\"recall\").atLeast(0.5) | did you mean \"quality\"",
        "quality(\"recal\").atLeast(0.5) | did you mean \"recall\"",
        "quality(\"recall\").noWorseThenBaseline(0.1) | did you mean \"noWorseThanBaseline\"",
        "quality(\"recall\").noWorseThanBaseline(0.1).falseAlarmsEvery(9) | did you mean"
            + " \"falseAlarmEvery\"",
        "features().windowOff(9).falseAlarmEvery(9) | did you mean \"windowOf\"",
        "rollout().isNot(\"rolled_bak\") | did you mean \"rolled_back\"",
        "rollout().isNot(\"halted\") | never [HALTED]",
        "retraining().isnt(\"failed\") | did you mean \"isNot\"",
        "model().olderThan(1 d) | did you mean \"newerThan\"",
        "latency().within(20 ms).over(\"last 9 truths\").atLeast(0.9) | over a time",
        "latency().within(20 ms).atMost(0.9) | known: over, atLeast",
        "latency().within(2 h).atLeast(0.9) | at most an hour",
        "latency().within(20 ms).atLeast(0) | above 0 and at most 1",
        "predictions().falseAlarmEvery(9000).movedAtMost(0.1) | own watch of features",
        "features().falseAlarmEvery(9000).movedAtMost(1) | below 1",
        "latency().p98AtMost(20 ms) | did you mean \"p99AtMost\"",
        "quality(\"recall\") | go on after quality",
        "features() | go on after features()",
        "features().windowOf(90) | go on after features()",
        "quality(recall).atLeast(0.5) | name in quotes",
        "quality(\"recall\").atLeast(half) | a number",
        "quality(\"recall\").atLeast(1e999) | a finite number",
        "freshTruths(0.5) | a whole number",
        "latency().p99AtMost(20) | a time such as 20 ms",
        "latency().p99AtMost(20 ms 3) | a time such as 20 ms",
        "goldenExamples().atLeast(1) | the end",
        "goldenExamples(1) | no argument",
        "freshTruths(1) freshTruths(1) | a dot or the end at character 15",
        "freshTruths(1 | a comma or a closing bracket",
        "quality(\"recall | a closing quote",
        "quality(\"re\\qcall\").atLeast(0.5) | after a backslash",
        "1 | an opening bracket",
        "'' | a name at character 0",
        "quality(\"recall\").atLeast(1.5) | 0.0 to 1.0",
        "quality(\"mae\").atLeast(3) | atMost(3.0)",
        "features().windowOf(50).watchedBy(\"mine\") | own detector",
        "predictions().watchedBy(\"mine\") | own detector",
        "predictons().falseAlarmEvery(9) | did you mean \"predictions\"",
        "segment(\"country\").recall(0.5) | known: quality",
        "segment(\"country\") | go on after segment",
        "segment(\"country\").quality(\"recall\") | go on after quality",
        "segment(\"country\").quality(\"recall\").atMost(0.5) | atLeast(0.5)",
        "segment(\"country\").quality(\"recall\").noWorseThanBaseline(0.5) | known: atLeast",
        "segment(\"country\", \"DE\").quality(\"demographic_parity_ratio\").atLeast(0.8) |"
            + " country=DE alone",
        "quality(\"demographic_parity_ratio\").atLeast(0.8) | of a division",
        "segment(\"country\", \"\").quality(\"recall\").atLeast(0.5) | must not be empty",
        "column(\"amount\").mising().atMost(0.1) | did you mean \"missing\"",
        "column(\"amount\").missing() | go on after missing()",
        "column(\"amount\").missing().atLeast(0.1) | atMost",
        "column(\"amount\").missing().atMost(1) | below 1"
      })
  void whatIsNoConditionIsRefusedWithWhatWasWantedWhere(String text, String told) {
    assertThatThrownBy(() -> Signals.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(told);
  }

  @Test
  void aTextWithoutEndIsRefused() {
    assertThatThrownBy(() -> Signals.parse("(".repeat(100_001)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("100000");
  }

  /** A table of a thousand columns of which most say nothing is no odd one. */
  @Test
  void aThousandColumnsThatAreIgnoredAreReadBack() {
    String[] columns = IntStream.range(0, 1_000)
        .mapToObj(i -> "a column of a wide table " + i)
        .toArray(String[]::new);
    Condition calm = Signals.features().ignoring(columns).falseAlarmEvery(100_000);
    assertThat(Signals.parse(calm.toString())).isEqualTo(calm);
  }

  @Test
  void asManyTruthsAsADoubleCountsAreReadBack() {
    for (long least : new long[] {1, 30, 123_456_789_012_345_678L >> 4, 1L << 53}) {
      Condition enough = Signals.freshTruths(least);
      assertThat(enough.expression().orElseThrow().limit()).hasValue((double) least);
      assertThat(Signals.parse(enough.toString())).isEqualTo(enough);
    }
    for (long least : new long[] {Long.MIN_VALUE, -1, 0, (1L << 53) + 1, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> Signals.freshTruths(least))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("from 1 to 9007199254740992");
    }
  }

  @Test
  void aLambdaIsNotExportable() {
    Condition lambda = evidence -> Finding.pass("always");
    assertThat(lambda.expression()).isEmpty();
    assertThat(lambda.watches()).isEmpty();
    assertThat(lambda.metrics()).isEmpty();
  }

  @Test
  void anExpressionSaysAllThatIsAsked() {
    WatchCondition condition =
        Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(100_000);
    Expression asked = condition.expression().orElseThrow();
    assertThat(asked.quantity().metric()).hasValue(Metric.RECALL);
    assertThat(asked.comparison()).isEqualTo(Expression.Comparison.NO_WORSE_THAN_BASELINE);
    assertThat(asked.limit()).hasValue(0.02);
    assertThat(asked.watch()).hasValue(condition.watch());
    assertThat(asked.fewest()).isEqualTo(30);
    assertThat(condition.metrics()).containsExactly(Metric.RECALL);

    Expression slow =
        Signals.latency().p50AtMost(Duration.ofMillis(5)).expression().orElseThrow();
    assertThat(slow.quantity()).isEqualTo(Expression.Quantity.latency(0.5));
    assertThat(slow.quantity().unit()).isEqualTo("seconds");
    assertThat(slow.limit()).hasValue(0.005);
    assertThat(slow.time()).hasValue(Duration.ofMillis(5));
    assertThat(slow.fewest()).isEqualTo(100);
    assertThat(slow.watch()).isEmpty();

    Condition segments = Signals.segment("country", "DE").quality("recall").atLeast(0.7);
    assertThat(segments.segmentations()).containsExactly("country");
    assertThat(segments.metrics()).containsExactly(Metric.RECALL);
    assertThat(segments.expression().orElseThrow().segment())
        .hasValue(new Segment("country", Optional.of("DE")));

    Expression share =
        Signals.column("amount").unseen().atMost(0.1).expression().orElseThrow();
    assertThat(share.quantity().column()).hasValue("amount");
    assertThat(share.quantity().fault()).hasValue(ColumnEvidence.Fault.UNSEEN);
    assertThat(share.fewest()).isEqualTo(30);

    Expression said = Signals.predictions().falseAlarmEvery(10_000).expression().orElseThrow();
    assertThat(said.quantity()).isEqualTo(Expression.Quantity.PREDICTIONS);

    Expression moved = Signals.features().falseAlarmEvery(10_000).expression().orElseThrow();
    assertThat(moved.quantity()).isEqualTo(Expression.Quantity.FEATURES);
    assertThat(moved.comparison()).isEqualTo(Expression.Comparison.UNMOVED);
    assertThat(moved.limit()).isEmpty();
  }

  @Test
  void failuresAndLatencyBesideTheChampionAreReadBack() {
    for (Condition condition : List.of(
        Signals.failures().atMost(0.01),
        Signals.latency().p50NoWorseThanChampion(1.25),
        Signals.latency().p99NoWorseThanChampion(1.5))) {
      assertThat(Signals.parse(condition.toString())).isEqualTo(condition);
    }
    assertThat(Signals.failures().atMost(0.01)).hasToString("failures().atMost(0.01)");
    assertThat(Signals.latency().p99NoWorseThanChampion(1.5))
        .hasToString("latency().p99NoWorseThanChampion(1.5)");
    assertThatThrownBy(() -> Signals.parse("failures().atMots(0.01)"))
        .hasMessageContaining("did you mean \"atMost\"");
  }

  @Test
  void aConditionInTooManyOthersIsRefused() {
    for (int depth : new int[] {101, 1_990}) {
      String deep = "not(".repeat(depth) + "goldenExamples()" + ")".repeat(depth);
      assertThatThrownBy(() -> Signals.parse(deep))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a condition must be at most 100 conditions deep, but was deeper");
    }
    String most = "not(".repeat(100) + "goldenExamples()" + ")".repeat(100);
    assertThat(Signals.parse(most)).hasToString(most);
  }
}
