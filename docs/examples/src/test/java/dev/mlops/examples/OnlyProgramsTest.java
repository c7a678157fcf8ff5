package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each part works alone: its program runs with the classes of that part and what those need. */
@Tag("processes")
class OnlyProgramsTest {
  /** No machine-learning library, and nothing of the tests. */
  private static final Predicate<String> NO_TRIBUO = name -> !name.contains("tribuo")
      && !name.contains("olcut")
      && !name.contains("protobuf")
      && !name.contains("examples")
      && !name.contains("testkit")
      && !name.contains("junit")
      && !name.contains("prometheus");

  /** The api, drift, and its statistics library with what that needs. */
  private static final Predicate<String> DRIFT_ALONE = name -> name.contains("mlops-api")
      || name.contains("mlops-drift")
      || name.contains("commons-statistics")
      || name.contains("commons-numbers")
      || name.contains("commons-rng");

  @TempDir
  Path dir;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "OnlyModelPackage",
        "OnlyVersionStore",
        "OnlyMetricsMonitor",
        "OnlyOnnxModel",
        "OnlyDriftDetector",
        "OnlyRetrainPolicy"
      })
  void importsNeitherServingNorTheLoop(String program) throws IOException {
    Path root = Path.of(System.getProperty("mlops.root", "../.."));
    String source = Files.readString(
        root.resolve("docs/examples/src/main/java/dev/mlops/examples/" + program + ".java"));
    assertThat(source)
        .contains("class " + program)
        .doesNotContain("core.serve", "core.loop", "core.rollout", "core.tribuo");
  }

  /** The first of the two lines of a log record: the time, the class and the method. */
  private static final Pattern LOGGED =
      Pattern.compile("^[A-Z][a-z]{2} \\d{1,2}, \\d{4} .*[AP]M dev\\.mlops\\.");

  @Test
  void detectorsNeedTheApiDriftAndStatisticsAlone() throws Exception {
    List<Path> path = ChildJvm.alone(OnlyDriftDetector.class, dir, DRIFT_ALONE);
    // The program, api, drift and three statistics jars or more; whatever else there is is not a
    // part.
    assertThat(path.stream().map(ChildJvm::name))
        .anyMatch(name -> name.contains("mlops-api"))
        .anyMatch(name -> name.contains("commons-statistics-inference"))
        .noneMatch(name -> name.contains("core") && name.contains("mlops"));

    List<String> lines = lines(OnlyDriftDetector.class, path);

    List<String> values =
        lines.stream().filter(line -> !line.contains("channel")).toList();
    List<String> rows = lines.stream().filter(line -> line.contains("channel")).toList();
    Matcher first = Pattern.compile(
            "drift UP at (\\d+), changed at about (\\d+) \\(statistic \\S+, threshold 1.00e\\+05\\)")
        .matcher(values.get(0));
    assertThat(first.matches()).as(values.get(0)).isTrue();
    assertThat(Integer.parseInt(first.group(1))).isBetween(5_000, 5_500);
    assertThat(Integer.parseInt(first.group(2))).isBetween(4_500, 5_500);
    assertThat(rows.get(0))
        .startsWith("drift OTHER at 5999, changed at about 5000 ")
        .contains("channel: shop 78 %, web 22 % -> shop 60 %, web 40 %");
  }

  @Test
  void aMonitorSeesDriftLowerQualityAndTruthByTheHostsKey() throws Exception {
    List<String> lines = alone(OnlyMetricsMonitor.class);

    assertThat(lines).hasSize(8);
    // Before the change the joined truth agrees with the baseline, 5 % of which is noise.
    assertThat(lines.get(2)).startsWith("orders:7 · 3000 served").doesNotContain("drift");
    assertThat(accuracy(lines.get(2))).isBetween(0.93, 0.97);
    // 60 % of the orders come from the web now, half of those are returned unforeseen: 0.95 - 0.3 *
    // 0.9.
    assertThat(accuracy(lines.get(5))).isBetween(0.63, 0.73);
    assertThat(lines.get(6))
        .startsWith("FAIL: DRIFT after 4000, drift OTHER at 3999, changed at about 3000")
        .contains("channel: shop 79 %, web 21 % -> web 58 %, shop 42 %");
    Matcher worse =
        Pattern.compile("FAIL: DRIFT after \\d+, drift UP at (\\d+), .*").matcher(lines.get(7));
    assertThat(worse.matches()).as(lines.get(7)).isTrue();
    assertThat(Integer.parseInt(worse.group(1))).isBetween(3_000, 3_200);
  }

  private static double accuracy(String line) {
    Matcher found = Pattern.compile("accuracy (0\\.\\d+) ±").matcher(line);
    assertThat(found.find()).as(line).isTrue();
    return Double.parseDouble(found.group(1));
  }

  @Test
  void aStoreRefusesAMoveFromWhereTheAliasNoLongerIs() throws Exception {
    List<String> lines = alone(OnlyVersionStore.class, dir.resolve("store").toString());

    // Model card and list of parts are made for each package.
    assertThat(lines).hasSize(9);
    assertThat(lines.get(4)).isEqualTo("orders:1 -> orders:2, 4 differences");
    assertThat(lines.get(5)).contains("file model-card.md: document ");
    assertThat(lines.get(6)).contains("file rules.txt: weights 11 B ", " -> weights 12 B ");
    assertThat(lines.get(7)).contains("file sbom.cdx.json: document ");
    assertThat(lines.get(8)).contains("document approval.txt: added");
    assertThat(lines.get(0))
        .matches("orders@champion wanted at orders:1, found at orders:2, generation 2"
            + " \\(by release-bot, \\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z\\); not moved;"
            + " read it again and decide again");
    assertThat(lines.subList(1, 4))
        .containsExactly(
            "orders@champion #1: nothing -> orders:1 by alice, go live",
            "orders@champion #2: orders:1 -> orders:2 by release-bot, quarterly refresh",
            "orders:2 serves");
  }

  @Test
  void aPackageIsReadAsItWasWritten() throws Exception {
    List<String> lines = alone(OnlyModelPackage.class, dir.resolve("package").toString());

    // SHA-256 of "returned if amount > 250" and of "# Orders\nApproved." by sha256sum.
    assertThat(lines)
        .hasSize(9)
        .contains(
            "rules.txt (weights, 24 B, sha256 1f5384e3863e)",
            "card.md (document, 18 B, sha256 a96961caa273)")
        .anyMatch(line -> line.startsWith("model-card.md (document, "))
        .anyMatch(line -> line.startsWith("sbom.cdx.json (document, "))
        .endsWith("the same package");
  }

  @Test
  void anOnnxModelAnswersWithoutADeploymentAndWithoutTribuo() throws Exception {
    List<Path> path = ChildJvm.alone(
        OnlyOnnxModel.class, dir, NO_TRIBUO.or(name -> name.startsWith("protobuf-java")));
    assertThat(path.stream().map(ChildJvm::name))
        .anyMatch(name -> name.contains("onnxruntime"))
        .noneMatch(name -> name.contains("tribuo") || name.contains("olcut"));

    List<String> lines = lines(OnlyOnnxModel.class, path, dir.resolve("package").toString());

    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).isEqualTo("as recorded");
    assertThat(lines.get(1)).contains("16"); // 2 * 10 - 4
  }

  @Test
  void aPolicySaysWhyAlsoWhenTheAnswerIsNo() throws Exception {
    List<String> lines = alone(OnlyRetrainPolicy.class);

    assertThat(lines).hasSize(15);
    assertThat(lines.get(0)).startsWith("KEEP: at most every ");
    assertThat(lines.get(3))
        .isEqualTo("      KEEP: quality(\"recall\").noWorseThanBaseline(0.02)"
            + " (recall 0.900 ± 0.019 (n 1000), baseline 0.900 allows 0.880)");
    assertThat(lines.get(5)).startsWith("RETRAIN: at most every ");
    assertThat(lines.get(8))
        .isEqualTo("      RETRAIN: quality(\"recall\").noWorseThanBaseline(0.02)"
            + " (recall 0.800 ± 0.025 (n 1000), baseline 0.900 allows 0.880)");
    assertThat(lines.get(10)).startsWith("SUPPRESSED: at most every ");
  }

  @Test
  void helloPrintsWhatThePageSaysAndServesItsFirstReleaseAgain() throws Exception {
    String models = dir.resolve("models").toString();
    for (int run = 1; run <= 2; run++) {
      List<String> lines = lines(Hello.class, ChildJvm.classPath(), models);
      assertThat(lines.stream()
              .filter(List.of("setosa", "versicolor", "virginica")::contains)
              .count())
          .isEqualTo(150);
      assertThat(lines.get(lines.size() - 1))
          .startsWith("iris:1 · 150 served · p99 ")
          .contains(" · accuracy 0.933 ± 0.051 (test phase 0.940) · ");
    }
  }

  private List<String> alone(Class<?> program, String... args) throws Exception {
    List<Path> path = ChildJvm.alone(program, dir, NO_TRIBUO);
    assertThat(path.stream().map(ChildJvm::name))
        .anyMatch(name -> name.contains("mlops-core"))
        .noneMatch(name -> name.contains("tribuo"));
    return lines(program, path, args);
  }

  private static List<String> lines(Class<?> program, List<Path> path, String... args)
      throws Exception {
    ChildJvm.Ended ended = ChildJvm.run(program, path, args);
    assertThat(ended.exit()).as(String.join("\n", ended.lines())).isZero();
    // Test libraries bring a logging facade that says that it has no backend; the JDK's own log
    // says where and then what.
    List<String> said = new ArrayList<>();
    boolean logged = false;
    for (String line : ended.lines()) {
      boolean where = LOGGED.matcher(line).find();
      if (!where && !logged && !line.startsWith("SLF4J")) {
        said.add(line);
      }
      logged = where;
    }
    return said;
  }
}
