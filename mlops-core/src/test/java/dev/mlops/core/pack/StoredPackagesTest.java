package dev.mlops.core.pack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.PackageFile;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packages that release 0.1 wrote are read for ever: every value of them, with doubles whose decimal form is easy to get wrong. */
class StoredPackagesTest {
  @TempDir
  Path folder;

  private final List<String> lines = new ArrayList<>();

  private static Path stored(String name) throws URISyntaxException {
    return Path.of(
            StoredPackagesTest.class.getResource("/formats/0.1/expected.txt").toURI())
        .resolveSibling(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "package",
        "package-regression",
        "package-anomaly",
        "package-bare",
        "package-tribuo"
      })
  void everyValueIsWhatItWas(String name) throws Exception {
    List<String> expected;
    try (Stream<String> all = Files.lines(stored("expected.txt"))) {
      expected = all.filter(line -> line.startsWith(name + ".")).toList();
    }
    FilePackage read = FilePackage.read(stored(name));
    pack(name, read);
    assertThat(lines).containsExactlyElementsOf(expected);

    // Copied unchanged: the manifest and every file.
    read.write(folder);
    assertThat(FilePackage.read(folder).manifest()).isEqualTo(read.manifest());
    try (Stream<Path> files = Files.walk(stored(name))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(folder.resolve(stored(name).relativize(file).toString()))
            .hasSameBinaryContentAs(file);
      }
    }
  }

  private void put(String key, Object value) {
    lines.add(key + " = " + escaped(String.valueOf(value)));
  }

  private void hex(String key, double value) {
    put(key, Double.toHexString(value));
  }

  private static String escaped(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        out.append("\\\\");
      } else if (c == '\t') {
        out.append("\\t");
      } else if (c == '\n') {
        out.append("\\n");
      } else if (c == '\r') {
        out.append("\\r");
      } else if (c < 32 || c > 126 || (c == ' ' && (i == 0 || i == text.length() - 1))) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private void schema(String at, Schema schema) {
    for (int i = 0; i < schema.size(); i++) {
      put(at + ".column." + i, schema.column(i).type() + " " + schema.column(i).name());
    }
    put(at + ".task", schema.task().map(Enum::name).orElse("none"));
    put(at + ".positive", schema.positiveLabel().orElse("none"));
  }

  private void pack(String at, ModelPackage pack) {
    put(at + ".model", pack.model());
    put(at + ".runtime", pack.runtime());
    put(at + ".digest", pack.digest());
    put(at + ".manifest.bytes", pack.manifest().length);
    for (PackageFile file : pack.files()) {
      put(
          at + ".file." + file.name(),
          file.role().toString().toUpperCase(Locale.ROOT) + " " + file.size() + " "
              + file.digest());
      if (!Digest.of(pack.read(file)).equals(file.digest())) {
        throw new AssertionError(file);
      }
    }
    schema(at + ".schema", pack.schema());
    put(at + ".baseline", pack.baseline().isPresent() ? "present" : "none");
    pack.baseline().ifPresent(baseline -> baseline(at + ".baseline", baseline));
    put(at + ".examples", pack.examples().size());
    for (int i = 0; i < pack.examples().size(); i++) {
      example(at + ".example." + i, pack.examples().get(i));
    }
    Map<String, String> libraries = new TreeMap<>();
    pack.libraries()
        .forEach(library -> libraries.put(library.name(), library.version().orElse("none")));
    texts(at + ".library", libraries);
    Map<String, String> settings = new TreeMap<>();
    Configuration configuration = pack.configuration();
    configuration
        .names()
        .forEach(name -> settings.put(name, configuration.text(name).orElseThrow()));
    texts(at + ".configuration", settings);
  }

  private void texts(String at, Map<String, String> texts) {
    put(at + ".count", texts.size());
    int i = 0;
    for (var entry : texts.entrySet()) {
      put(at + "." + i + ".key", entry.getKey());
      put(at + "." + i + ".value", entry.getValue());
      i++;
    }
  }

  private void baseline(String at, Baseline baseline) {
    schema(at + ".schema", baseline.schema());
    put(at + ".rows", baseline.rows());
    baseline.quality().forEach((metric, e) -> {
      hex(at + ".quality." + metric + ".value", e.value());
      hex(at + ".quality." + metric + ".lower", e.lower());
      hex(at + ".quality." + metric + ".upper", e.upper());
      put(at + ".quality." + metric + ".n", e.n());
    });
    Optional<Latency> latency = baseline.latency();
    put(
        at + ".latency",
        latency
            .map(l -> l.p50().toNanos() + " " + l.p99().toNanos() + " " + l.n())
            .orElse("none"));
    for (int c = 0; c < baseline.columns().size(); c++) {
      ColumnProfile profile = baseline.columns().get(c);
      String column = at + ".profile." + c;
      put(column + ".column", profile.column());
      put(column + ".missing", profile.missing());
      put(
          column + ".n",
          profile instanceof NumberProfile ? profile.n() : ((CategoryProfile) profile).n());
      if (profile instanceof NumberProfile n) {
        hex(column + ".mean", n.mean());
        hex(column + ".standardDeviation", n.standardDeviation());
        hex(column + ".minimum", n.minimum());
        hex(column + ".maximum", n.maximum());
        for (int i = 0; i < n.sample().length; i++) {
          hex(column + ".sample." + i, n.sample()[i]);
        }
        put(column + ".sample.count", n.sample().length);
      } else {
        CategoryProfile categories = (CategoryProfile) profile;
        put(column + ".other", categories.other());
        int i = 0;
        for (var entry : categories.counts().entrySet()) {
          put(column + ".category." + i + ".name", entry.getKey());
          put(column + ".category." + i + ".count", entry.getValue());
          i++;
        }
        put(column + ".category.count", i);
      }
    }
  }

  private void example(String at, GoldenExample example) {
    Row row = example.row();
    for (int i = 0; i < row.schema().size(); i++) {
      String key = at + ".row." + i;
      if (row.isMissing(i)) {
        put(key, "missing");
      } else if (row.schema().column(i).type() == Column.Type.NUMBER) {
        hex(key, row.number(i));
      } else {
        put(key, "category " + row.category(i));
      }
    }
    Prediction expected = example.expected();
    if (expected instanceof Classification c) {
      put(at + ".label", c.label());
      for (int i = 0; i < c.labels().size(); i++) {
        put(at + ".labels." + i, c.labels().get(i));
        put(
            at + ".scores." + i,
            c.score().isPresent()
                ? Double.toHexString(c.score(c.labels().get(i)).orElseThrow())
                : "none");
      }
    } else if (expected instanceof Regression r) {
      hex(at + ".value", r.value());
      for (int i = 0; i < r.names().size(); i++) {
        put(at + ".outputs." + i, r.names().get(i));
        hex(at + ".values." + i, r.value(r.names().get(i)));
      }
    } else if (expected instanceof AnomalyScore a) {
      hex(at + ".score", a.score());
      put(at + ".anomalous", a.anomalous());
    }
  }
}
