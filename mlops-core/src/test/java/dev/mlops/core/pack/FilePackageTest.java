package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePackageTest {
  static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("country")).positive("fraud");
  private static final byte[] WEIGHTS = "weights of a model".getBytes(UTF_8);

  @TempDir
  Path folder;

  static Baseline baseline() {
    return Baseline.builder(SCHEMA)
        .rows(100)
        .quality(Metric.ACCURACY, Estimate.share(95, 100))
        .latency(Latency.of(1_000, 2_000, 3_000))
        .column(new NumberProfile(
            "amount", 4, 1, 2.5, 1.0, Double.NEGATIVE_INFINITY, 4.0, new double[] {
              4.0, Double.NEGATIVE_INFINITY, -0.0
            }))
        .column(new CategoryProfile("country", Map.of("DE", 3L, "é", 2L), 1, 4))
        .build();
  }

  static List<GoldenExample> examples() {
    return List.of(
        new GoldenExample(
            Row.of(SCHEMA, 12.5, "DE"),
            Classification.of(List.of("fraud", "kept"), new double[] {0.25, 0.75})),
        new GoldenExample(
            Row.of(SCHEMA, Double.NaN, ""),
            Classification.of(List.of("fraud", "kept"), new double[] {0.1, 0.3})));
  }

  static FilePackage.Builder whole() {
    return FilePackage.builder("fraud", SCHEMA)
        .runtime("mine")
        .weights("model.bin", WEIGHTS)
        .document("docs/card.md", "# Card <script>".getBytes(UTF_8))
        .library("org.example:lib", "1.2")
        .configuration("threshold", "0.5")
        .baseline(baseline())
        .examples(examples());
  }

  private FilePackage written() {
    FilePackage made = whole().build();
    made.write(folder);
    return made;
  }

  // ---- what is put in comes out

  @Test
  void everythingReadsBackAsItWasPutIn() {
    FilePackage made = written();
    FilePackage read = FilePackage.read(folder);
    for (FilePackage found : List.of(made, read)) {
      assertEquals("fraud", found.model());
      assertEquals("mine", found.runtime());
      assertEquals(SCHEMA, found.schema());
      assertEquals(baseline(), found.baseline().orElseThrow());
      assertEquals(examples(), found.examples());
      assertEquals(Map.of("org.example:lib", "1.2"), found.libraries());
      assertEquals(Map.of("threshold", "0.5"), found.configuration());
      assertArrayEquals(WEIGHTS, found.read(found.files(Role.WEIGHTS).get(0)));
    }
    assertEquals(made, read);
    assertEquals(
        List.of(
            "baseline.json",
            "configuration.json",
            "docs/card.md",
            "examples.json",
            "libraries.json",
            "model.bin",
            "schema.json"),
        read.files().stream().map(PackageFile::name).toList());
    assertTrue(read.toString().matches("fraud sha256:[0-9a-f]{12} 7 files, mine"), read.toString());
  }

  @Test
  void orderLocaleAndTimeZoneDoNotMatter() {
    FilePackage.Builder other = FilePackage.builder("fraud", SCHEMA)
        .examples(examples())
        .baseline(baseline())
        .configuration("threshold", "0.5")
        .library("org.example:lib", "1.2")
        .document("docs/card.md", "# Card <script>".getBytes(UTF_8))
        .weights("model.bin", WEIGHTS)
        .runtime("mine");
    Locale locale = Locale.getDefault();
    TimeZone zone = TimeZone.getDefault();
    try {
      Locale.setDefault(new Locale("tr", "TR"));
      TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu"));
      assertArrayEquals(whole().build().manifest(), other.build().manifest());
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
    }
    // Computed once, on JDK 17: any machine must find it again.
    assertEquals(
        "5a8ab99ada4174272292ae637dc13ba46bfc121a678b91c4dd0b69f95a81696d",
        whole().build().digest().hex());
  }
}
