package dev.mlops.api.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The values of which a package consists. */
class PackValuesTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("fraud");

  // ---- files

  @ParameterizedTest
  @ValueSource(strings = {"a", "model.bin", "a/b-c/D_1.txt", "...x", "a/..b"})
  void aNameOfAFileHasPlainParts(String name) {
    assertThat(PackageFile.requireName(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/a", "a/", "a//b", ".", "..", "a/../b", "a b", "ä", "a\\b", "a\n"})
  void otherNamesOfFilesAreRefused(String name) {
    assertThatThrownBy(() -> PackageFile.requireName(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not allowed in a package");
  }

  @Test
  void aNameOfAFileHasAtMostTwoHundredCharacters() {
    assertThat(PackageFile.requireName("x".repeat(200))).hasSize(200);
    assertThatThrownBy(() -> PackageFile.requireName("x".repeat(201))).hasMessageContaining("200");
    Digest digest = Digest.of(new byte[0]);
    assertThatThrownBy(() -> new PackageFile("a", PackageFile.Role.WEIGHTS, -1, digest))
        .hasMessageContaining("-1");
    assertThat(new PackageFile("a", PackageFile.Role.WEIGHTS, 0, digest))
        .hasToString("a (weights, 0 B, sha256 " + digest.abbreviated() + ")");
  }

  @Test
  void aRoleIsAText() {
    for (PackageFile.Role role : PackageFile.Role.known()) {
      assertThat(PackageFile.Role.of(role.toString())).isSameAs(role);
      assertThat(role.isKnown()).isTrue();
    }
    PackageFile.Role own = PackageFile.Role.of("x-own/1.0+json");
    assertThat(own.isKnown()).isFalse();
    assertThat(own)
        .isEqualTo(PackageFile.Role.of("x-own/1.0+json"))
        .hasSameHashCodeAs(PackageFile.Role.of("x-own/1.0+json"))
        .isNotEqualTo(PackageFile.Role.WEIGHTS);
    assertThat(PackageFile.Role.of("r".repeat(127)).toString()).hasSize(127);
    for (String wrong : List.of("", "Weights", "-a", "a b", "r".repeat(128))) {
      assertThatThrownBy(() -> PackageFile.Role.of(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a role must be");
    }
  }

  @Test
  void aDigestIsThatOfTheBytes() {
    Digest abc = Digest.of("abc".getBytes(StandardCharsets.US_ASCII));
    assertThat(abc.hex())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(abc.abbreviated()).isEqualTo("ba7816bf8f01");
    assertThat(Digest.parse(abc.toString())).isEqualTo(abc);
    assertThat(abc.toString()).startsWith("sha256:ba78");
    for (String wrong : List.of(
        "sha256:",
        abc.hex(),
        "sha512:" + abc.hex(),
        "sha256:" + abc.hex().toUpperCase(java.util.Locale.ROOT),
        "sha256:" + abc.hex() + "0",
        "sha256:g" + abc.hex().substring(1))) {
      assertThatThrownBy(() -> Digest.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aChannelOverAnArrayIsReadAnywhereAndWrittenNowhere() throws Exception {
    byte[] bytes = {1, 2, 3, 4, 5};
    SeekableByteChannel channel = ModelPackage.channel(bytes);
    ByteBuffer three = ByteBuffer.allocate(3);
    assertThat(channel.size()).isEqualTo(5);
    assertThat(channel.read(three)).isEqualTo(3);
    assertThat(three.array()).containsExactly(1, 2, 3);
    assertThat(channel.position()).isEqualTo(3);
    three.clear();
    assertThat(channel.read(three)).isEqualTo(2);
    assertThat(channel.read(three)).isEqualTo(-1);
    assertThat(channel.position(1).position()).isEqualTo(1);
    three.clear();
    assertThat(channel.read(three)).isEqualTo(3);
    assertThat(three.array()).containsExactly(2, 3, 4);
    three.clear();
    assertThat(channel.position(Long.MAX_VALUE).read(three))
        .as("beyond the end")
        .isEqualTo(-1);
    assertThatThrownBy(() -> channel.position(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> channel.write(three)).isInstanceOf(NonWritableChannelException.class);
    assertThatThrownBy(() -> channel.truncate(1)).isInstanceOf(NonWritableChannelException.class);
    assertThat(channel.isOpen()).isTrue();
    channel.close();
    assertThat(channel.isOpen()).isFalse();
    assertThatThrownBy(() -> channel.read(three)).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(channel::position).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(channel::size).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(() -> channel.position(0)).isInstanceOf(ClosedChannelException.class);
  }

  // ---- settings, libraries, environment

  @Test
  void aConfigurationKnowsTheKindOfEachSetting() {
    Configuration settings = Configuration.builder()
        .put("b", "text")
        .put("a", 0.5)
        .put("c", true)
        .put("c", false)
        .build();
    assertThat(settings.names()).containsExactly("a", "b", "c");
    assertThat(settings.number("a")).hasValue(0.5);
    assertThat(settings.text("b")).hasValue("text");
    assertThat(settings.flag("c")).hasValue(false);
    assertThat(settings.text("d")).isEmpty();
    assertThat(settings.number("d")).isEmpty();
    assertThat(settings.flag("d")).isEmpty();
    assertThatThrownBy(() -> settings.text("a"))
        .hasMessageContaining("\"a\" was wanted as text, but is a number");
    assertThatThrownBy(() -> settings.number("b"))
        .hasMessageContaining("wanted as a number, but is text");
    assertThatThrownBy(() -> settings.flag("b"))
        .hasMessageContaining("wanted as true or false, but is text");
    assertThatThrownBy(() -> settings.number("c")).hasMessageContaining("is true or false");
    assertThat(settings.isEmpty()).isFalse();
    assertThat(Configuration.empty().isEmpty()).isTrue();
    assertThat(settings).hasToString("{a=0.5, b=text, c=false}");
    Configuration same = Configuration.builder().putAll(settings).build();
    assertThat(same).isEqualTo(settings).hasSameHashCodeAs(settings);
    Configuration other =
        Configuration.builder().put("a", 1).putAll(settings).put("b", "x").build();
    assertThat(other.number("a")).as("those that are added win").hasValue(0.5);
    assertThat(other).isNotEqualTo(settings);
    for (double wrong : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      assertThatThrownBy(() -> Configuration.builder().put("a", wrong))
          .hasMessageContaining("\"a\" must be finite, but was " + wrong);
    }
    assertThat(Configuration.builder().put("n\uD800", "v\uDC00").build().text("n\uFFFD"))
        .hasValue("v\uFFFD");
  }

  @Test
  void aLibraryHasANameAndWhatIsKnownOfItsFile() {
    Library library = Library.of("org.tribuo:tribuo-core", "4.3.2");
    assertThat(library).hasToString("org.tribuo:tribuo-core 4.3.2");
    assertThat(library.file()).isEmpty();
    Digest digest = Digest.of(new byte[] {1});
    Library file = library.inFile("tribuo-core-4.3.2.jar", digest);
    assertThat(file.version()).hasValue("4.3.2");
    assertThat(file.file()).hasValue("tribuo-core-4.3.2.jar");
    assertThat(file.sha256()).hasValue(digest);
    assertThat(new Library("own", Optional.empty(), Optional.empty(), Optional.empty()))
        .hasToString("own");
  }

  @Test
  void anEnvironmentIsAValueWithoutValuesOfVariables() {
    Environment known = Environment.builder()
        .java("17.0.15")
        .javaVendor("Debian")
        .os("Linux")
        .osVersion("6.1.0")
        .architecture("amd64")
        .charset("UTF-8")
        .variables(List.of("MODEL_HOME", "A1"))
        .build();
    assertThat(known)
        .hasToString("Java 17.0.15 (Debian), Linux 6.1.0 amd64, UTF-8, variables A1, MODEL_HOME");
    assertThat(Environment.builder().build())
        .hasToString("Java unknown (unknown), unknown unknown unknown, unknown");
    List<Environment> others = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      others.add(Environment.builder()
          .java(i == 0 ? "21" : known.java())
          .javaVendor(i == 1 ? "Temurin" : known.javaVendor())
          .os(i == 2 ? "Windows 11" : known.os())
          .osVersion(i == 3 ? "6.2" : known.osVersion())
          .architecture(i == 4 ? "aarch64" : known.architecture())
          .charset(i == 5 ? "windows-1252" : known.charset())
          .variables(i == 6 ? List.of("A1") : known.variables())
          .build());
    }
    others.add(Environment.builder().build());
    assertThat(others).doesNotContain(known).doesNotHaveDuplicates();
    assertThat(Environment.here("HOME").java()).isEqualTo(System.getProperty("java.version"));
    assertThat(Environment.here("HOME"))
        .isEqualTo(Environment.here("HOME"))
        .hasSameHashCodeAs(Environment.here("HOME"));
    assertThat(Environment.here("HOME").variables()).containsExactly("HOME");
    for (String wrong : List.of("TOKEN=secret", "1A", "", "A".repeat(201))) {
      assertThatThrownBy(() -> Environment.builder().variables(List.of(wrong)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(wrong.length() + " characters")
          .message()
          .doesNotContain("secret");
    }
  }

  // ---- training

  @Test
  void aTrainingStopsWhenItIsCancelledOrLate() {
    Instant now = Instant.parse("2026-03-01T00:00:00Z");
    AtomicReference<Instant> clock = new AtomicReference<>(now);
    AtomicBoolean cancelled = new AtomicBoolean();
    TrainingContext context = TrainingContext.builder()
        .seed(7)
        .deadline(now, clock::get)
        .cancelledWhen(cancelled::get)
        .ticker(() -> 42)
        .build();
    assertThat(context.seed()).hasValue(7);
    assertThat(context.deadline()).hasValue(now);
    assertThat(context.ticker().getAsLong()).isEqualTo(42);
    assertThat(context).hasToString("seed 7, until 2026-03-01T00:00:00Z");
    assertThat(context.isStopped()).as("on the deadline").isFalse();
    context.requireRunning();
    clock.set(now.plusNanos(1));
    assertThat(context.isStopped()).isTrue();
    assertThatThrownBy(context::requireRunning)
        .isInstanceOf(TrainingStoppedException.class)
        .hasMessageContaining("2026-03-01T00:00:00Z");
    clock.set(now);
    cancelled.set(true);
    assertThat(context.isStopped()).isTrue();
    assertThatThrownBy(context::requireRunning)
        .isInstanceOf(TrainingStoppedException.class)
        .hasMessageContaining("cancelled");
  }

  @Test
  void aTrainingThatIsToldNothingRunsAndTellsNobody() {
    TrainingContext none = TrainingContext.none();
    assertThat(none.seed()).isEmpty();
    assertThat(none.deadline()).isEmpty();
    assertThat(none.isStopped()).isFalse();
    none.requireRunning();
    none.progress(1, 2, "epoch 1");
    assertThat(none).hasToString("the trainer's own seed, no deadline");
    List<String> heard = new ArrayList<>();
    TrainingContext.builder()
        .progressTo((step, of, text) -> heard.add(step + " of " + of + " " + text))
        .build()
        .progress(3, 0, "epoch 3");
    assertThat(heard).containsExactly("3 of 0 epoch 3");
  }

  // ---- baseline

  private static NumberProfile amounts(double... sample) {
    return new NumberProfile("amount", 10, 1, 2, 1, 0, 5, sample);
  }

  @Test
  void aBaselineHasItsPartsInTheOrderOfTheSchema() {
    CategoryProfile channels = new CategoryProfile("channel", Map.of("web", 7L), 3, 0);
    CategoryProfile labels = new CategoryProfile("label", Map.of("fraud", 4L, "fine", 6L), 0, 0);
    Latency latency = Latency.builder()
        .p50(Duration.ofMillis(1))
        .p99(Duration.ofMillis(2))
        .n(10)
        .build();
    Dependence dependence = new Dependence(5_000, 8, 2.5, 512, false);
    Baseline.Builder builder = Baseline.builder(SCHEMA)
        .rows(10)
        .quality(Metric.RECALL, new Estimate(0.9, 0.8, 1, 10))
        .quality(Metric.ACCURACY, new Estimate(0.95, 0.9, 1, 10))
        .latency(latency)
        .dependence(dependence)
        .column(channels)
        .column(amounts(1, 2))
        .labels(labels)
        .prediction(labels);
    Baseline baseline = builder.build();
    assertThat(baseline.columns())
        .extracting(ColumnProfile::column)
        .containsExactly("amount", "channel");
    assertThat(baseline.quality()).containsOnlyKeys(Metric.ACCURACY, Metric.RECALL);
    assertThat(baseline.quality(Metric.RECALL)).hasValue(new Estimate(0.9, 0.8, 1, 10));
    assertThat(baseline.quality(Metric.MCC)).isEmpty();
    assertThat(baseline.latency()).hasValue(latency);
    assertThat(baseline.dependence()).hasValue(dependence);
    assertThat(baseline.labels()).hasValue(labels);
    assertThat(baseline.predictions()).containsExactly(labels);
    assertThat(baseline.rows()).isEqualTo(10);
    assertThat(baseline.schema()).isEqualTo(SCHEMA);
    assertThat(baseline.unseenPositive()).isEmpty();
    assertThat(baseline.toString())
        .startsWith("baseline of 10 rows: accuracy 0.950")
        .contains(", recall 0.900", "p99 2.00 ms", "blocks of 8", "2 columns");
    assertThat(baseline).isEqualTo(builder.build()).hasSameHashCodeAs(builder.build());
    List<Baseline> others = List.of(
        Baseline.builder(SCHEMA).build(),
        builder.rows(11).build(),
        builder.rows(10).quality(Metric.MCC, new Estimate(0, 0, 0, 1)).build());
    assertThat(others).doesNotContain(baseline);
  }

  @Test
  void whatDoesNotBelongToABaselineIsRefused() {
    Baseline.Builder builder = Baseline.builder(SCHEMA);
    assertThatThrownBy(() -> builder.rows(-1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> builder.column(new CategoryProfile("amount", Map.of(), 0, 0)))
        .hasMessageContaining("amount (number)");
    assertThatThrownBy(
            () -> builder.column(new NumberProfile("channel", 0, 0, 0, 0, 0, 0, new double[0])))
        .hasMessageContaining("channel (category)");
    assertThatThrownBy(() -> builder.column(new CategoryProfile("chanel", Map.of(), 0, 0)))
        .hasMessageContaining("did you mean \"channel\"?");
    assertThat(builder.build().toString()).isEqualTo("baseline of 0 rows; 0 columns");
  }

  @Test
  void aPositiveLabelThatNoTestRowHasIsTold() {
    Baseline.Builder builder = Baseline.builder(SCHEMA);
    assertThat(builder.build().unseenPositive()).as("nobody knows the labels").isEmpty();
    builder.labels(new CategoryProfile("label", Map.of("Fraud", 4L, "fine", 6L), 0, 0));
    assertThat(builder.build().unseenPositive())
        .hasValueSatisfying(told ->
            assertThat(told).contains("none of 10 test rows", "\"fraud\"", "is \"Fraud\" meant?"));
    builder.labels(new CategoryProfile("label", Map.of("fine", 6L), 0, 0));
    assertThat(builder.build().unseenPositive())
        .hasValueSatisfying(told -> assertThat(told).doesNotContain("meant"));
    builder.labels(new CategoryProfile("label", Map.of("fine", 6L), 1, 0));
    assertThat(builder.build().unseenPositive()).as("not all labels are told").isEmpty();
    builder.labels(new CategoryProfile("label", Map.of(), 0, 0));
    assertThat(builder.build().unseenPositive()).as("no rows").isEmpty();
    assertThat(Baseline.builder(Schema.of(Column.number("x")))
            .labels(new CategoryProfile("label", Map.of("fine", 6L), 0, 0))
            .build()
            .unseenPositive())
        .as("no positive label")
        .isEmpty();
  }

  @Test
  void profilesHoldWhatCanBe() {
    CategoryProfile kinds = new CategoryProfile("channel", Map.of("web", 7L, "shop", 2L), 3, 5);
    assertThat(kinds.n()).isEqualTo(12);
    assertThat(kinds).hasToString("channel: 12 categories, 5 missing, 2 kinds");
    for (long[] wrong : new long[][] {{0, 0, 0}, {1, -1, 0}, {1, 0, -1}}) {
      assertThatThrownBy(
              () -> new CategoryProfile("channel", Map.of("web", wrong[0]), wrong[1], wrong[2]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("channel");
    }
    double[] given = {3, 1, Double.POSITIVE_INFINITY};
    NumberProfile numbers = amounts(given);
    given[0] = 99;
    numbers.sample()[0] = 99;
    assertThat(numbers.sample()).containsExactly(1, 3, Double.POSITIVE_INFINITY);
    assertThat(numbers.n()).isEqualTo(10);
    assertThat(numbers.missing()).isEqualTo(1);
    assertThat(numbers)
        .hasToString("amount: 10 numbers, 1 missing, mean 2.000, sd 1.000, 0.000 to 5.000");
    assertThat(numbers)
        .isEqualTo(amounts(1, 3, Double.POSITIVE_INFINITY))
        .hasSameHashCodeAs(amounts(1, 3, Double.POSITIVE_INFINITY))
        .isNotEqualTo(amounts(1, 3));
    List<NumberProfile> others = List.of(
        new NumberProfile("a", 10, 1, 2, 1, 0, 5, new double[] {1}),
        new NumberProfile("amount", 11, 1, 2, 1, 0, 5, new double[] {1}),
        new NumberProfile("amount", 10, 2, 2, 1, 0, 5, new double[] {1}),
        new NumberProfile("amount", 10, 1, 3, 1, 0, 5, new double[] {1}),
        new NumberProfile("amount", 10, 1, 2, 2, 0, 5, new double[] {1}),
        new NumberProfile("amount", 10, 1, 2, 1, 1, 5, new double[] {1}),
        new NumberProfile("amount", 10, 1, 2, 1, 0, 6, new double[] {1}));
    assertThat(others).doesNotContain(amounts(1)).doesNotHaveDuplicates();
    double nan = Double.NaN;
    for (NumberArguments wrong : List.of(
        new NumberArguments(1, 0, 0, 0, 0, 0, 1, 2),
        new NumberArguments(2, -1, 0, 0, 0, 0, 1),
        new NumberArguments(2, 0, nan, 0, 0, 0, 1),
        new NumberArguments(2, 0, 0, -1, 0, 0, 1),
        new NumberArguments(2, 0, 0, nan, 0, 0, 1),
        new NumberArguments(2, 0, 0, Double.POSITIVE_INFINITY, 0, 0, 1),
        new NumberArguments(2, 0, 0, 0, 1, 0, 1),
        new NumberArguments(2, 0, 0, 0, nan, 0, 1),
        new NumberArguments(2, 0, 0, 0, 0, 0, 1, nan))) {
      assertThatThrownBy(wrong::profile)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("amount");
    }
  }

  private record NumberArguments(
      long n,
      long missing,
      double mean,
      double deviation,
      double least,
      double most,
      double... sample) {
    NumberProfile profile() {
      return new NumberProfile("amount", n, missing, mean, deviation, least, most, sample);
    }
  }

  @Test
  void ofTwoDependencesTheMoreCautiousCounts() {
    Dependence longer = new Dependence(5_000, 2, 1.5, 512, true);
    Dependence shorter = new Dependence(1_000, 16, 4, 64, false);
    Dependence both = new Dependence(5_000, 16, 4, 512, true);
    assertThat(longer.atLeast(shorter)).isEqualTo(both);
    assertThat(shorter.atLeast(longer)).isEqualTo(both);
    assertThat(longer.conclusive()).as("still growing").isFalse();
    assertThat(shorter.conclusive()).isTrue();
    assertThat(new Dependence(999, 1, 1, 64, false).conclusive()).isFalse();
    assertThat(new Dependence(5_000, 1, 1, 0, false).conclusive()).isFalse();
    assertThat(shorter.present()).isTrue();
    assertThat(Dependence.none().present()).isFalse();
    assertThat(Dependence.none()).hasToString("independence assumed, not measured");
    assertThat(shorter).hasToString("blocks of 16, variance × 4.00, from 1000 values");
    assertThat(longer.toString()).endsWith("still growing: too short to tell");
    assertThat(new Dependence(999, 1, 1, 64, false))
        .hasToString("no dependence found, from 999 values, too short to tell more");
    assertThat(new Dependence(5_000, 1, 1, 0, false).toString()).endsWith("nothing to measure");
    assertThatThrownBy(() -> new Dependence(-1, 1, 1, 0, false)).hasMessageContaining("-1");
    for (int block : new int[] {0, 3, -2, Integer.MIN_VALUE}) {
      assertThatThrownBy(() -> new Dependence(1, block, 1, 0, false))
          .hasMessageContaining("" + block);
    }
    for (double inflation : new double[] {0.9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new Dependence(1, 2, inflation, 0, false))
          .hasMessageContaining("" + inflation);
    }
    assertThatThrownBy(() -> new Dependence(1, 1, 1.1, 0, false)).hasMessageContaining("1.1");
    assertThatThrownBy(() -> new Dependence(1, 1, 1, -1, false)).hasMessageContaining("-1");
  }
}
