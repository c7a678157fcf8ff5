package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.time.Duration;
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
    return baseline(Latency.of(1_000, 2_000, 3_000));
  }

  private static Baseline baseline(Latency latency) {
    return Baseline.builder(SCHEMA)
        .rows(100)
        .quality(Metric.ACCURACY, Estimate.share(95, 100))
        .latency(latency)
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
      assertThat(found.model()).isEqualTo("fraud");
      assertThat(found.runtime()).isEqualTo("mine");
      assertThat(found.schema()).isEqualTo(SCHEMA);
      assertThat(found.baseline().orElseThrow()).isEqualTo(baseline());
      assertThat(found.examples()).isEqualTo(examples());
      assertThat(found.libraries()).isEqualTo(List.of(Library.of("org.example:lib", "1.2")));
      assertThat(found.configuration())
          .isEqualTo(Configuration.builder().put("threshold", "0.5").build());
      assertThat(found.read(found.files(Role.WEIGHTS).get(0))).isEqualTo(WEIGHTS);
    }
    assertThat(read).isEqualTo(made);
    assertThat(read.files().stream().map(PackageFile::name).toList())
        .isEqualTo(List.of(
            "baseline.json",
            "configuration.json",
            "docs/card.md",
            "examples.json",
            "libraries.json",
            "model-card.md",
            "model.bin",
            "sbom.cdx.json",
            "schema.json"));
    assertThat(read.toString().matches("fraud sha256:[0-9a-f]{12} 9 files, mine"))
        .as(read.toString())
        .isTrue();
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
      assertThat(other.build().manifest()).isEqualTo(whole().build().manifest());
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
    }
    // Computed once, on JDK 17: any machine must find it again.
    assertThat(whole().build().digest().hex())
        .isEqualTo("db7d5a01b1dd40b4fb46342b5b8faa054bf988b75e3e1ab383c87722a9b7a1bb");
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
    assertThat(open.read(weights)).isEqualTo(WEIGHTS);

    byte[] other = WEIGHTS.clone();
    other[3] ^= 1;
    blobs.put(weights.digest(), other);
    assertThatThrownBy(() -> open.read(weights))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud sha256:" + made.digest().abbreviated(),
            "model.bin",
            "sha256 " + Digest.of(other).abbreviated(),
            "says " + weights.digest().abbreviated(),
            "not loaded");

    blobs.put(weights.digest(), new byte[5]);
    assertThatThrownBy(() -> open.read(weights))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud sha256:" + made.digest().abbreviated(),
            "model.bin has 5 bytes",
            "says 18",
            "not loaded");

    blobs.remove(weights.digest());
    assertThatThrownBy(() -> open.read(weights))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud sha256:" + made.digest().abbreviated(),
            "model.bin",
            "sha256 " + weights.digest().abbreviated(),
            "not loaded",
            "is missing");

    blobs.put(weights.digest(), WEIGHTS);
    assertThat(open.read(weights)).isEqualTo(WEIGHTS);
  }

  @Test
  void anArrayThatIsSharedIsCopiedBeforeItIsVerified() {
    FilePackage made = whole().build();
    Map<Digest, byte[]> blobs = blobs(made);
    FilePackage open = FilePackage.of(made.manifest(), blobs::get);
    PackageFile weights = open.files(Role.WEIGHTS).get(0);
    byte[] read = open.read(weights);
    blobs.get(weights.digest())[0] ^= 1;
    assertThat(read).isEqualTo(WEIGHTS);
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
    PackageIntegrityException fault = assertThatExceptionOfType(PackageIntegrityException.class)
        .isThrownBy(() -> FilePackage.of(made.manifest(), blobs::get))
        .actual();
    assertThat(fault.getMessage())
        .isEqualTo(
            "fraud sha256:" + made.digest().abbreviated() + " is damaged: " + name + " has sha256 "
                + Digest.of(other).abbreviated() + ", manifest says "
                + section.digest().abbreviated() + "; not loaded");
  }

  @Test
  void whatAStoreThrowsIsPassedOn() {
    FilePackage made = whole().build();
    IllegalStateException closed = new IllegalStateException("closed");
    IllegalStateException found = assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> FilePackage.of(made.manifest(), digest -> {
          throw closed;
        }))
        .actual();
    assertThat(found).isSameAs(closed);
  }

  @Test
  void aFlippedBitOfAnyBlobIsFound() throws IOException {
    FilePackage made = written();
    List<Path> files;
    try (Stream<Path> all = Files.list(folder.resolve("blobs/sha256"))) {
      files = all.toList();
    }
    assertThat(files.size()).isEqualTo(made.files().size() + 2);
    for (Path file : files) {
      byte[] right = Files.readAllBytes(file);
      for (int bit = 0; bit < right.length * 8; bit += 37) {
        byte[] wrong = right.clone();
        wrong[bit / 8] ^= (byte) (1 << bit % 8);
        Files.write(file, wrong);
        assertThatThrownBy(() -> FilePackage.read(folder))
            .as(file + ", bit " + bit)
            .isInstanceOf(PackageIntegrityException.class);
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
    assertThat(changed.equals(text)).as("the test changes nothing").isFalse();
    Map<Digest, byte[]> blobs = blobs(made);
    return assertThatExceptionOfType(PackageFormatException.class)
        .isThrownBy(() -> FilePackage.of(changed.getBytes(UTF_8), blobs::get))
        .actual();
  }

  @Test
  void aManifestThatIsNotCanonicalIsRefused() {
    for (UnaryOperator<String> change : List.<UnaryOperator<String>>of(
        text -> text + "\n",
        text -> text.replaceFirst(",", ", "),
        text -> text.replace("\"schemaVersion\":2}", "\"schemaVersion\":2.0}"),
        text -> text.replace("baseline.v4+json", "baseline.v5+json"),
        text -> text.replace("\"schemaVersion\":2}", "\"schemaVersion\":3}"),
        text -> text.replace("fraud", "\\u0066raud"),
        text -> text.replace("vnd.cncf.model.manifest", "vnd.cncf.model.manifesto"),
        text -> text.replace("vnd.oci.image.manifest", "vnd.oci.image.manifesto"),
        text -> text.replace("vnd.cncf.model.config", "vnd.cncf.model.configs"),
        text -> text.replace("filepath\":\"model.bin\"", "filepath\":\"other.bin\""),
        text -> text.replaceFirst("\"digest\":\"sha256:.", "\"digest\":\"sha256:f"),
        text -> text.replace("config.v1+json\",\"size\":", "config.v1+json\",\"size\":1"))) {
      assertThat(refused(change)
              .getMessage()
              .startsWith("manifest must be canonical, but its bytes differ"))
          .as(refused(change).getMessage())
          .isTrue();
    }
  }

  @Test
  void aNewerFormatIsRefusedBeforeAnythingElseIsLookedAt() {
    PackageFormatException fault =
        refused(text -> text.replace("\"dev.mlops.format\":\"2\"", "\"dev.mlops.format\":\"99\"")
            .replace("\"layers\"", "\"strata\""));
    assertThat(fault.getMessage())
        .isEqualTo(
            "package was written in format 99, this library reads 1 to 2; a newer one may read it");
    assertThat(fault.code()).isEqualTo("PACKAGE-FORMAT");
  }

  @Test
  void keysThatNobodyKnowsAreRefused() {
    assertThat(
            refused(text -> text.replace("\"schemaVersion\"", "\"subject\":{},\"schemaVersion\""))
                .getMessage())
        .isEqualTo(
            "manifest at $: wanted no other keys than schemaVersion, mediaType, artifactType, annotations, config, layers,"
                + " got \"subject\"; nothing was read");
  }

  /** What a later release may add is carried: annotations, and files of roles and media types that nobody here knows. */
  @Test
  void whatANewerReleaseAddsIsReadAndCopiedUnchanged() throws IOException {
    FilePackage made = whole()
        .file("mlops/uncertainty.bin", Role.of("uncertainty"), new byte[] {1, 2, 3})
        .build();
    String newer = new String(made.manifest(), UTF_8)
        .replace("\"dev.mlops.format\"", "\"a\":\"b\",\"dev.mlops.format\"")
        .replace("vnd.mlops.file.v1.raw", "vnd.mlops.uncertainty.v3+json")
        .replace(
            "\"dev.mlops.role\":\"uncertainty\"",
            "\"dev.mlops.curves\":\"7\",\"dev.mlops.role\":\"uncertainty\"");
    FilePackage read = FilePackage.of(newer.getBytes(UTF_8), blobs(made)::get);
    assertThat(read.digest()).isEqualTo(Digest.of(newer.getBytes(UTF_8)));
    assertThat(read.files(Role.of("uncertainty"))).hasSize(1);
    read.write(folder);
    FilePackage copied = FilePackage.read(folder);
    assertThat(copied).isEqualTo(read);
    assertThat(copied.manifest()).isEqualTo(newer.getBytes(UTF_8));
    assertThat(copied.read(copied.files(Role.of("uncertainty")).get(0))).containsExactly(1, 2, 3);
  }

  @Test
  void aSectionOfANewerVersionIsRefusedByItsName() {
    assertThat(refused(text -> text.replace(
                    "\"dev.mlops.role\":\"baseline\",\"dev.mlops.section\":\"4\"",
                    "\"dev.mlops.role\":\"baseline\",\"dev.mlops.section\":\"9\"")
                .replace("vnd.mlops.baseline.v4", "vnd.mlops.baseline.v9"))
            .getMessage())
        .contains("baseline.json", "version 9", "reads 1 to 4");
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
    assertThat(message.contains("is not allowed in a package")).as(message).isTrue();
    assertThat(message.chars().allMatch(c -> c >= 32 && c < 127)).as(message).isTrue();
  }

  /** A careless guard against dots would refuse it. */
  @Test
  void aNameWithTwoDotsInsideIsFine() {
    assertThat(FilePackage.builder("fraud", SCHEMA)
            .runtime("mine")
            .weights("weights..v2.bin", WEIGHTS)
            .build()
            .files(Role.WEIGHTS)
            .get(0)
            .name())
        .isEqualTo("weights..v2.bin");
  }

  /** Nobody could unpack such a package by its names; what was built before this was asked is read. */
  @Test
  void namesThatSomeFileSystemCannotHoldAreRefusedWhenBuilt() {
    for (String name :
        List.of("con", "CON.txt", "aux/x", "docs/nul.md", "com1.bin", "a.", "a./b")) {
      assertThatThrownBy(() -> whole().document(name, "mine").build())
          .as(name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("file " + name + " must have no part", "dot", "device name");
    }
    for (String[] both : new String[][] {
      {"a", "a/b"}, {"A", "a/b/c"}, {"a/b", "a/B/c"}, {"model.bin/x", "x"}, {"sbom.cdx.json/x", "x"}
    }) {
      assertThatThrownBy(
              () -> whole().document(both[0], "mine").document(both[1], "mine").build())
          .as(String.join(" and ", both))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must not be the folder of");
    }
    assertThat(whole().document("console", "1").document("a.b/c", "2").build().files(Role.DOCUMENT))
        .extracting(PackageFile::name)
        .contains("console", "a.b/c");
    FilePackage made = whole().document("docs/x", "1").build();
    Map<Digest, byte[]> blobs = blobs(made);
    byte[] older =
        new String(made.manifest(), UTF_8).replace("docs/card.md", "docs").getBytes(UTF_8);
    assertThat(FilePackage.of(older, blobs::get).files())
        .extracting(PackageFile::name)
        .contains("docs", "docs/x");
  }

  @Test
  void twoFilesOfOneNameAreRefusedAlsoInAnotherCase() {
    assertThat(refused(text -> text.replace("docs/card.md", "MODEL.BIN"))
            .getMessage()
            .contains("file model.bin must differ from MODEL.BIN by more than case"))
        .isTrue();
    assertThat(refused(text -> text.replace("docs/card.md", "model.bin"))
            .getMessage()
            .contains("file model.bin must differ from model.bin by more than case"))
        .isTrue();
  }

  @Test
  void filesOutOfOrderAreRefused() {
    assertThat(refused(text -> text.replace("docs/card.md", "zebra.md"))
            .getMessage()
            .contains("file examples.json must stand in the order of names"))
        .isTrue();
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
      assertThat(message.startsWith("manifest is malformed: a ")).as(message).isTrue();
      assertThat(message.contains("sha256") && message.contains("64"))
          .as(message)
          .isTrue();
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
    assertThat(refused(text -> text.replace("\"size\":18}", "\"size\":1099511627777}"))
            .getMessage()
            .contains(
                "file model.bin must have at most 1099511627776 bytes, but has 1099511627777"))
        .isTrue();
    assertThat(refused(text -> text.replace("\"size\":15}", "\"size\":16777217}"))
            .getMessage()
            .contains("file docs/card.md must have at most 16777216 bytes, but has 16777217"))
        .isTrue();
    assertThat(refused(text -> text.replace("\"size\":18}", "\"size\":-1}"))
            .getMessage()
            .contains("size of model.bin must be >= 0, but was -1"))
        .isTrue();
  }

  @Test
  void aManifestBeyondItsLimitIsRefusedBeforeItIsParsed() {
    assertThatThrownBy(() -> FilePackage.of(new byte[(4 << 20) + 1], digest -> null))
        .isInstanceOf(PackageFormatException.class)
        .hasMessageContainingAll(
            "at $", "most 4194304 bytes", "got 4194305", "nothing was read", "manifest");
  }

  @Test
  void moreThanAThousandFilesAreRefused() {
    FilePackage.Builder builder = FilePackage.builder("fraud", SCHEMA).runtime("mine");
    for (int i = 0; i < 997; i++) {
      builder.weights("w" + i, new byte[] {1});
    }
    FilePackage fits = builder.build();
    assertThat(FilePackage.of(fits.manifest(), blobs(fits)::get).files().size()).isEqualTo(1_000);
    builder.weights("w997", new byte[] {1});
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("most 1000 files", "has 1001");
    String layer = "{\"annotations\":{},\"digest\":\"\",\"mediaType\":\"\",\"size\":1}";
    assertThat(refused(text -> text.replaceFirst(
                "\"layers\":\\[.*\\]", "\"layers\":[" + layer + ("," + layer).repeat(1_000) + "]"))
            .getMessage())
        .isEqualTo(
            "manifest at $.layers: wanted at most 1000 files, got an array of 1001; nothing was read");
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
    assertThatThrownBy(() -> FilePackage.of(text.getBytes(UTF_8), digest -> null))
        .isInstanceOf(PackageFormatException.class);
  }

  // ---- folders

  private PackageFormatException folderRefused() {
    return assertThatExceptionOfType(PackageFormatException.class)
        .isThrownBy(() -> FilePackage.read(folder))
        .actual();
  }

  @Test
  void aFolderWithoutAPackageIsRefused() throws IOException {
    assertThat(folderRefused().getMessage())
        .isEqualTo("no package: oci-layout is missing; nothing was read");
    assertThatThrownBy(() -> FilePackage.read(folder.resolve("absent")))
        .isInstanceOf(PackageFormatException.class)
        .hasMessage("no package: wanted a folder with a package, got nothing; nothing was read");
    Path file = Files.write(folder.resolve("archive.tgz"), new byte[] {31, (byte) 139});
    assertThatThrownBy(() -> FilePackage.read(file))
        .isInstanceOf(PackageFormatException.class)
        .hasMessage("no package: wanted a folder with a package, got a file; nothing was read");
  }

  @Test
  void everyFileOfAFolderIsNeeded() throws IOException {
    FilePackage made = written();
    for (String name : List.of("oci-layout", "index.json")) {
      byte[] bytes = Files.readAllBytes(folder.resolve(name));
      Files.delete(folder.resolve(name));
      assertThat(folderRefused().getMessage())
          .isEqualTo("no package: " + name + " is missing; nothing was read");
      Files.write(folder.resolve(name), bytes);
    }
    Files.delete(blob(folder, made.files(Role.DOCUMENT).get(0).digest()));
    assertThatThrownBy(() -> FilePackage.read(folder))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud sha256:" + made.digest().abbreviated(),
            "docs/card.md",
            "sha256 " + made.files(Role.DOCUMENT).get(0).digest().abbreviated(),
            "not loaded",
            "is missing");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 10, 100})
  void aFileCutShortIsRefusedByItsSizeBeforeItIsRead(int length) throws IOException {
    FilePackage made = written();
    PackageFile section = made.files(Role.EXAMPLES).get(0);
    byte[] bytes = Files.readAllBytes(blob(folder, section.digest()));
    Files.write(blob(folder, section.digest()), Arrays.copyOf(bytes, length));
    assertThatThrownBy(() -> FilePackage.read(folder))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud sha256:" + made.digest().abbreviated(),
            "examples.json has " + length + " bytes",
            "says " + section.size(),
            "not loaded");
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
      assertThat(folderRefused().getMessage())
          .isEqualTo(
              "index.json must be canonical, but its bytes differ from those that its content is written as; nothing was read");
    }
    for (String broken : List.of(
        "",
        "{}",
        "\uFEFF" + text,
        "{" + text.substring(1, text.length() - 1) + ",\"a\":1}",
        text + text)) {
      Files.writeString(index, broken);
      assertThat(folderRefused().getMessage().startsWith("index.json at "))
          .as(folderRefused().getMessage())
          .isTrue();
    }
    Files.writeString(index, text.replaceFirst("\\[(.*)\\]", "[$1,$1]"));
    assertThat(folderRefused().getMessage())
        .isEqualTo("index.json must list one manifest, but lists 2; nothing was read");
    Files.writeString(index, text.replaceFirst("\\[(.*)\\]", "[]"));
    assertThat(folderRefused().getMessage())
        .isEqualTo("index.json must list one manifest, but lists 0; nothing was read");
    Files.writeString(index, text.replaceAll("\"size\":[0-9]+", "\"size\":4194305"));
    assertThat(folderRefused().getMessage())
        .isEqualTo("manifest must have at most 4194304 bytes, but has 4194305; nothing was read");
    Files.writeString(index, "x".repeat(70_000));
    assertThat(folderRefused().getMessage())
        .isEqualTo(
            "no package: index.json must have at most 65536 bytes, but has more; nothing was read");
  }

  @Test
  void anotherLayoutVersionIsRefused() throws IOException {
    written();
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"2.0.0\"}");
    assertThat(folderRefused().getMessage())
        .isEqualTo(
            "no package: oci-layout must be {\"imageLayoutVersion\":\"1.0.0\"}; nothing was read");
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
      MlopsException fault = assertThatExceptionOfType(MlopsException.class)
          .isThrownBy(() -> FilePackage.read(folder))
          .actual();
      assertThat(fault.getMessage().contains("link")).as(fault.getMessage()).isTrue();
      Files.delete(file);
      Files.move(aside, file);
    }
    FilePackage.read(folder);
  }

  @Test
  void messagesHoldNoPath() throws IOException {
    FilePackage made = written();
    Files.delete(folder.resolve("index.json"));
    assertThat(folderRefused().getMessage().contains(folder.toString())).isFalse();
    Files.writeString(folder.resolve("notes.txt"), "mine");
    String refusal = assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> made.write(folder))
        .actual()
        .getMessage();
    assertThat(refusal.contains(folder.toString())).as(refusal).isFalse();
  }

  // ---- writing

  @Test
  void aFolderWithSomethingElseIsNotTouched() throws IOException {
    Files.writeString(folder.resolve("notes.txt"), "mine");
    assertThatThrownBy(() -> whole().build().write(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("with \"notes.txt\"", "nothing was written");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(file -> file.getFileName().toString()).toList())
          .isEqualTo(List.of("notes.txt"));
    }
    Path file = Files.writeString(folder.resolve("file"), "mine");
    assertThatThrownBy(() -> whole().build().write(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("wanted a folder, got a file; nothing was written");
  }

  @Test
  void aFolderWithAnotherPackageIsNotTouched() {
    FilePackage made = written();
    FilePackage other = whole().configuration("threshold", "0.6").build();
    assertThatThrownBy(() -> other.write(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "wanted an empty folder or one with this package, got one with another package; nothing was written");
    assertThat(FilePackage.read(folder)).isEqualTo(made);
  }

  @Test
  void writingAgainReusesWhatIsThereAndMendsWhatIsDamaged() throws IOException {
    FilePackage made = written();
    Path weights = blob(folder, made.files(Role.WEIGHTS).get(0).digest());
    Path card = blob(folder, made.files(Role.DOCUMENT).get(0).digest());
    Object identity = Files.readAttributes(weights, BasicFileAttributes.class).fileKey();
    Files.writeString(card, "damaged");
    made.write(folder);
    assertThat(FilePackage.read(folder)).isEqualTo(made);
    assertThat(Files.readAttributes(weights, BasicFileAttributes.class).fileKey())
        .isEqualTo(identity);
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
        assertThat(e.getMessage().startsWith("could not write package fraud sha256:"))
            .as(e.getMessage())
            .isTrue();
        assertThat(e.getMessage().contains(target.toString()))
            .as(e.getMessage())
            .isFalse();
      }
      try {
        assertThat(FilePackage.read(target)).isEqualTo(made);
      } catch (PackageFormatException e) {
        assertThat(done).as("operation " + n).isFalse();
      }
      made.write(target);
      assertThat(FilePackage.read(target)).as("operation " + n).isEqualTo(made);
      try (Stream<Path> all = Files.walk(target)) {
        assertThat(all.noneMatch(file -> file.getFileName().toString().startsWith(".mlops-")))
            .as("operation " + n)
            .isTrue();
      }
    }
    assertThat(n > 30).as("only " + n + " operations").isTrue();
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
      assertThat(steps.indexOf("force before blobs/sha256/" + blob) >= 0)
          .as(blob + " of " + steps)
          .isTrue();
      assertThat(steps.indexOf("force before blobs/sha256/" + blob)
              < steps.indexOf("move blobs/sha256/" + blob))
          .as(blob + " of " + steps)
          .isTrue();
      assertThat(
              steps.indexOf("move blobs/sha256/" + blob) < steps.lastIndexOf("folder blobs/sha256"))
          .as(blob + " of " + steps)
          .isTrue();
    }
    assertThat(steps.lastIndexOf("folder blobs/sha256") < index)
        .as(steps.toString())
        .isTrue();
    assertThat(steps.indexOf("force before index.json") >= 0
            && steps.indexOf("force before index.json") < index)
        .as(steps.toString())
        .isTrue();
    assertThat(steps.indexOf("force before oci-layout") >= 0)
        .as(steps.toString())
        .isTrue();
    assertThat(steps.get(steps.size() - 1)).as(steps.toString()).isEqualTo("folder .");
    // New folders outlive a power cut only when the folder above each is forced.
    for (String above : List.of("folder blobs", "folder .", "folder ..", "folder ../..")) {
      assertThat(steps.contains(above)).as(above + " of " + steps).isTrue();
    }

    disk.steps.clear();
    made.write(target, disk);
    for (String blob : blobNames(made)) {
      assertThat(disk.steps.contains("force blobs/sha256/" + blob))
          .as("a blob that is reused may never have been forced")
          .isTrue();
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
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "of " + name + ": model", "be 1 to 64", "a-z 0-9", "was \"" + name + "\"");
    assertThatThrownBy(() -> Reference.requireName("model", name))
        .isInstanceOf(IllegalArgumentException.class);
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
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "of Fraud",
            "be 1 to 64",
            "a-z 0-9",
            "was \"Fraud\"",
            "name \"../model.bin\"",
            "most 200 characters",
            "file card.md",
            "NoSuchFileException",
            "file schema.json",
            "from schema.json",
            "is missing",
            "column age (number)",
            "the runtime is missing",
            "could not be read",
            "finite scores",
            "the name of a section",
            "by more than case",
            "column country (category)");
  }

  /** Two labels of one name have no exact form: the second score would be lost. */
  @Test
  void whatWouldNotReadBackExactlyIsRefused() {
    FilePackage.Builder builder = whole()
        .examples(List.of(new GoldenExample(
            Row.of(SCHEMA, 1.0, "DE"),
            Classification.of(List.of("a", "a"), new double[] {0.25, 0.75}))));
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "cannot build a package of fraud: examples.json would not read back as it was given");
  }

  @Test
  void weightsMayComeFromAFile() throws IOException {
    Path file = Files.write(folder.resolve("model"), WEIGHTS);
    assertThat(FilePackage.builder("fraud", SCHEMA)
            .runtime("mine")
            .weights("model.bin", file)
            .build())
        .isEqualTo(FilePackage.builder("fraud", SCHEMA)
            .runtime("mine")
            .weights("model.bin", WEIGHTS)
            .build());
  }

  @Test
  void aBuilderBuildsTheSameAgainAndCopiesWhatItIsGiven() {
    byte[] weights = WEIGHTS.clone();
    FilePackage.Builder builder =
        FilePackage.builder("fraud", SCHEMA).runtime("mine").weights("model.bin", weights);
    FilePackage first = builder.build();
    weights[0] ^= 1;
    assertThat(builder.build()).isEqualTo(first);
    assertThat(first.read(first.files(Role.WEIGHTS).get(0))).isEqualTo(WEIGHTS);
    assertThat(first.equals(builder.configuration("a", "b").build())).isFalse();
  }

  // ---- for ever

  /** Written by release 0.1. */
  @Test
  void aPackageOfRelease01IsReadForEver() throws Exception {
    Path stored = Path.of(
            FilePackageTest.class.getResource("/package-0.1/oci-layout").toURI())
        .getParent();
    FilePackage read = FilePackage.read(stored);
    assertThat(read.digest().hex())
        .isEqualTo("5a8ab99ada4174272292ae637dc13ba46bfc121a678b91c4dd0b69f95a81696d");
    assertThat(read.model()).isEqualTo("fraud");
    assertThat(read.schema()).isEqualTo(SCHEMA);
    assertThat(read.configuration().text("threshold")).isEqualTo(Optional.of("0.5"));
    assertThat(read.libraries()).isEqualTo(List.of(Library.of("org.example:lib", "1.2")));
    Latency written = Latency.builder()
        .p50(Duration.ofNanos(2_000))
        .p99(Duration.ofNanos(3_000))
        .n(3)
        .build();
    assertThat(read.baseline().orElseThrow()).isEqualTo(baseline(written));
    assertThat(read.examples()).isEqualTo(examples());
    assertThat(read.read(read.files(Role.WEIGHTS).get(0))).isEqualTo(WEIGHTS);
    // The folder as well as the manifest: file by file the same bytes.
    Path again = newFolder();
    read.write(again);
    try (Stream<Path> files = Files.walk(again)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readAllBytes(file))
            .as(file.toString())
            .isEqualTo(Files.readAllBytes(stored.resolve(again.relativize(file).toString())));
      }
    }
  }

  /** As the ModelPack specification 0.0.7 has it: descriptor, config and modelfs with layers and diffIds, no more. */
  @Test
  void theConfigurationBlobIsAModelPackConfiguration() throws IOException {
    FilePackage made = written();
    Json manifest = Json.parse(made.manifest(), 1 << 20);
    assertThat(manifest.get("config").get("mediaType").text())
        .isEqualTo("application/vnd.cncf.model.config.v1+json");
    Json config = Json.parse(
        Files.readAllBytes(
            blob(folder, Digest.parse(manifest.get("config").get("digest").text()))),
        1 << 20);
    config.only("descriptor", "config", "modelfs");
    assertThat(config.get("descriptor").get("name").text()).isEqualTo("fraud");
    assertThat(config.get("modelfs").get("type").text()).isEqualTo("layers");
    assertThat(config.get("modelfs").get("diffIds").texts())
        .isEqualTo(made.files().stream().map(file -> file.digest().toString()).toList());
  }
}
