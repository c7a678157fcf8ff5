package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.core.internal.guard.Allocated;
import dev.mlops.core.internal.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TimeZone;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.cyclonedx.Version;
import org.cyclonedx.parsers.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a package says of itself: libraries, environment, provenance, parts list and model card. */
class ContentsTest {
  private static final Environment MADE = Environment.builder()
      .java("17.0.1")
      .javaVendor("A <b>Vendor</b>")
      .os("Linux")
      .osVersion("6.1")
      .architecture("amd64")
      .charset("UTF-8")
      .variables(List.of("MODEL_HOME"))
      .build();

  @TempDir
  Path folder;

  private static FilePackage.Builder whole() {
    FilePackage.Builder builder = FilePackage.builder("fraud", FilePackageTest.SCHEMA)
        .runtime("mine")
        .weights("model.bin", new byte[] {1, 2, 3})
        .baseline(FilePackageTest.baseline())
        .examples(FilePackageTest.examples())
        .configuration("threshold", 0.35)
        .configuration("region", "north")
        .configuration("strict", true)
        .environment(MADE)
        .provenance(Provenance.PARENT, "fraud:6");
    builder.libraries(List.of(
        Library.of("org.tribuo:tribuo-core", "4.3.2").inFile("t.jar", Digest.of(new byte[0])),
        new Library(
            "acme+tools é",
            Optional.empty(),
            Optional.of("acme.jar"),
            Optional.of(Digest.of(new byte[1]))),
        Library.of("odd:name with space", "1/2")));
    return builder;
  }

  private static String document(ModelPackage source, String name) {
    PackageFile file = source.files(Role.DOCUMENT).stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow();
    return new String(source.read(file), UTF_8);
  }

  // ---- the parts list

  @Test
  void thePartsListIsValidCycloneDx() throws Exception {
    for (FilePackage source : List.of(
        whole().build(),
        FilePackage.builder("bare", Schema.of(Column.number("x")))
            .runtime("mine")
            .weights("w", new byte[0])
            .build(),
        FilePackage.builder("regression", Schema.of(Column.number("x")).predicting(Task.REGRESSION))
            .runtime("mine")
            .weights("w", new byte[0])
            .library(Library.of("", ""))
            .build())) {
      byte[] list = document(source, ModelPackage.SBOM).getBytes(UTF_8);
      assertThat(new JsonParser().validate(list, Version.VERSION_16))
          .as("%s", source)
          .isEmpty();
      assertThat(Json.parse(list, 1 << 24).bytes()).as("canonical").isEqualTo(list);
    }
  }

  /** The validator of the test above does find what is wrong. */
  @Test
  void aBrokenPartsListIsNotValid() throws Exception {
    String list = document(whole().build(), ModelPackage.SBOM);
    assertThat(new JsonParser()
            .validate(
                list.replace("machine-learning-model", "machine").getBytes(UTF_8),
                Version.VERSION_16))
        .isNotEmpty();
  }

  @Test
  void thePartsListNamesTheModelItsFilesAndItsLibraries() {
    Json list = Json.parse(document(whole().build(), ModelPackage.SBOM).getBytes(UTF_8), 1 << 24);
    Json model = list.get("metadata").get("component");
    assertThat(model.get("type").text()).isEqualTo("machine-learning-model");
    assertThat(model.get("name").text()).isEqualTo("fraud");
    assertThat(model.get("components").items())
        .extracting(part -> part.get("name").text())
        .containsExactly(
            "baseline.json",
            "configuration.json",
            "examples.json",
            "libraries.json",
            "mlops/environment.json",
            "model.bin",
            "provenance.json",
            "schema.json");
    assertThat(
            model.get("components").items().get(5).get("hashes").items().get(0).get("content"))
        .isEqualTo(Json.of(Digest.of(new byte[] {1, 2, 3}).hex()));
    assertThat(list.get("components").items())
        .extracting(part -> part.find("purl").map(Json::text).orElse("none"))
        .containsExactly(
            "none",
            "pkg:maven/odd/name%20with%20space@1%2F2",
            "pkg:maven/org.tribuo/tribuo-core@4.3.2");
    assertThat(
            list.get("components").items().get(2).get("hashes").items().get(0).get("content"))
        .isEqualTo(Json.of(Digest.of(new byte[0]).hex()));
  }

  // ---- the model card

