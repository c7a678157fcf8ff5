package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.core.store.FaultyFiles.When;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.ManualClock;
import dev.mlops.testkit.PackageContents;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store says of damage, foreign files and places where there can be no store; and what goes on working. */
class StoreDamageTest {
  private static final String CHAMPION = "fraud@champion";
  private static final String FIRST_RECORD = "models/fraud/versions/00000000000000000001.json";
  private static final String SECOND_RECORD = "models/fraud/versions/00000000000000000002.json";

  @TempDir
  Path folder;

  private final ManualClock clock = new ManualClock();
  private Path root;
  private FileVersionStore store;
  private Version first;
  private Version second;
  private AliasChange moved;

  @BeforeEach
  void publish() {
    root = folder.resolve("store");
    store = FileVersionStore.open(root, clock);
    first = store.publish(Packages.of("fraud", 1));
    second = store.publish(Packages.of("fraud", 2));
    store.publish(Packages.of("churn", 1));
    moved = store.move(CHAMPION).fromNothing().to(first).by("tester").commit();
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** Another process, which has read nothing yet. */
  private FileVersionStore again() {
    store.close();
    store = FileVersionStore.open(root, clock);
    return store;
  }

  private Path weights(Version version) {
    PackageFile file = store.open(version).files(Role.WEIGHTS).get(0);
    return root.resolve("blobs").resolve("sha256").resolve(file.digest().hex());
  }

  private static void flip(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 1;
    Files.write(file, bytes);
  }

  private static byte[] readWeights(ModelPackage source) {
    return source.read(source.files(Role.WEIGHTS).get(0));
  }

  @Test
  void aFlippedBitOfABlobIsFoundAtEachReadAndPublishingAgainRestoresIt() throws IOException {
    Path blob = weights(first);
    ModelPackage opened = store.open(first);
    byte[] bytes = Files.readAllBytes(blob);
    assertThat(readWeights(opened)).isEqualTo(bytes);
    flip(blob, 0);
    String found = Digest.of(Files.readAllBytes(blob)).abbreviated();

    assertThatThrownBy(() -> readWeights(opened))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud:1",
            "blobs/sha256/" + blob.getFileName(),
            "sha256 " + found,
            "publish the package again to restore it",
            "not loaded",
            "moved to quarantine");
    assertThatThrownBy(() -> readWeights(again().open(first)))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud:1",
            "blobs/sha256/" + blob.getFileName(),
            "publish the package again to restore it",
            "is missing",
            "not loaded");
    assertThat(readWeights(store.open(second))).isNotEmpty();
    assertThat(store.report())
        .hasSize(2)
        .contains("blobs/sha256/" + blob.getFileName() + ": missing, needed by fraud:1")
        .anyMatch(line ->
            line.matches("quarantine/" + blob.getFileName() + "\\.[0-9a-f-]{36}: damaged blob"));

