package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.Reference;
import dev.mlops.core.internal.json.Json;
import dev.mlops.testkit.ModelPackageContract;
import dev.mlops.testkit.PackageContents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilePackageTest extends ModelPackageContract {
  static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("country")).positiveLabel("fraud");
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
      assertEquals(List.of(Library.of("org.example:lib", "1.2")), found.libraries());
      assertEquals(Configuration.builder().put("threshold", "0.5").build(), found.configuration());
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
            "model-card.md",
            "model.bin",
            "sbom.cdx.json",
            "schema.json"),
        read.files().stream().map(PackageFile::name).toList());
    assertTrue(read.toString().matches("fraud sha256:[0-9a-f]{12} 9 files, mine"), read.toString());
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
        "05739f00d6c86fb1c13f4ce06773260d56f63e9a4f2ef056c77b5472d7080a12",
        whole().build().digest().hex());
  }

  // ---- the contract, through folders

  private int folders;

  private Path newFolder() {
    return folder.resolve("contract-" + folders++);
  }

  @Override
  protected ModelPackage make(PackageContents contents) {
    FilePackage.Builder builder = FilePackage.builder(contents.model(), contents.schema())
        .runtime("mine")
        .examples(contents.examples());
    contents.weights().forEach(builder::weights);
    return PackageFilling.fill(builder, contents).build();
  }

  @Override
  protected ModelPackage reopen(ModelPackage made) {
    Path target = newFolder();
    ((FilePackage) made).write(target);
    return FilePackage.read(target);
  }

  @Override
  protected ModelPackage reopenWith(ModelPackage made, PackageFile file, byte[] bytes) {
    Path target = newFolder();
    ((FilePackage) made).write(target);
    overwrite(blob(target, file.digest()), bytes);
    return FilePackage.read(target);
  }

  private static Path blob(Path folder, Digest digest) {
    return folder.resolve("blobs").resolve("sha256").resolve(digest.hex());
  }

  private static void overwrite(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- what a store hands over is verified each time

  private static Map<Digest, byte[]> blobs(ModelPackage source) {
    Map<Digest, byte[]> blobs = new HashMap<>();
    source.files().forEach(file -> blobs.put(file.digest(), source.read(file)));
    return blobs;
  }

  @Test
  void weightsThatChangeAfterOpeningAreRefusedEachTime() {
    FilePackage made = whole().build();
    Map<Digest, byte[]> blobs = blobs(made);
    FilePackage open = FilePackage.of(made.manifest(), blobs::get);
    PackageFile weights = open.files(Role.WEIGHTS).get(0);
    assertArrayEquals(WEIGHTS, open.read(weights));

    byte[] other = WEIGHTS.clone();
    other[3] ^= 1;
    blobs.put(weights.digest(), other);
    assertEquals(
        "fraud sha256:" + made.digest().abbreviated() + " is damaged: model.bin has sha256 "
            + Digest.of(other).abbreviated() + ", manifest says "
            + weights.digest().abbreviated() + "; not loaded",
        assertThrows(PackageIntegrityException.class, () -> open.read(weights)).getMessage());

    blobs.put(weights.digest(), new byte[5]);
    assertEquals(
        "fraud sha256:" + made.digest().abbreviated()
            + " is damaged: model.bin has 5 bytes, manifest says 18; not loaded",
        assertThrows(PackageIntegrityException.class, () -> open.read(weights)).getMessage());

    blobs.remove(weights.digest());
    assertEquals(
        "fraud sha256:" + made.digest().abbreviated()
            + " is damaged: model.bin is missing, manifest says sha256 "
            + weights.digest().abbreviated() + "; not loaded",
        assertThrows(PackageIntegrityException.class, () -> open.read(weights)).getMessage());

    blobs.put(weights.digest(), WEIGHTS);
    assertArrayEquals(WEIGHTS, open.read(weights));
  }

  @Test
  void anArrayThatIsSharedIsCopiedBeforeItIsVerified() {
    FilePackage made = whole().build();
    Map<Digest, byte[]> blobs = blobs(made);
    FilePackage open = FilePackage.of(made.manifest(), blobs::get);
    PackageFile weights = open.files(Role.WEIGHTS).get(0);
    byte[] read = open.read(weights);
    blobs.get(weights.digest())[0] ^= 1;
    assertArrayEquals(WEIGHTS, read);
  }

  /** Sections are parsed when a package is opened, so they are verified then. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "schema.json",
        "baseline.json",
        "examples.json",
        "libraries.json",
        "configuration.json"
      })
  void aDamagedSectionIsRefusedOnOpeningBeforeItIsParsed(String name) {
    FilePackage made = whole().build();
    Map<Digest, byte[]> blobs = blobs(made);
    PackageFile section = made.files().stream()
        .filter(file -> file.name().equals(name))
        .findFirst()
        .orElseThrow();
    byte[] other = blobs.get(section.digest());
    // Still JSON: only the digest tells.
    other[new String(other, UTF_8).indexOf(":1") + 1] = '2';
    PackageIntegrityException fault = assertThrows(
        PackageIntegrityException.class, () -> FilePackage.of(made.manifest(), blobs::get));
    assertEquals(
        "fraud sha256:" + made.digest().abbreviated() + " is damaged: " + name + " has sha256 "
            + Digest.of(other).abbreviated() + ", manifest says "
            + section.digest().abbreviated() + "; not loaded",
        fault.getMessage());
  }

  @Test
  void whatAStoreThrowsIsPassedOn() {
    FilePackage made = whole().build();
    IllegalStateException closed = new IllegalStateException("closed");
    IllegalStateException found = assertThrows(
        IllegalStateException.class,
        () -> FilePackage.of(made.manifest(), digest -> {
          throw closed;
        }));
    assertSame(closed, found);
  }

  @Test
  void aFlippedBitOfAnyBlobIsFound() throws IOException {
    FilePackage made = written();
    List<Path> files;
    try (Stream<Path> all = Files.list(folder.resolve("blobs/sha256"))) {
      files = all.toList();
    }
    assertEquals(made.files().size() + 2, files.size());
    for (Path file : files) {
      byte[] right = Files.readAllBytes(file);
      for (int bit = 0; bit < right.length * 8; bit += 37) {
        byte[] wrong = right.clone();
        wrong[bit / 8] ^= (byte) (1 << bit % 8);
        Files.write(file, wrong);
        assertThrows(
            PackageIntegrityException.class, () -> FilePackage.read(folder), file + ", bit " + bit);
      }
      Files.write(file, right);
    }
    FilePackage.read(folder);
  }

  // ---- manifests

  /** The manifest with a change to its text, over the right blobs. */
  private static PackageFormatException refused(UnaryOperator<String> change) {
    FilePackage made = whole().build();
    String text = new String(made.manifest(), UTF_8);
    String changed = change.apply(text);
    assertFalse(changed.equals(text), "the test changes nothing");
    Map<Digest, byte[]> blobs = blobs(made);
    return assertThrows(
        PackageFormatException.class,
        () -> FilePackage.of(changed.getBytes(UTF_8), blobs::get),
        changed);
  }

  @Test
  void aManifestThatIsNotCanonicalIsRefused() {
    for (UnaryOperator<String> change : List.<UnaryOperator<String>>of(
        text -> text + "\n",
        text -> text.replaceFirst(",", ", "),
        text -> text.replace("\"schemaVersion\":2}", "\"schemaVersion\":2.0}"),
        text -> text.replace("baseline.v3+json", "baseline.v4+json"),
        text -> text.replace("\"schemaVersion\":2}", "\"schemaVersion\":3}"),
        text -> text.replace("fraud", "\\u0066raud"),
        text -> text.replace("vnd.cncf.model.manifest", "vnd.cncf.model.manifesto"),
        text -> text.replace("vnd.oci.image.manifest", "vnd.oci.image.manifesto"),
        text -> text.replace("vnd.cncf.model.config", "vnd.cncf.model.configs"),
        text -> text.replace("filepath\":\"model.bin\"", "filepath\":\"other.bin\""),
        text -> text.replaceFirst("\"digest\":\"sha256:.", "\"digest\":\"sha256:f"),
        text -> text.replace("config.v1+json\",\"size\":", "config.v1+json\",\"size\":1"))) {
      assertTrue(
          refused(change)
              .getMessage()
              .startsWith("manifest must be canonical, but its bytes differ"),
          refused(change).getMessage());
    }
  }

  @Test
  void aNewerFormatIsRefusedBeforeAnythingElseIsLookedAt() {
    PackageFormatException fault =
        refused(text -> text.replace("\"dev.mlops.format\":\"2\"", "\"dev.mlops.format\":\"99\"")
            .replace("\"layers\"", "\"strata\""));
    assertEquals(
        "package was written in format 99, this library reads 1 to 2; a newer one may read it",
        fault.getMessage());
    assertEquals("PACKAGE-FORMAT", fault.code());
  }

  @Test
  void keysThatNobodyKnowsAreRefused() {
    assertEquals(
        "manifest at $: wanted no other keys than schemaVersion, mediaType, artifactType, annotations, config, layers,"
            + " got \"subject\"; nothing was read",
        refused(text -> text.replace("\"schemaVersion\"", "\"subject\":{},\"schemaVersion\""))
            .getMessage());
  }

  /** What a later release may add is carried: annotations, and files of roles and media types that nobody here knows. */
  @Test
  void whatANewerReleaseAddsIsReadAndCopiedUnchanged() throws IOException {
    FilePackage made = whole()
        .file("mlops/calibration.bin", Role.of("calibration"), new byte[] {1, 2, 3})
        .build();
    String newer = new String(made.manifest(), UTF_8)
        .replace("\"dev.mlops.format\"", "\"a\":\"b\",\"dev.mlops.format\"")
        .replace("vnd.mlops.file.v1.raw", "vnd.mlops.calibration.v3+json")
        .replace(
            "\"dev.mlops.role\":\"calibration\"",
            "\"dev.mlops.curves\":\"7\",\"dev.mlops.role\":\"calibration\"");
    FilePackage read = FilePackage.of(newer.getBytes(UTF_8), blobs(made)::get);
    assertThat(read.digest()).isEqualTo(Digest.of(newer.getBytes(UTF_8)));
    assertThat(read.files(Role.of("calibration"))).hasSize(1);
    read.write(folder);
    FilePackage copied = FilePackage.read(folder);
    assertThat(copied).isEqualTo(read);
    assertThat(copied.manifest()).isEqualTo(newer.getBytes(UTF_8));
    assertThat(copied.read(copied.files(Role.of("calibration")).get(0))).containsExactly(1, 2, 3);
  }

  @Test
  void aSectionOfANewerVersionIsRefusedByItsName() {
    assertThat(refused(text -> text.replace(
                    "\"dev.mlops.role\":\"baseline\",\"dev.mlops.section\":\"3\"",
                    "\"dev.mlops.role\":\"baseline\",\"dev.mlops.section\":\"9\"")
                .replace("vnd.mlops.baseline.v3", "vnd.mlops.baseline.v9"))
            .getMessage())
        .contains("baseline.json", "version 9", "reads 1 to 3");
  }

  /** Names below {@code mlops/} belong to sections of later releases. */
  @Test
  void reservedNamesAreRefused() {
    assertThatThrownBy(() -> whole().document("mlops/card.md", "mine").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mlops/card.md must not begin with mlops/");
    assertThatThrownBy(() -> whole().file("own.json", Role.SCHEMA, new byte[0]).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("own.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x",
        "/x",
        "C:\\\\x",
        "..\\\\x",
        "a/../../x",
        "a//b",
        "./x",
        "x/.",
        "a\\u0000b",
        "a\\nb",
        "\\u202ex",
        "%2e%2e/x",
        ""
      })
  void namesThatCouldBePathsAreRefused(String name) {
    String message = refused(
            text -> text.replace("title\":\"model.bin\"", "title\":\"" + name + "\""))
        .getMessage();
    assertTrue(message.contains("is not allowed in a package"), message);
    assertTrue(message.chars().allMatch(c -> c >= 32 && c < 127), message);
  }

  /** A careless guard against dots would refuse it. */
  @Test
  void aNameWithTwoDotsInsideIsFine() {
    assertEquals(
        "weights..v2.bin",
        FilePackage.builder("fraud", SCHEMA)
            .runtime("mine")
            .weights("weights..v2.bin", WEIGHTS)
            .build()
            .files(Role.WEIGHTS)
            .get(0)
            .name());
  }

  @Test
  void twoFilesOfOneNameAreRefusedAlsoInAnotherCase() {
    assertTrue(refused(text -> text.replace("docs/card.md", "MODEL.BIN"))
        .getMessage()
        .contains("file model.bin must differ from MODEL.BIN by more than case"));
    assertTrue(refused(text -> text.replace("docs/card.md", "model.bin"))
        .getMessage()
        .contains("file model.bin must differ from model.bin by more than case"));
  }

  @Test
  void filesOutOfOrderAreRefused() {
    assertTrue(refused(text -> text.replace("docs/card.md", "zebra.md"))
        .getMessage()
        .contains("file examples.json must stand in the order of names"));
  }

  @Test
  void digestsOfAnotherFormAreRefused() {
    for (UnaryOperator<String> change : List.<UnaryOperator<String>>of(
        text -> text.replaceAll("sha256:", "md5:"),
        text -> text.replaceAll("sha256:", "sha512:"),
        text -> text.replaceAll("sha256:", "SHA256:"),
        text -> text.replaceAll("sha256:.", "sha256:A"),
        text -> text.replaceAll("sha256:.", "sha256:"))) {
      String message = refused(change).getMessage();
      assertTrue(message.startsWith("manifest is malformed: a "), message);
      assertTrue(message.contains("sha256") && message.contains("64"), message);
    }
  }

  @Test
  void aKnownRoleOfAnotherMediaTypeIsRefused() {
    assertThat(refused(text -> text.replace("weight.v1.raw", "code.v1.raw")).getMessage())
        .contains("must be canonical");
  }

  @Test
  void aPackageMustHaveWeightsAndOneSchema() {
    assertThat(refused(text -> text.replace("role\":\"weights", "role\":\"document"))
            .getMessage())
        .contains("weights are missing");
    assertThat(
            refused(text -> text.replace("role\":\"schema", "role\":\"notes")).getMessage())
        .contains("the schema is missing");
    assertThat(refused(text -> text.replace(
                "dev.mlops.role\":\"document\"",
                "dev.mlops.role\":\"schema\",\"dev.mlops.section\":\"1\""))
            .getMessage())
        .contains("file docs/card.md of role schema must be named schema.json");
  }

  @Test
  void sizesBeyondTheLimitsAreRefusedBeforeABlobIsAskedFor() {
    assertTrue(refused(text -> text.replace("\"size\":18}", "\"size\":1099511627777}"))
        .getMessage()
        .contains("file model.bin must have at most 1099511627776 bytes, but has 1099511627777"));
    assertTrue(refused(text -> text.replace("\"size\":15}", "\"size\":16777217}"))
        .getMessage()
        .contains("file docs/card.md must have at most 16777216 bytes, but has 16777217"));
    assertTrue(refused(text -> text.replace("\"size\":18}", "\"size\":-1}"))
        .getMessage()
        .contains("size of model.bin must be >= 0, but was -1"));
  }

  @Test
  void aManifestBeyondItsLimitIsRefusedBeforeItIsParsed() {
    assertEquals(
        "manifest at $: wanted at most 4194304 bytes, got 4194305; nothing was read",
        assertThrows(
                PackageFormatException.class,
                () -> FilePackage.of(new byte[(4 << 20) + 1], digest -> null))
            .getMessage());
  }

  @Test
  void moreThanAThousandFilesAreRefused() {
    FilePackage.Builder builder = FilePackage.builder("fraud", SCHEMA).runtime("mine");
    for (int i = 0; i < 997; i++) {
      builder.weights("w" + i, new byte[] {1});
    }
    FilePackage fits = builder.build();
    assertEquals(
        1_000, FilePackage.of(fits.manifest(), blobs(fits)::get).files().size());
    builder.weights("w997", new byte[] {1});
    assertEquals(
        "cannot build a package of fraud: a package must have at most 1000 files, but has 1001",
        assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    String layer = "{\"annotations\":{},\"digest\":\"\",\"mediaType\":\"\",\"size\":1}";
    assertEquals(
        "manifest at $.layers: wanted at most 1000 files, got an array of 1001; nothing was read",
        refused(text -> text.replaceFirst(
                "\"layers\":\\[.*\\]", "\"layers\":[" + layer + ("," + layer).repeat(1_000) + "]"))
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\u001f\u008b\b",
        "PK\u0003\u0004",
        "[]",
        "{}",
        "null",
        "{\"annotations\":1}",
        "\uFEFF{}"
      })
  void whatIsNoManifestIsRefused(String text) {
    assertThrows(
        PackageFormatException.class, () -> FilePackage.of(text.getBytes(UTF_8), digest -> null));
  }

  // ---- folders

  private PackageFormatException folderRefused() {
    return assertThrows(PackageFormatException.class, () -> FilePackage.read(folder));
  }

  @Test
  void aFolderWithoutAPackageIsRefused() throws IOException {
    assertEquals(
        "no package: oci-layout is missing; nothing was read", folderRefused().getMessage());
    assertEquals(
        "no package: wanted a folder with a package, got nothing; nothing was read",
        assertThrows(PackageFormatException.class, () -> FilePackage.read(folder.resolve("absent")))
            .getMessage());
    Path file = Files.write(folder.resolve("archive.tgz"), new byte[] {31, (byte) 139});
    assertEquals(
        "no package: wanted a folder with a package, got a file; nothing was read",
        assertThrows(PackageFormatException.class, () -> FilePackage.read(file)).getMessage());
  }

  @Test
  void everyFileOfAFolderIsNeeded() throws IOException {
    FilePackage made = written();
    for (String name : List.of("oci-layout", "index.json")) {
      byte[] bytes = Files.readAllBytes(folder.resolve(name));
      Files.delete(folder.resolve(name));
      assertEquals(
          "no package: " + name + " is missing; nothing was read",
          folderRefused().getMessage());
      Files.write(folder.resolve(name), bytes);
    }
    Files.delete(blob(folder, made.files(Role.DOCUMENT).get(0).digest()));
    assertEquals(
        "fraud sha256:" + made.digest().abbreviated()
            + " is damaged: docs/card.md is missing, manifest says sha256 "
            + made.files(Role.DOCUMENT).get(0).digest().abbreviated() + "; not loaded",
        assertThrows(PackageIntegrityException.class, () -> FilePackage.read(folder))
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 10, 100})
  void aFileCutShortIsRefusedByItsSizeBeforeItIsRead(int length) throws IOException {
    FilePackage made = written();
    PackageFile section = made.files(Role.EXAMPLES).get(0);
    byte[] bytes = Files.readAllBytes(blob(folder, section.digest()));
    Files.write(blob(folder, section.digest()), Arrays.copyOf(bytes, length));
    assertEquals(
        "fraud sha256:" + made.digest().abbreviated() + " is damaged: examples.json has " + length
            + " bytes, manifest says " + section.size() + "; not loaded",
        assertThrows(PackageIntegrityException.class, () -> FilePackage.read(folder))
            .getMessage());
  }

  @Test
  void anIndexThatIsNotCanonicalIsRefused() throws IOException {
    written();
    Path index = folder.resolve("index.json");
    String text = Files.readString(index);
    for (UnaryOperator<String> change : List.<UnaryOperator<String>>of(
        found -> found + " ",
        found -> found.replace("image.index", "image.indices"),
        found -> found.replace("\"schemaVersion\":2", "\"schemaVersion\":1"))) {
      Files.writeString(index, change.apply(text));
      assertEquals(
          "index.json must be canonical, but its bytes differ from those that its content is written as; nothing was read",
          folderRefused().getMessage());
    }
    for (String broken : List.of(
        "",
        "{}",
        "\uFEFF" + text,
        "{" + text.substring(1, text.length() - 1) + ",\"a\":1}",
        text + text)) {
      Files.writeString(index, broken);
      assertTrue(
          folderRefused().getMessage().startsWith("index.json at "),
          folderRefused().getMessage());
    }
    Files.writeString(index, text.replaceFirst("\\[(.*)\\]", "[$1,$1]"));
    assertEquals(
        "index.json must list one manifest, but lists 2; nothing was read",
        folderRefused().getMessage());
    Files.writeString(index, text.replaceFirst("\\[(.*)\\]", "[]"));
    assertEquals(
        "index.json must list one manifest, but lists 0; nothing was read",
        folderRefused().getMessage());
    Files.writeString(index, text.replaceAll("\"size\":[0-9]+", "\"size\":4194305"));
    assertEquals(
        "manifest must have at most 4194304 bytes, but has 4194305; nothing was read",
        folderRefused().getMessage());
    Files.writeString(index, "x".repeat(70_000));
    assertEquals(
        "no package: index.json must have at most 65536 bytes, but has more; nothing was read",
        folderRefused().getMessage());
  }

  @Test
  void anotherLayoutVersionIsRefused() throws IOException {
    written();
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"2.0.0\"}");
    assertEquals(
        "no package: oci-layout must be {\"imageLayoutVersion\":\"1.0.0\"}; nothing was read",
        folderRefused().getMessage());
  }

  /** The bytes behind the link are the right ones: it is refused for being a link. */
  @Test
  void linksAreNotFollowed() throws IOException {
    FilePackage made = written();
    for (Path file : List.of(
        folder.resolve("index.json"),
        folder.resolve("oci-layout"),
        blob(folder, made.files(Role.WEIGHTS).get(0).digest()))) {
      Path aside = folder.resolve("aside");
      Files.move(file, aside);
      Files.createSymbolicLink(file, aside);
      MlopsException fault = assertThrows(MlopsException.class, () -> FilePackage.read(folder));
      assertTrue(fault.getMessage().contains("link"), fault.getMessage());
      Files.delete(file);
      Files.move(aside, file);
    }
    FilePackage.read(folder);
  }

  @Test
  void messagesHoldNoPath() throws IOException {
    FilePackage made = written();
    Files.delete(folder.resolve("index.json"));
    assertFalse(folderRefused().getMessage().contains(folder.toString()));
    Files.writeString(folder.resolve("notes.txt"), "mine");
    String refusal =
        assertThrows(IllegalArgumentException.class, () -> made.write(folder)).getMessage();
    assertFalse(refusal.contains(folder.toString()), refusal);
  }

  // ---- writing

  @Test
  void aFolderWithSomethingElseIsNotTouched() throws IOException {
    Files.writeString(folder.resolve("notes.txt"), "mine");
    assertEquals(
        "wanted an empty folder or one with this package, got one with \"notes.txt\"; nothing was written",
        assertThrows(IllegalArgumentException.class, () -> whole().build().write(folder))
            .getMessage());
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(
          List.of("notes.txt"), left.map(file -> file.getFileName().toString()).toList());
    }
    Path file = Files.writeString(folder.resolve("file"), "mine");
    assertEquals(
        "wanted a folder, got a file; nothing was written",
        assertThrows(IllegalArgumentException.class, () -> whole().build().write(file))
            .getMessage());
  }

  @Test
  void aFolderWithAnotherPackageIsNotTouched() {
    FilePackage made = written();
    FilePackage other = whole().configuration("threshold", "0.6").build();
    assertEquals(
        "wanted an empty folder or one with this package, got one with another package; nothing was written",
        assertThrows(IllegalArgumentException.class, () -> other.write(folder)).getMessage());
    assertEquals(made, FilePackage.read(folder));
  }

  @Test
  void writingAgainReusesWhatIsThereAndMendsWhatIsDamaged() throws IOException {
    FilePackage made = written();
    Path weights = blob(folder, made.files(Role.WEIGHTS).get(0).digest());
    Path card = blob(folder, made.files(Role.DOCUMENT).get(0).digest());
    Object identity = Files.readAttributes(weights, BasicFileAttributes.class).fileKey();
    Files.writeString(card, "damaged");
    made.write(folder);
    assertEquals(made, FilePackage.read(folder));
    assertEquals(
        identity, Files.readAttributes(weights, BasicFileAttributes.class).fileKey());
  }

  /** A disk that stops for good at its n-th operation, as a crash does; n = 1, 2, … until the write succeeds. */
  @Test
  void aCrashAtAnyInstructionLeavesNoPackageOrAWholeOne() throws IOException {
    FilePackage made = whole().build();
    int n = 1;
    for (boolean done = false; !done; n++) {
      Path target = newFolder();
      CrashingDisk disk = new CrashingDisk(n);
      try {
        made.write(target, disk);
        done = true;
      } catch (UncheckedIOException e) {
        assertTrue(
            e.getMessage().startsWith("could not write package fraud sha256:"), e.getMessage());
        assertFalse(e.getMessage().contains(target.toString()), e.getMessage());
      }
      try {
        assertEquals(made, FilePackage.read(target));
      } catch (PackageFormatException e) {
        assertFalse(done, "operation " + n);
      }
      made.write(target);
      assertEquals(made, FilePackage.read(target), "operation " + n);
      try (Stream<Path> all = Files.walk(target)) {
        assertTrue(
            all.noneMatch(file -> file.getFileName().toString().startsWith(".mlops-")),
            "operation " + n);
      }
    }
    assertTrue(n > 30, "only " + n + " operations");
  }

  /** Fails at the n-th operation and at every later one. */
  private static final class CrashingDisk extends Disk {
    private int left;

    CrashingDisk(int n) {
      this.left = n;
    }

    private void step() throws IOException {
      if (--left <= 0) {
        throw new IOException("the disk is gone");
      }
    }

    @Override
    void write(Path file, Content bytes) throws IOException {
      step();
      super.write(file, bytes);
    }

    @Override
    void force(Path file) throws IOException {
      step();
      super.force(file);
    }

    @Override
    void forceFolder(Path target) throws IOException {
      step();
      super.forceFolder(target);
    }

    @Override
    void move(Path from, Path to) throws IOException {
      step();
      super.move(from, to);
    }
  }

  /**
   * What a power cut leaves is what was forced: a file gets its name after its bytes are forced, folders are forced after the
   * names in them, and the index comes after everything that it leads to.
   */
  @Test
  void everythingIsForcedBeforeWhatLeadsToIt() {
    FilePackage made = whole().build();
    Path target = folder.resolve("deep").resolve("package");
    RecordingDisk disk = new RecordingDisk(target);
    made.write(target, disk);
    List<String> steps = disk.steps;
    int index = steps.indexOf("move index.json");
    for (String blob : blobNames(made)) {
      assertTrue(steps.indexOf("force before blobs/sha256/" + blob) >= 0, blob + " of " + steps);
      assertTrue(
          steps.indexOf("force before blobs/sha256/" + blob)
              < steps.indexOf("move blobs/sha256/" + blob),
          blob + " of " + steps);
      assertTrue(
          steps.indexOf("move blobs/sha256/" + blob) < steps.lastIndexOf("folder blobs/sha256"),
          blob + " of " + steps);
    }
    assertTrue(steps.lastIndexOf("folder blobs/sha256") < index, steps.toString());
    assertTrue(
        steps.indexOf("force before index.json") >= 0
            && steps.indexOf("force before index.json") < index,
        steps.toString());
    assertTrue(steps.indexOf("force before oci-layout") >= 0, steps.toString());
    assertEquals("folder .", steps.get(steps.size() - 1), steps.toString());
    // New folders outlive a power cut only when the folder above each is forced.
    for (String above : List.of("folder blobs", "folder .", "folder ..", "folder ../..")) {
      assertTrue(steps.contains(above), above + " of " + steps);
    }

    disk.steps.clear();
    made.write(target, disk);
    for (String blob : blobNames(made)) {
      assertTrue(
          disk.steps.contains("force blobs/sha256/" + blob),
          "a blob that is reused may never have been forced");
    }
  }

  private static Set<String> blobNames(FilePackage made) {
    Set<String> names = new TreeSet<>();
    made.files().forEach(file -> names.add(file.digest().hex()));
    names.add(made.digest().hex());
    return names;
  }

  /** Writes down what is done to which file; an unfinished file is named by what it becomes. */
  private static final class RecordingDisk extends Disk {
    final List<String> steps = new ArrayList<>();
    private final Map<Path, Integer> forced = new HashMap<>();
    private final Path root;

    RecordingDisk(Path root) {
      this.root = root;
    }

    private String name(Path file) {
      String name = root.relativize(file).toString().replace('\\', '/');
      return name.isEmpty() ? "." : name;
    }

    @Override
    void force(Path file) throws IOException {
      super.force(file);
      forced.put(file, steps.size());
      steps.add("force " + name(file));
    }

    @Override
    void forceFolder(Path target) throws IOException {
      super.forceFolder(target);
      steps.add("folder " + name(target));
    }

    @Override
    void move(Path from, Path to) throws IOException {
      super.move(from, to);
      Integer at = forced.get(from);
      if (at != null) {
        steps.set(at, "force before " + name(to));
      }
      steps.add("move " + name(to));
    }
  }

  // ---- building

  /** A store would refuse it when it is published: a file of that name cannot be made everywhere. */
  @ParameterizedTest
  @ValueSource(strings = {"con", "nul.2", "com1", "lpt9.a.b"})
  void aNameThatAStoreWouldRefuseIsRefused(String name) {
    FilePackage.Builder builder =
        FilePackage.builder(name, SCHEMA).runtime("own").weights("model.bin", new byte[] {1});
    assertEquals(
        "cannot build a package of " + name + ": model must be 1 to 64 of a-z 0-9 . _ -, begin and"
            + " end with a letter or digit, without .. and no device name, but was \"" + name
            + "\"",
        assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    assertThrows(IllegalArgumentException.class, () -> Reference.requireName("model", name));
    FilePackage.builder(name.replace('.', '-') + "-model", SCHEMA)
        .runtime("own")
        .weights("model.bin", new byte[] {1})
        .build();
  }

  @Test
  void allProblemsAreSaidAtOnce() {
    Schema other = Schema.of(Column.number("amount"), Column.number("age"));
    FilePackage.Builder builder = FilePackage.builder("Fraud", SCHEMA)
        .weights("../model.bin", WEIGHTS)
        .document("card.md", folder.resolve("absent"))
        .document("schema.json", new byte[0])
        .baseline(Baseline.builder(other).build())
        .examples(List.of(new GoldenExample(
            Row.of(SCHEMA, 1.0, "DE"),
            Classification.of(List.of("a", "b"), new double[] {Double.NaN, 1}))));
    assertEquals(
        "cannot build a package of Fraud: model must be 1 to 64 of a-z 0-9 . _ -, begin and end with a letter or digit, without"
            + " .. and no device name, but was \"Fraud\"; the runtime is missing; file name \"../model.bin\" is not allowed in a package: wanted"
            + " letters, digits, . _ - in parts divided by /, at most 200 characters; file card.md could not be read"
            + " (NoSuchFileException); baseline: column country (category) is missing; baseline: column age (number) is unknown;"
            + " a golden example must expect finite scores; file schema.json must not have the name of a section; file"
            + " schema.json must differ from schema.json by more than case",
        assertThrows(IllegalArgumentException.class, builder::build).getMessage());
  }

  /** Two labels of one name have no exact form: the second score would be lost. */
  @Test
  void whatWouldNotReadBackExactlyIsRefused() {
    FilePackage.Builder builder = whole()
        .examples(List.of(new GoldenExample(
            Row.of(SCHEMA, 1.0, "DE"),
            Classification.of(List.of("a", "a"), new double[] {0.25, 0.75}))));
    assertEquals(
        "cannot build a package of fraud: examples.json would not read back as it was given",
        assertThrows(IllegalArgumentException.class, builder::build).getMessage());
  }

  @Test
  void weightsMayComeFromAFile() throws IOException {
    Path file = Files.write(folder.resolve("model"), WEIGHTS);
    assertEquals(
        FilePackage.builder("fraud", SCHEMA)
            .runtime("mine")
            .weights("model.bin", WEIGHTS)
            .build(),
        FilePackage.builder("fraud", SCHEMA)
            .runtime("mine")
            .weights("model.bin", file)
            .build());
  }

  @Test
  void aBuilderBuildsTheSameAgainAndCopiesWhatItIsGiven() {
    byte[] weights = WEIGHTS.clone();
    FilePackage.Builder builder =
        FilePackage.builder("fraud", SCHEMA).runtime("mine").weights("model.bin", weights);
    FilePackage first = builder.build();
    weights[0] ^= 1;
    assertEquals(first, builder.build());
    assertArrayEquals(WEIGHTS, first.read(first.files(Role.WEIGHTS).get(0)));
    assertFalse(first.equals(builder.configuration("a", "b").build()));
  }

  // ---- for ever

  /** Written by release 0.1. */
  @Test
  void aPackageOfRelease01IsReadForEver() throws Exception {
    Path stored = Path.of(
            FilePackageTest.class.getResource("/package-0.1/oci-layout").toURI())
        .getParent();
    FilePackage read = FilePackage.read(stored);
    assertEquals(
        "5a8ab99ada4174272292ae637dc13ba46bfc121a678b91c4dd0b69f95a81696d",
        read.digest().hex());
    assertEquals("fraud", read.model());
    assertEquals(SCHEMA, read.schema());
    assertEquals(Optional.of("0.5"), read.configuration().text("threshold"));
    assertEquals(List.of(Library.of("org.example:lib", "1.2")), read.libraries());
    assertEquals(baseline(), read.baseline().orElseThrow());
    assertEquals(examples(), read.examples());
    assertArrayEquals(WEIGHTS, read.read(read.files(Role.WEIGHTS).get(0)));
    // The folder as well as the manifest: file by file the same bytes.
    Path again = newFolder();
    read.write(again);
    try (Stream<Path> files = Files.walk(again)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertArrayEquals(
            Files.readAllBytes(stored.resolve(again.relativize(file).toString())),
            Files.readAllBytes(file),
            file.toString());
      }
    }
  }

  /** As the ModelPack specification 0.0.7 has it: descriptor, config and modelfs with layers and diffIds, no more. */
  @Test
  void theConfigurationBlobIsAModelPackConfiguration() throws IOException {
    FilePackage made = written();
    Json manifest = Json.parse(made.manifest(), 1 << 20);
    assertEquals(
        "application/vnd.cncf.model.config.v1+json",
        manifest.get("config").get("mediaType").text());
    Json config = Json.parse(
        Files.readAllBytes(
            blob(folder, Digest.parse(manifest.get("config").get("digest").text()))),
        1 << 20);
    config.only("descriptor", "config", "modelfs");
    assertEquals("fraud", config.get("descriptor").get("name").text());
    assertEquals("layers", config.get("modelfs").get("type").text());
    assertEquals(
        made.files().stream().map(file -> file.digest().toString()).toList(),
        config.get("modelfs").get("diffIds").texts());
  }
}