  @Test
  void theCardSaysThatThePositiveLabelIsMisspelt() {
    Schema schema = Schema.of(Column.number("amount")).positiveLabel("Fraud");
    FilePackage made = FilePackage.builder("fraud", schema)
        .runtime("mine")
        .weights("model.bin", new byte[] {1})
        .baseline(Baseline.builder(schema)
            .labels(new CategoryProfile("label", Map.of("ok", 90L, "fraud", 10L), 0, 0))
            .build())
        .build();
    assertThat(ModelCard.of(made))
        .contains("positive label is Fraud: none of 100 test rows", "fraud", "meant?");
  }

  @Test
  void theModelCardTellsWhatIsKnown() {
    FilePackage made = whole().build();
    assertThat(document(made, ModelPackage.MODEL_CARD).lines())
        .contains(
            "# fraud",
            "- amount: number",
            "- country: category",
            "| accuracy | 0.95 | 0.8882 | 0.9785 | 100 |",
            "- threshold: 0.35",
            "- region: north",
            "- strict: true",
            "- Java: 17.0.1",
            "- Java vendor: A \\<b\\>Vendor\\</b\\>",
            "- environment variables, by name: MODEL\\_HOME",
            "- parent: fraud:6")
        .anyMatch(line ->
            line.contains("loaded by the runtime mine") && line.contains("positive label is fraud"))
        .anyMatch(line -> line.startsWith("- org.tribuo:tribuo-core 4.3.2, file t.jar, sha256:"))
        .anyMatch(line -> line.startsWith("- model.bin: weights, 3 bytes, sha256:"));
    assertThat(ModelCard.of(made)).isEqualTo(document(made, ModelPackage.MODEL_CARD));
  }

  @Test
  void foreignTextFormsNoMarkupAndHidesNothing() {
    FilePackage made = FilePackage.builder("fraud", Schema.of(Column.number("a|b<script>")))
        .runtime("mine")
        .weights("w", new byte[0])
        .configuration("[x](http://y)", "\u001b[31m\n# no heading \u202e*a* `b`")
        .build();
    assertThat(document(made, ModelPackage.MODEL_CARD).lines())
        .contains(
            "- a\\|b\\<script\\>: number",
            "- \\[x\\](http://y): \\\\u001b\\[31m\\\\u000a\\# no heading \\\\u202e\\*a\\* \\`b\\`");
  }

  @Test
  void aLongListIsCutAndCounted() {
    FilePackage made = FilePackage.builder(
            "wide",
            Schema.of(
                IntStream.range(0, 1_000).mapToObj(i -> Column.number("c" + i)).toList()))
        .runtime("mine")
        .weights("w", new byte[0])
        .configuration("long", "x".repeat(5_000))
        .build();
    String card = document(made, ModelPackage.MODEL_CARD);
    assertThat(card.lines())
        .contains("- c199: number", "- and 800 more", "- long: " + "x".repeat(1_000) + "…")
        .doesNotContain("- c200: number");
  }

  @Test
  void whatTheHostGivesIsKept() {
    FilePackage made = whole()
        .document(ModelPackage.MODEL_CARD, "our own card")
        .document(ModelPackage.SBOM, "our own list")
        .build();
    assertThat(document(made, ModelPackage.MODEL_CARD)).isEqualTo("our own card");
    assertThat(document(made, ModelPackage.SBOM)).isEqualTo("our own list");
  }

  /** On another locale, time zone and charset, and whatever Java calls itself there. */
  @Test
  void cardAndListAreTheSameOnEveryMachine() {
    byte[] here = whole().build().manifest();
    Locale locale = Locale.getDefault();
    TimeZone zone = TimeZone.getDefault();
    String java = System.getProperty("java.version");
    try {
      System.setProperty("java.version", "99");
      for (String tag : List.of("ar-EG-u-nu-arab", "tr-TR", "de-DE")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Chatham"));
        assertThat(whole().build().manifest()).as(tag).isEqualTo(here);
      }
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
      System.setProperty("java.version", java);
    }
  }