    assertThat(store.publish(Packages.of("fraud", 1))).isEqualTo(first);
    assertThat(readWeights(store.open(first))).isEqualTo(bytes);
  }

  @Test
  void aBlobThatIsShortLongOrAnothersIsFound() throws IOException {
    Path blob = weights(first);
    byte[] bytes = Files.readAllBytes(blob);
    List<byte[]> wrong = List.of(
        new byte[0],
        Arrays.copyOf(bytes, bytes.length - 1),
        Arrays.copyOf(bytes, bytes.length + 1),
        new byte[1_000_000],
        Files.readAllBytes(weights(second)));
    for (byte[] content : wrong) {
      Files.write(blob, content);
      assertThatThrownBy(() -> readWeights(store.open(first)))
          .isInstanceOf(PackageIntegrityException.class)
          .hasMessageStartingWith("fraud:1 is damaged: blobs/sha256/");
      store.publish(Packages.of("fraud", 1));
      assertThat(Files.readAllBytes(blob)).isEqualTo(bytes);
    }
    assertThatThrownBy(() -> {
          Files.write(blob, new byte[1_000]);
          readWeights(store.open(first));
        })
        .hasMessageContaining(
            "has more than " + bytes.length + " bytes, its record says " + bytes.length);
  }

  /** Another process has restored the blob by the time that this one takes it out of the way. */
  @Test
  void aBlobThatAnotherProcessHasRestoredIsPutBack() throws IOException {
    Path mount = Path.of("mount").toAbsolutePath();
    FaultyFiles files = new FaultyFiles(mount);
    Path shared = mount.resolve("store");
    FileVersionStore one = FileVersionStore.open(shared, clock, files);
    FileVersionStore other = FileVersionStore.open(shared, clock, files);
    Version version = one.publish(Packages.of("fraud", 1));
    ModelPackage opened = one.open(version);
    String blob = opened.files(Role.WEIGHTS).get(0).digest().hex();
    files.plant(shared.resolve("blobs").resolve("sha256").resolve(blob), "bad".getBytes(UTF_8));
    files.meanwhile = operation -> {
      if (operation.startsWith("rename")) {
        files.meanwhile = none -> {};
        other.publish(Packages.of("fraud", 1));
      }
    };

    assertThatThrownBy(() -> readWeights(opened))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContainingAll(
            "fraud:1",
            "blobs/sha256/" + blob + " has 3 bytes",
            "says 18",
            "publish the package again to restore it",
            "not loaded");
    assertThat(readWeights(opened)).isEqualTo("weights of fraud 1".getBytes(UTF_8));
    assertThat(one.report())
        .as("what the other process took away")
        .singleElement()
        .asString()
        .matches("quarantine/" + blob + "\\.[0-9a-f-]{36}: damaged blob");
  }

  /** A package whose damaged file is replaced by a link to somebody else's is refused, and so is the link. */
  @Test
  void aLinkInThePlaceOfABlobIsNotFollowed() throws IOException {
    Path blob = weights(first);
    Path elsewhere = folder.resolve("elsewhere");
    Files.move(blob, elsewhere);
    Files.createSymbolicLink(blob, elsewhere);

    assertThatThrownBy(() -> readWeights(store.open(first)))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(
            "reading blobs/sha256/" + blob.getFileName(), "store unchanged", "not a regular file");
  }

  @Test
  void aDamagedBlobIsNotSharedWithTheNextVersion() throws IOException {
    PackageFile card = store.open(first).files(Role.DOCUMENT).get(0);
    flip(root.resolve("blobs").resolve("sha256").resolve(card.digest().hex()), 3);

    Version third = store.publish(Packages.of("fraud", 3));

    assertThat(store.open(third).read(card)).isEqualTo("# the same for all\n".getBytes(UTF_8));
    assertThat(store.open(first).read(card)).isEqualTo("# the same for all\n".getBytes(UTF_8));
  }

  /** Whichever bit of a record: a store that has not read it yet refuses it by name; the rest goes on. */
  @Test
  void aFlippedBitOfARecordIsRefusedByNameAndTheRestGoesOn() throws IOException {
    Path record = root.resolve(FIRST_RECORD);
    byte[] bytes = Files.readAllBytes(record);
    for (int at = 0; at < bytes.length; at += 19) {
      flip(record, at);
      FileVersionStore other = again();
      String where = "byte " + at;
      assertThatThrownBy(() -> other.find("fraud:1"))
          .as(where)
          .isInstanceOf(StoreException.class)
          .hasMessageStartingWith(FIRST_RECORD);
      assertThatThrownBy(() -> other.open(first)).as(where).isInstanceOf(StoreException.class);
      assertThatThrownBy(() -> other.versions("fraud"))
          .as(where)
          .isInstanceOf(StoreException.class);
      assertThatThrownBy(() -> other.publish(Packages.of("fraud", 9)))
          .as(where)
          .isInstanceOf(StoreException.class);
      assertThat(other.find("fraud:2")).as(where).contains(second);
      assertThat(readWeights(other.open(second))).as(where).isNotEmpty();
      assertThat(other.current(CHAMPION)).as(where).contains(moved);
      assertThat(other.versions("churn")).as(where).hasSize(1);
      assertThat(other.report()).as(where).hasSize(1);
      Files.write(record, bytes);
    }
    assertThat(again().versions("fraud")).containsExactly(first, second);
  }

  @Test
  void aRecordOfAnotherNumberModelOrReleaseIsRefused() throws IOException {
    Path record = root.resolve(FIRST_RECORD);
    byte[] bytes = Files.readAllBytes(record);

    Files.copy(
        root.resolve("models/fraud/versions/00000000000000000002.json"),
        record,
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> again().find("fraud:1"))
        .hasMessageContainingAll(String.valueOf(FIRST_RECORD), "number 2", "store unchanged");

    String text = new String(bytes, UTF_8);
    int at = text.indexOf("\"sha256\":\"") + "\"sha256\":\"".length();
    String sum = text.substring(at, at + 64);
    Files.writeString(record, text.replace(sum, "0".repeat(64)));
    assertThatThrownBy(() -> again().find("fraud:1"))
        .hasMessage(FIRST_RECORD + " is damaged: its record has sha256 " + sum + ", it says "
            + "0".repeat(64) + "; restore it from a copy of the store; store unchanged");

    Files.writeString(record, text + " ");
    assertThatThrownBy(() -> again().find("fraud:1"))
        .hasMessageContainingAll(
            String.valueOf(FIRST_RECORD), "store unchanged", "not those that a store writes");

    Files.copy(
        root.resolve("models/churn/versions/00000000000000000001.json"),
        record,
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> again().find("fraud:1"))
        .hasMessageContainingAll(
            String.valueOf(FIRST_RECORD), "$.model", "got \"churn\"", "store unchanged");

    Files.writeString(record, new String(bytes, UTF_8).replace("\"format\":1", "\"format\":3"));
    assertThatThrownBy(() -> again().find("fraud:1"))
        .hasMessageContainingAll(
            FIRST_RECORD + " was", "format 3", "reads 1 to 2", "store unchanged");

    // What a newer release adds need not be understood for that.
    Files.writeString(record, "{\"format\":4,\"lines\":[1.5,true],\"sum\":\"x\"}");
    assertThatThrownBy(() -> again().find("fraud:1"))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(FIRST_RECORD, "record format 4", "1 to 2");

    // The same record is not one of the other format.
    Files.writeString(record, new String(bytes, UTF_8).replace("\"format\":1", "\"format\":2"));
    assertThatThrownBy(() -> again().find("fraud:1"))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(FIRST_RECORD, "damaged");
  }

  @Test
  void aHoleIsReportedAndNeverFilled() throws IOException {
    store.move(CHAMPION).from(first).to(second).commit();
    store.move(CHAMPION).from(second).to(first).commit();
    Path generation = root.resolve("models/fraud/aliases/champion/00000000000000000002.json");
    byte[] bytes = Files.readAllBytes(generation);
    Files.delete(generation);

    FileVersionStore other = again();
    String message = "models/fraud/aliases/champion/00000000000000000002.json is missing, though 3"
        + " is there; restore it from a copy of the store; store unchanged";
    assertThatThrownBy(() -> other.current(CHAMPION)).hasMessage(message);
    assertThatThrownBy(() -> other.history(CHAMPION)).hasMessage(message);
    assertThatThrownBy(() -> other.move(CHAMPION).from(first).to(second).commit())
        .hasMessage(message);
    assertThat(other.report()).containsExactly(message);
    assertThat(generation).doesNotExist();
    assertThat(other.versions("fraud")).hasSize(2);

    Files.write(generation, bytes);
    assertThat(again().history(CHAMPION)).hasSize(3);
  }

  /** Nothing in the directory of versions tells that its newest record is gone; the aliases do. */
  @Test
  void aLostNewestVersionIsReportedAndItsNumberIsNotGivenAgain() throws IOException {
    AliasChange on = store.move(CHAMPION).from(first).to(second).commit();
    store.move(CHAMPION).from(on).to(first).commit();
    store.move("fraud@canary").fromNothing().to(first).commit();
    Files.delete(root.resolve(SECOND_RECORD));

    FileVersionStore other = again();
    String where = SECOND_RECORD + ": missing, needed by fraud@champion";
    assertThat(other.report()).containsExactly(where);
    assertThatThrownBy(() -> other.publish(Packages.of("fraud", 3)))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(
            String.valueOf(SECOND_RECORD),
            "though fraud@champion",
            "to fraud:2",
            "store unchanged",
            "is missing");
    assertThat(other.versions("fraud")).containsExactly(first);
    assertThat(other.publish(Packages.of("fraud", 1))).as("known").isEqualTo(first);
    assertThat(other.publish(Packages.of("churn", 2)).number()).isEqualTo(2);

    assertThat(other.publish(Packages.of("fraud", 2))).as("its own package").isEqualTo(second);
    assertThat(other.report()).isEmpty();
    assertThat(readWeights(again().open(second))).isNotEmpty();
    assertThat(store.publish(Packages.of("fraud", 3)).number()).isEqualTo(3);
  }

  /** What no alias names is lost without a trace; what one names is above it. */
  @Test
  void twoLostVersionsAreNotFilledFromTheWrongEnd() throws IOException {
    Version third = store.publish(Packages.of("fraud", 3));
    store.move(CHAMPION).from(first).to(third).commit();
    Files.delete(root.resolve(SECOND_RECORD));
    Files.delete(root.resolve(SECOND_RECORD.replace("2.json", "3.json")));

    FileVersionStore other = again();
    for (int variant : new int[] {2, 3, 4}) {
      assertThatThrownBy(() -> other.publish(Packages.of("fraud", variant)))
          .as("variant " + variant)
          .hasMessageContainingAll(
              String.valueOf(SECOND_RECORD),
              "though fraud@champion",
              "to fraud:3",
              "store unchanged",
              "is missing");
    }
    assertThat(other.report())
        .containsExactly(
            SECOND_RECORD.replace("2.json", "3.json") + ": missing, needed by fraud@champion");
  }

  /** Another process publishes and releases after the versions were counted and before the aliases are read. */
  @Test
  void aVersionThatIsPublishedMeanwhileIsNotTakenForLost() {
    Path mount = Path.of("mount").toAbsolutePath();
    FaultyFiles files = new FaultyFiles(mount);
    Path shared = mount.resolve("store");
    FileVersionStore one = FileVersionStore.open(shared, clock, files);
    FileVersionStore other = FileVersionStore.open(shared, clock, files);
    Version from = other.publish(Packages.of("fraud", 1));
    other.move(CHAMPION).fromNothing().to(from).commit();
    files.meanwhile = operation -> {
      if (operation.equals("list store/models/fraud/aliases")) {
        files.meanwhile = none -> {};
        Version to = other.publish(Packages.of("fraud", 2));
        other.move(CHAMPION).from(from).to(to).commit();
      }
    };

    assertThat(one.publish(Packages.of("fraud", 3))).hasToString("fraud:3");
    assertThat(other.versions("fraud")).hasToString("[fraud:1, fraud:2, fraud:3]");
    assertThat(one.report()).isEmpty();
  }

  @Test
  void anAliasThatNamesAnotherPackageThanTheVersionHasIsReported() throws IOException {
    AliasChange on = store.move(CHAMPION).from(first).to(second).commit();
    Files.delete(root.resolve(SECOND_RECORD));
    Path aliases = root.resolve("models/fraud/aliases");
    Files.move(aliases, folder.resolve("aside"));
    assertThat(again().publish(Packages.of("fraud", 3)).number()).isEqualTo(2);
    Files.move(folder.resolve("aside"), aliases);

    assertThat(again().current(CHAMPION)).contains(on);
    assertThat(store.report())
        .containsExactly(SECOND_RECORD + ": has another package than fraud@champion");
  }

  /** The move that cannot be read may name a version whose record is lost: its number must not be given again. */
  @Test
  void nothingNewIsPublishedWhileAMoveCannotBeReadAndItsFileHealsIt() throws IOException {
    String name = "models/fraud/aliases/champion/00000000000000000001.json";
    byte[] bytes = Files.readAllBytes(root.resolve(name));
    Files.write(root.resolve(name), new byte[0]);
    List<Path> before = everything();

    FileVersionStore other = again();
    assertThatThrownBy(() -> other.publish(Packages.of("fraud", 3)))
        .isInstanceOf(StoreException.class)
        .hasMessageStartingWith("nothing is published to fraud while it cannot be told which"
            + " versions fraud@champion names: " + name + " is damaged: ")
        .hasMessageEndingWith("; restore it from a copy of the store; store unchanged");
    assertThat(everything()).isEqualTo(before);
    assertThat(other.publish(Packages.of("fraud", 1))).as("known").isEqualTo(first);
    assertThat(other.publish(Packages.of("churn", 2)).number()).isEqualTo(2);

    Files.write(root.resolve(name), bytes);
    assertThat(other.publish(Packages.of("fraud", 3)).number()).isEqualTo(3);
    assertThat(other.report()).isEmpty();
  }

  @Test
  void aRecordOfAnotherAliasIsRefused() throws IOException {
    store.move("fraud@canary").fromNothing().to(second).commit();
    String name = "models/fraud/aliases/champion/00000000000000000001.json";
    Files.copy(
        root.resolve(name.replace("champion", "canary")),
        root.resolve(name),
        StandardCopyOption.REPLACE_EXISTING);

    String message = name + " is damaged: $.alias: wanted fraud@champion, got"
        + " \"fraud@canary\"; restore it from a copy of the store; store unchanged";
    assertThatThrownBy(() -> again().current(CHAMPION)).hasMessage(message);
    assertThat(store.report()).containsExactly(message);
    assertThat(store.find("fraud@canary")).contains(second);
  }

  /** Reading refuses what publishing and moving refuse. */
  @Test
  void aLinkInThePlaceOfADirectoryIsNotFollowed() throws IOException {
    for (String linked : List.of(
        "models/fraud",
        "models/fraud/versions",
        "models/fraud/aliases",
        "models/fraud/aliases/champion")) {
      Path directory = root.resolve(linked);
      Path outside = folder.resolve("outside");
      Files.move(directory, outside);
      Files.createSymbolicLink(directory, outside);
      String message = linked + " must be a directory, but is something else; store unchanged";

      FileVersionStore other = again();
      if (!linked.contains("aliases")) {
        assertThatThrownBy(() -> other.versions("fraud")).hasMessage(message);
        assertThatThrownBy(() -> other.find("fraud:1")).hasMessage(message);
        assertThatThrownBy(() -> other.open(first)).hasMessage(message);
        assertThatThrownBy(() -> other.publish(Packages.of("fraud", 1))).hasMessage(message);
      }
      if (!linked.contains("versions")) {
        assertThatThrownBy(() -> other.current(CHAMPION)).hasMessage(message);
        assertThatThrownBy(() -> other.history(CHAMPION)).hasMessage(message);
        assertThatThrownBy(() -> other.publish(Packages.of("fraud", 3)))
            .hasMessageEndingWith(message);
      }
      assertThatThrownBy(() -> other.move(CHAMPION).from(first).to(second).commit())
          .isInstanceOf(StoreException.class)
          .hasMessage(message);
      assertThat(other.report()).as(linked).contains(message);
      assertThat(other.versions("churn")).hasSize(1);

      Files.delete(directory);
      Files.move(outside, directory);
      assertThat(again().report()).isEmpty();
    }
  }

  @Test
  void foreignFilesAreReportedAndNeverRead() throws IOException {
    Files.writeString(root.resolve("notes.txt"), "x");
    Files.writeString(root.resolve("tmp").resolve("n".repeat(65)), "x");
    Files.writeString(root.resolve("quarantine").resolve("n".repeat(65)), "x");
    Files.writeString(root.resolve("models/fraud/versions/3.json"), "x");
    Files.writeString(root.resolve("models/fraud/versions/99999999999999999999.json"), "x");
    Files.writeString(root.resolve("models/fraud/versions/00000000000000000000.json"), "x");
    Files.writeString(
        root.resolve("models/fraud/aliases/champion/.00000000000000000002.json.swp"), "x");
    Files.createDirectory(root.resolve("models").resolve("Fraud"));
    Files.writeString(root.resolve("blobs/sha256/abc"), "x");

    FileVersionStore other = again();

    assertThat(other.versions("fraud")).containsExactly(first, second);
    assertThat(other.history(CHAMPION)).containsExactly(moved);
    assertThat(other.report())
        .containsExactly(
            "notes.txt: not of this store, ignored",
            "blobs/sha256/abc: not of this store, ignored",
            "tmp/" + "n".repeat(64) + "…: being written, or left over",
            "quarantine/" + "n".repeat(64) + "…: damaged blob",
            "models/Fraud: not of this store, ignored",
            "models/fraud/versions/00000000000000000000.json: not of this store, ignored",
            "models/fraud/versions/3.json: not of this store, ignored",
            "models/fraud/versions/99999999999999999999.json: not of this store, ignored",
            "models/fraud/aliases/champion/.00000000000000000002.json.swp: not of this store,"
                + " ignored");
  }

  @Test
  void aPackageOfAnotherKindOrWithWrongBytesIsRefusedBeforeAnythingIsWritten() throws IOException {
    List<Path> before = everything();

    ModelPackage foreign = InMemoryPackage.of(PackageContents.sample("fraud", 1));
    assertThatThrownBy(() -> store.publish(foreign)).isInstanceOf(PackageFormatException.class);

    ModelPackage good = Packages.of("fraud", 3);
    for (String weights : List.of("evil", "weights of fraud 4")) {
      assertThatThrownBy(
              () -> store.publish(new Altered(good, good.model(), good.manifest(), weights)))
          .isInstanceOf(PackageIntegrityException.class)
          .hasMessageStartingWith("package of fraud is damaged: weights.bin has " + weights.length()
              + " bytes with sha256 ")
          .hasMessageEndingWith("; not stored");
    }
    assertThatThrownBy(() -> store.publish(new Altered(good, "churn", good.manifest(), null)))
        .isInstanceOf(PackageFormatException.class)
        .hasMessageContainingAll("with 5 files", "lists 5", "not stored", "package");
    assertThatThrownBy(() ->
            store.publish(new Altered(good, "fraud", Packages.of("fraud", 4).manifest(), null)))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageMatching("package of fraud has a manifest with sha256 [0-9a-f]{12}, says"
            + " [0-9a-f]{12}; not stored");

    assertThat(everything()).isEqualTo(before);
  }

  private List<Path> everything() throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      return paths.sorted().toList();
    }
  }

  /** A package that is not what it says. */
  private record Altered(
      ModelPackage source,
      String model,
      byte[] manifest,
      @Nullable String weights) implements ModelPackage {
    @Override
    public String runtime() {
      return source.runtime();
    }

    @Override
    public Digest digest() {
      return source.digest();
    }

    @Override
    public List<PackageFile> files() {
      return source.files();
    }

    @Override
    public byte[] read(PackageFile file) {
      return weights != null && file.role().equals(Role.WEIGHTS)
          ? weights.getBytes(UTF_8)
          : source.read(file);
    }

    @Override
    public Schema schema() {
      return source.schema();
    }

    @Override
    public Optional<Baseline> baseline() {
      return source.baseline();
    }

    @Override
    public List<GoldenExample> examples() {
      return source.examples();
    }

    @Override
    public Configuration configuration() {
      return source.configuration();
    }

    @Override
    public List<Library> libraries() {
      return source.libraries();
    }

    @Override
    public Optional<Environment> environment() {
      return source.environment();
    }

    @Override
    public Optional<Calibration> calibration() {
      return source.calibration();
    }

    @Override
    public Configuration provenance() {
      return source.provenance();
    }
  }

  @Test
  void messagesSayWhatWasWantedAndFound() {
    store.move(CHAMPION).from(first).to(second).by("bell \u0007").commit();

    assertThatThrownBy(() -> store.move(CHAMPION).from(first).to(second).commit())
        .isInstanceOfSatisfying(
            AliasConflictException.class,
            conflict -> assertThat(conflict.current()).isEqualTo(store.current(CHAMPION)))
        .hasMessage("fraud@champion wanted at fraud:1, found at fraud:2, generation 2 (by bell"
            + " \\u0007, " + store.current(CHAMPION).orElseThrow().at()
            + "); not moved; read it again and decide again");
    assertThatThrownBy(() -> store.move(CHAMPION).from(moved).to(second).commit())
        .hasMessageStartingWith("fraud@champion wanted at fraud:1, generation 1, found at fraud:2");
    assertThatThrownBy(() -> store.move("fraud@other").from(first).to(second).commit())
        .hasMessageContainingAll(
            "fraud@other",
            "at fraud:1",
            "read it again and decide again",
            "found at nothing",
            "not moved");
    Version absent = new Version("fraud", 3, first.digest(), Instant.EPOCH);
    assertThatThrownBy(() -> store.open(absent))
        .isInstanceOf(VersionNotFoundException.class)
        .hasMessageContainingAll("version fraud:3", "is fraud:2", "newest is fraud:2");
    Version other = new Version("fraud", 2, first.digest(), Instant.EPOCH);
    assertThatThrownBy(() -> store.move(CHAMPION).from(second).to(other).commit())
        .isInstanceOf(VersionNotFoundException.class)
        .hasMessageContainingAll(
            "version fraud:2 with " + first.digest(), "with " + second.digest());
    Version unknown = new Version("none", 1, first.digest(), Instant.EPOCH);
    assertThatThrownBy(() -> store.open(unknown))
        .hasMessage("no version none:1; the model has none");
  }

  @Test
  void refusesWhatCannotBeAStore() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> FileVersionStore.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("store \"file\"", "nothing was changed", "but is a file");

    Path link = Files.createSymbolicLink(folder.resolve("link"), root);
    assertThatThrownBy(() -> FileVersionStore.open(link))
        .hasMessageContainingAll(
            "store \"link\"", "nothing was changed", "but is a link or a device");

    Path other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(other.resolve("thesis.doc"), "x");
    assertThatThrownBy(() -> FileVersionStore.open(other))
        .hasMessageContainingAll(
            "store \"other\"", "no store.json", "holds \"thesis.doc\"", "nothing was changed");
    assertThat(other.toFile().list()).containsExactly("thesis.doc");

    Files.writeString(root.resolve("store.json"), "{\"format\":2}");
    assertThatThrownBy(() -> FileVersionStore.open(root))
        .hasMessageContainingAll(
            "store \"store\"", "format 2", "reads 1 to 1", "nothing was changed");
    Files.writeString(root.resolve("store.json"), "{");
    assertThatThrownBy(() -> FileVersionStore.open(root))
        .isInstanceOf(StoreException.class)
        .hasMessageStartingWith("the store \"store\" has a damaged store.json: ");
    Files.writeString(root.resolve("store.json"), "{\"format\":1} ");
    assertThatThrownBy(() -> FileVersionStore.open(root))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll(
            "store \"store\"",
            "damaged store.json",
            "wanted 12 bytes",
            "\"format\":1",
            "got 13 others",
            "nothing was changed");
    Files.delete(root.resolve("store.json"));
    assertThatThrownBy(() -> FileVersionStore.open(root))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("store \"store\"", "its store.json", "nothing was changed");
  }

  @Test
  void refusesAFileSystemWithoutHardLinksOrThatIsReadOnly() {
    Path mount = Path.of("mount").toAbsolutePath();
    FaultyFiles files = new FaultyFiles(mount);
    files.links = false;
    assertThatThrownBy(() -> FileVersionStore.open(mount.resolve("store"), clock, files))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("store \"store\"", "nothing was stored", "unsupported");
    files.links = true;
    files.refused = true;
    assertThatThrownBy(() -> FileVersionStore.open(mount.resolve("store"), clock, files))
        .isInstanceOf(StoreException.class)
        .hasMessage("the store \"store\" must be a directory that may be written to, but is not");
  }

  /** What it holds can be served from where nothing more can be written. */
  @Test
  void opensOnAFullDisk() {
    Path mount = Path.of("mount").toAbsolutePath();
    FaultyFiles files = new FaultyFiles(mount);
    Version published =
        FileVersionStore.open(mount.resolve("store"), clock, files).publish(Packages.of("m", 1));

    files.full = true;
    FileVersionStore store = FileVersionStore.open(mount.resolve("store"), clock, files);

    assertThat(store.open(published).manifest()).isNotEmpty();
    assertThat(store.report()).isEmpty();
    assertThatThrownBy(() -> store.publish(Packages.of("m", 2)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("No space left on device")
        .hasMessageEndingWith("store unchanged");
    assertThatThrownBy(() -> FileVersionStore.open(mount.resolve("new"), clock, files))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("store \"new\"", "nothing was stored", "No space left on device");
  }

  /** Whatever the file system says when it refuses to be written to. */
  @Test
  void opensWhereNothingMayBeWrittenAndSaysSoWhenItIsWrittenTo() throws IOException {
    Path mount = Path.of("mount").toAbsolutePath();
    FaultyFiles files = new FaultyFiles(mount);
    FileVersionStore before = FileVersionStore.open(mount.resolve("store"), clock, files);
    Version published = before.publish(Packages.of("m", 1));
    AliasChange change = before.move("m@champion").fromNothing().to(published).commit();
    files.delete(mount.resolve("store/quarantine"));
    for (boolean denied : new boolean[] {false, true}) {
      files.refused = denied;
      files.readOnly = !denied;
      FileVersionStore opened = FileVersionStore.open(mount.resolve("store"), clock, files);
      FileVersionStore reading = FileVersionStore.openReadOnly(mount.resolve("store"), files);
      for (FileVersionStore store : List.of(opened, reading)) {
        assertThat(readWeights(store.open(store.require("m@champion")))).isNotEmpty();
        assertThat(store.history("m@champion")).containsExactly(change);
        assertThat(store.report()).isEmpty();
        String wanted =
            store == reading ? "reading only" : denied ? "AccessDenied" : "Read-only file system";
        assertThatThrownBy(() -> store.publish(Packages.of("m", 2)))
            .isInstanceOf(StoreException.class)
            .hasMessageContaining(wanted);
        assertThatThrownBy(
                () -> store.move("m@champion").from(change).to(published).commit())
            .isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.attach(published, "card.md", new byte[1]))
            .isInstanceOf(StoreException.class)
            .hasMessageContaining(wanted);
      }
      assertThatThrownBy(() -> FileVersionStore.open(mount.resolve("new"), clock, files))
          .as("a new store")
          .isInstanceOf(StoreException.class);
    }
  }

  @Test
  void aDamagedDocumentIsRefusedAndAttachingItAgainRestoresIt() throws IOException {
    byte[] approved = "approved".getBytes(UTF_8);
    Document document = store.attach(first, "approval.txt", approved, "alice", "audit");
    Path blob =
        root.resolve("blobs").resolve("sha256").resolve(document.digest().hex());
    flip(blob, 0);

    assertThat(again().report())
        .containsExactly("blobs/sha256/" + document.digest().hex()
            + ": damaged, needed by fraud:1 approval.txt #1");
    assertThatThrownBy(() -> store.read(document))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContaining("fraud:1 approval.txt #1 is damaged")
        .hasMessageContaining(document.digest().hex())
        .hasMessageContaining("moved to quarantine");
    assertThat(readWeights(store.open(first))).isNotEmpty();
    assertThat(store.attach(first, "approval.txt", approved)).isEqualTo(document);
    assertThat(store.read(document)).isEqualTo(approved);

    Path record = root.resolve("models/fraud/documents/00000000000000000001.json");
    flip(record, 40);
    assertThatThrownBy(() -> again().documents(first))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("models/fraud/documents/00000000000000000001.json is damaged");
    assertThat(store.versions("fraud")).containsExactly(first, second);
  }

  @Test
  void leftOversOfADayAreSweptAndReported() throws IOException {
    Path old = Files.writeString(root.resolve("tmp/old.tmp"), "x");
    Path young = Files.writeString(root.resolve("tmp/young.tmp"), "x");
    Path foreign = Files.writeString(root.resolve("tmp/notes.txt"), "x");
    Instant now = Files.getLastModifiedTime(young).toInstant();
    for (Path path : List.of(old, foreign)) {
      Files.setLastModifiedTime(path, FileTime.from(now.minus(Duration.ofHours(25))));
    }
    Files.setLastModifiedTime(young, FileTime.from(now.minus(Duration.ofHours(23))));

    FileVersionStore other = again();

    assertThat(old).doesNotExist();
    assertThat(young).exists();
    assertThat(foreign).exists();
    assertThat(other.report())
        .containsExactly(
            "tmp: opening removed 1 files left more than 24 h ago",
            "tmp/notes.txt: being written, or left over",
            "tmp/young.tmp: being written, or left over");
  }

  @Test
  void instantsNeverGoBackAndNeverStandStill() {
    Version third = store.publish(Packages.of("fraud", 3));
    assertThat(third.publishedAt()).isEqualTo(second.publishedAt().plusMillis(1));
    clock.set(second.publishedAt().minus(Duration.ofDays(3)));
    assertThat(again().publish(Packages.of("fraud", 4)).publishedAt())
        .isEqualTo(third.publishedAt().plusMillis(1));
    assertThat(store.move(CHAMPION).from(first).to(second).commit().at())
        .isEqualTo(moved.at().plusMillis(1));
  }

  @Test
  void manyVersionsAndMovesCostNoMoreToRead() throws IOException {
    Path mount = Path.of("mount").toAbsolutePath();
    FaultyFiles files = new FaultyFiles(mount);
    FileVersionStore many = FileVersionStore.open(mount.resolve("store"), clock, files);
    Version from = many.publish(Packages.of("fraud", 1));
    many.move(CHAMPION).fromNothing().to(from).commit();
    for (int i = 2; i <= 100; i++) {
      many.publish(Packages.of("fraud", i));
    }
    for (int i = 1; i < 300; i++) {
      Version to = many.require("fraud:" + (1 + i % 100));
      many.move(CHAMPION).from(from).to(to).commit();
      from = to;
    }
    assertThat(many.current(CHAMPION)).isPresent();
    files.calm();
    assertThat(many.current(CHAMPION).orElseThrow().generation()).isEqualTo(300);
    assertThat(files.operations).as("operations of current").isEqualTo(1);
    assertThat(many.find("fraud:77")).isPresent();
    assertThat(files.operations).as("operations of find").isEqualTo(2);
    assertThat(many.history(CHAMPION)).hasSize(300);
    assertThat(files.operations).as("operations of history").isEqualTo(3);

    Optional<AliasChange> newest = many.current(CHAMPION);
    FileVersionStore fresh = FileVersionStore.open(mount.resolve("store"), clock, files);
    files.calm();
    assertThat(fresh.current(CHAMPION)).isEqualTo(newest);
    assertThat(files.operations)
        .as("look at four directories, list, ask for the next, read the newest")
        .isLessThan(9);
  }

  /** An NFS server's reply may be lost: the link is there, the answer says otherwise. */
  @Test
  void aLinkWhoseAnswerWasLostIsRecognised() {
    Path mount = Path.of("mount").toAbsolutePath();
    FaultyFiles files = new FaultyFiles(mount);
    FileVersionStore lossy = FileVersionStore.open(mount.resolve("store"), clock, files);
    Version one = lossy.publish(Packages.of("fraud", 1));
    files.calm();
    lossy.publish(Packages.of("churn", 1));
    int links =
        (int) files.trace.stream().filter(line -> line.startsWith("link")).count();
    assertThat(links).isPositive();
    int at = files.trace.indexOf(files.trace.stream()
        .filter(line -> line.startsWith("link"))
        .reduce((before, last) -> last)
        .orElseThrow());
    files.failAt(at, When.AFTER);
    assertThatCode(() -> lossy.publish(Packages.of("other", 1))).doesNotThrowAnyException();
    assertThat(lossy.versions("other")).hasSize(1);
    assertThat(lossy.versions("fraud")).containsExactly(one);
  }

  /** Written by release 0.1; every later release reads it. */
  @Test
  void aStoreOfRelease01IsReadForEver() throws IOException {
    Path copy = folder.resolve("copy");
    unpack("/store-0.1.txt", copy);
    try (FileVersionStore old = FileVersionStore.open(copy, clock)) {
      assertThat(old.versions("fraud")).hasToString("[fraud:1, fraud:2]");
      assertThat(old.history(CHAMPION))
          .extracting(AliasChange::toString)
          .containsExactly(
              "fraud@champion #1: nothing -> fraud:1 by release-bot, first",
              "fraud@champion #2: fraud:1 -> fraud:2 by release-bot, quarterly refresh");
      assertThat(old.current(CHAMPION).orElseThrow().at())
          .isEqualTo(Instant.parse("2026-01-01T00:00:00.001Z"));
      assertThat(new String(readWeights(old.open(old.require("fraud:2"))), UTF_8))
          .isEqualTo("weights of fraud 2");
      assertThat(old.publish(InMemoryPackage.copyOf(old.open(old.require("fraud:1"))))
              .number())
          .as("a copy of a package of 0.1 keeps its digest")
          .isEqualTo(1);
      assertThat(old.report()).isEmpty();
    }
  }

  /** A resource of lines: the path of a file, a space, its bytes in hex. */
  private static void unpack(String resource, Path into) throws IOException {
    try (InputStream in = StoreDamageTest.class.getResourceAsStream(resource)) {
      for (String line : new String(in.readAllBytes(), UTF_8).lines().toList()) {
        String[] parts = line.split(" ", 2);
        Path file = into.resolve(parts[0]);
        Files.createDirectories(file.getParent());
        Files.write(file, HexFormat.of().parseHex(parts[1]), StandardOpenOption.CREATE_NEW);
      }
    }
  }
}