  /** A part that is too large is said by name, and nothing else is. */
  @Test
  void partsBeyondTheirLimitsAreRefused() {
    FilePackage.Builder settings = whole();
    settings.configuration("long", "x".repeat(17 << 20));
    assertThatThrownBy(settings::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("configuration.json")
        .hasMessageContaining("16777216")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1_000));
    FilePackage.Builder libraries = whole();
    for (int i = 0; i < 300_000; i++) {
      libraries.library(Library.of("org.example:library-with-a-name-" + i, "1.0." + i));
    }
    assertThatThrownBy(libraries::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("libraries.json")
        .hasMessageContaining("16777216")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1_000));
  }

  // ---- the environment

  @Test
  void theEnvironmentHereHasNamesAndNoValues() {
    Map.Entry<String, String> set = System.getenv().entrySet().stream()
        .filter(one -> one.getKey().matches("[A-Za-z_]+") && one.getValue().length() > 3)
        .findFirst()
        .orElseThrow();
    Environment here = Environment.here(set.getKey(), "NOT_SET_ANYWHERE");
    FilePackage made = whole().environment(here).build();
    FilePackage read = FilePackage.of(
        made.manifest(),
        digest -> made.files().stream()
            .filter(file -> file.digest().equals(digest))
            .findFirst()
            .map(made::read)
            .orElse(null));
    assertThat(read.environment()).contains(here);
    assertThat(here.java()).isEqualTo(System.getProperty("java.version"));
    assertThat(here.architecture()).isEqualTo(System.getProperty("os.arch"));
    assertThat(here.variables()).containsExactlyInAnyOrder(set.getKey(), "NOT_SET_ANYWHERE");
    PackageFile file = made.files(Role.ENVIRONMENT).get(0);
    assertThat(new String(made.read(file), UTF_8)).doesNotContain(set.getValue());
  }

  @Test
  void aVariableWithItsValueIsRefusedWithoutShowingIt() {
    assertThatThrownBy(() -> Environment.here("TOKEN=hunter2"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name of an environment variable")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"));
  }

  // ---- libraries

  private Path jar(String name, Map<String, String> attributes, Map<String, String> entries) {
    Path file = folder.resolve(name);
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.forEach((key, value) -> manifest.getMainAttributes().putValue(key, value));
    try {
      Files.createDirectories(file.getParent());
      try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
        for (Map.Entry<String, String> entry : entries.entrySet()) {
          jar.putNextEntry(new ZipEntry(entry.getKey()));
          jar.write(entry.getValue().getBytes(UTF_8));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  private static String pom(String group, String artifact, String version) {
    return "groupId=" + group + "\nartifactId=" + artifact + "\nversion=" + version + "\n";
  }

  private static String path(String group, String artifact) {
    return "META-INF/maven/" + group + "/" + artifact + "/pom.properties";
  }

  @Test
  void aLibraryIsKnownByTheCoordinatesInItsJar() throws IOException {
    Path file = jar("renamed.jar", Map.of(), Map.of(path("g", "a"), pom("g", "a", "1.2")));
    assertThat(Libraries.in(List.of(file)))
        .containsExactly(
            Library.of("g:a", "1.2").inFile("renamed.jar", Digest.of(Files.readAllBytes(file))));
  }

  @Test
  void ofAJarWithOthersInsideTheOneItIsNamedAfterCounts() {
    Path file = jar(
        "whole-thing-3.jar",
        Map.of(),
        Map.of(
            path("g", "part"), pom("g", "part", "1"),
            path("g", "whole"), pom("g", "whole", "2"),
            path("g", "whole-thing"), pom("g", "whole-thing", "3"),
            path("g", "broken"), "groupId=\\uZZ"));
    assertThat(Libraries.in(List.of(file)))
        .extracting(Library::toString)
        .containsExactly("g:whole-thing 3");
  }

  @Test
  void withoutCoordinatesTheManifestAndTheFileNameSpeak() {
    assertThat(Libraries.in(List.of(
            jar(
                "n.jar",
                Map.of("Implementation-Title", "g#art;7", "Implementation-Version", "7"),
                Map.of()),
            jar("some-lib-2.0-rc1.jar", Map.of(), Map.of()),
            jar("bundle.jar", Map.of("Bundle-Version", "1.1"), Map.of()),
            jar(
                "two-1.jar",
                Map.of(),
                Map.of(path("g", "x"), pom("g", "x", "1"), path("g", "y"), pom("g", "y", "1"))),
            jar("plain.jar", Map.of(), Map.of()))))
        .extracting(Library::toString)
        .containsExactly("bundle 1.1", "g:art 7", "plain", "some-lib 2.0-rc1", "two 1");
  }

  @Test
  void theFirstOfTwoJarsOfOneNameCountsAndFoldersDoNot() throws IOException {
    Path first = jar("one/lib-1.jar", Map.of(), Map.of("x", "1"));
    Path second = jar("two/lib-2.jar", Map.of(), Map.of("x", "2"));
    Files.createDirectories(folder.resolve("classes"));
    assertThat(Libraries.in(
            List.of(folder.resolve("classes"), second, first, folder.resolve("absent.jar"))))
        .containsExactly(
            Library.of("lib", "2").inFile("lib-2.jar", Digest.of(Files.readAllBytes(second))));
  }

  @Test
  void whatAManifestPutsOnTheClassPathIsReadOnce() {
    jar("sub/b c-1.jar", Map.of("Class-Path", "../a.jar"), Map.of());
    Path start = jar(
        "a.jar",
        Map.of("Class-Path", "sub/b%20c-1.jar absent.jar http://example.org/x.jar :::"),
        Map.of());
    assertThat(Libraries.in(List.of(start)))
        .extracting(Library::toString)
        .containsExactly("a", "b c 1");
  }

  /** A few KiB of a jar may become any number of bytes. */
  @Test
  void ofAManifestWithoutEndTheFirstSectionIsRead() throws IOException {
    String main = "Manifest-Version: 1.0\r\nBundle-Version: 2.1\r\n";
    String section = "\r\nName: a/B.class\r\nSHA-256-Digest: 0123456789\r\n";
    Map<String, String> manifests = Map.of(
        "whole", main + section.repeat(1 << 16),
        "lines", main.replace("\r\n", "\n") + "\n" + section,
        "olden", main.replace("\r\n", "\r") + "\r" + section,
        "bare", main);
    for (Map.Entry<String, String> each : manifests.entrySet()) {
      Path file = folder.resolve(each.getKey() + ".jar");
      try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(file))) {
        jar.putNextEntry(new ZipEntry("META-INF/MANIFEST.MF"));
        jar.write(each.getValue().getBytes(UTF_8));
      }
      long before = Allocated.byThisThread().orElseThrow();
      assertThat(Libraries.in(List.of(file)))
          .extracting(Library::toString)
          .containsExactly(each.getKey() + " 2.1");
      assertThat(Allocated.byThisThread().orElseThrow() - before).isLessThan(16L << 20);
    }
    Path endless = jar("endless.jar", Map.of("X", "y"), Map.of());
    try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(endless))) {
      jar.putNextEntry(new ZipEntry("META-INF/MANIFEST.MF"));
      jar.write((main + "Long: " + "x".repeat(2 << 20)).getBytes(UTF_8));
    }
    assertThatThrownBy(() -> Libraries.in(List.of(endless)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("endless.jar")
        .cause()
        .hasMessageContaining("less than 1048576 bytes");
  }

  @Test
  void whatIsNoJarIsSaidByName() throws IOException {
    Path file = Files.writeString(folder.resolve("torn.jar"), "no jar");
    assertThatThrownBy(() -> Libraries.in(List.of(file)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("torn.jar")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain(folder.toString()));
  }

  /** Whatever started this test: the jar that JUnit came from is on its class path. */
  @Test
  void theClassPathOfThisProcessIsFound() throws Exception {
    Path jar =
        Path.of(Test.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Digest digest = Digest.of(Files.readAllBytes(jar));
    assertThat(Libraries.onClassPath())
        .filteredOn(library -> library.sha256().equals(Optional.of(digest)))
        .singleElement()
        .satisfies(library -> {
          assertThat(library.file()).contains(jar.getFileName().toString());
          assertThat(library.version()).isPresent();
        });
  }

  // ---- provenance

  @Test
  void theDigestOfRowsIsThatOfTheirContent() {
    Schema schema = Schema.of(Column.number("a"), Column.category("b"));
    Row row = Row.of(schema, new double[] {1, 0}, new String[] {"", "x"});
    Labelled<Row> one = new Labelled<>(row, Truth.of("yes"));
    Digest digest = Provenance.digest(List.of(one, one));
    assertThat(digest)
        .isEqualTo(Provenance.digest(List.of(
            one,
            new Labelled<>(
                Row.of(
                    Schema.of(Column.number("a"), Column.category("b")),
                    new double[] {1, 0},
                    new String[] {"", "x"}),
                Truth.of("yes")))))
        .isNotEqualTo(Provenance.digest(List.of(one)))
        .isNotEqualTo(Provenance.digest(List.of(one, one.withWeight(2))))
        .isNotEqualTo(Provenance.digest(List.of(one, new Labelled<>(row, Truth.of("no")))))
        .isNotEqualTo(Provenance.digest(List.of(
            one,
            new Labelled<>(
                Row.of(schema, new double[] {1, 0}, new String[] {"", ""}), Truth.of("yes")))));
    assertThat(List.of(
            Truth.of(0.0),
            Truth.of(-0.0),
            Truth.of(1.0),
            Truth.of("1.0"),
            Truth.of(Map.of("v", 1.0))))
        .extracting(truth -> Provenance.digest(List.of(new Labelled<>(row, truth))))
        .doesNotHaveDuplicates();
    // Computed once, on JDK 17: any machine must find it again.
    assertThat(digest.abbreviated()).isEqualTo("3c15dc211eea");
  }
}
