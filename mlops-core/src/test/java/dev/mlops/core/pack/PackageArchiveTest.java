package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.core.internal.tar.TarWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackageArchiveTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  @TempDir
  Path folder;

  private static FilePackage small(int weights) {
    byte[] bytes = new byte[weights];
    new SplittableRandom(7).nextBytes(bytes);
    return FilePackage.builder("fraud", SCHEMA)
        .runtime("mine")
        .weights("model.bin", bytes)
        .document(ModelPackage.MODEL_CARD, "# Card")
        .document(ModelPackage.SBOM, "{}")
        .build();
  }

  private Path written(ModelPackage source) {
    Path archive = folder.resolve("archive.tar");
    PackageArchive.write(source, archive);
    return archive;
  }

  private static byte[] archived(FilePackage source) {
    Map<String, byte[]> blobs = new TreeMap<>(source.layout());
    source
        .files()
        .forEach(one -> blobs.put("blobs/sha256/" + one.digest().hex(), source.read(one)));
    Map<String, byte[]> ordered = new LinkedHashMap<>();
    ordered.put("oci-layout", blobs.remove("oci-layout"));
    ordered.put("index.json", blobs.remove("index.json"));
    ordered.putAll(blobs);
    return tar(ordered);
  }

  private static byte[] tar(Map<String, byte[]> entries) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      TarWriter tar = new TarWriter(out);
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        tar.file(entry.getKey(), entry.getValue());
      }
      tar.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static FilePackage read(byte[] archive) throws IOException {
    return PackageArchive.read(() -> ModelPackage.channel(archive));
  }

  private static void refused(byte[] archive, String... facts) {
    assertThatThrownBy(() -> read(archive))
        .isInstanceOf(PackageFormatException.class)
        .hasMessageStartingWith("no package archive: ")
        .hasMessageEndingWith("; nothing was read")
        .satisfies(e -> assertThat(e.getMessage()).contains(facts));
  }

  // ---- what is written

  @Test
  void anArchiveHoldsThePackage() throws IOException {
    FilePackage made = FilePackageTest.whole().build();
    FilePackage read = PackageArchive.read(written(made));
    assertThat(read).isEqualTo(made);
    assertThat(read.manifest()).isEqualTo(made.manifest());
    for (PackageFile file : made.files()) {
      assertThat(read.read(file)).isEqualTo(made.read(file));
    }
    assertThat(Files.readAllBytes(folder.resolve("archive.tar"))).isEqualTo(archived(made));
    // Any tar reader finds the layout that a folder has, owned by nobody in particular.
    made.write(folder.resolve("layout"));
    int files = 0;
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(Files.newInputStream(folder.resolve("archive.tar")))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        assertThat(tar.readAllBytes())
            .isEqualTo(Files.readAllBytes(folder.resolve("layout").resolve(entry.getName())));
        assertThat(entry.getUserName() + entry.getGroupName()).isEmpty();
        assertThat(entry.getLongUserId() + entry.getLongGroupId()).isZero();
        assertThat(entry.getLastModifiedTime().toMillis()).isZero();
        assertThat(entry.getMode() & 0777).isEqualTo(0644);
        files++;
      }
    }
    try (Stream<Path> layout = Files.walk(folder.resolve("layout"))) {
      assertThat(layout.filter(Files::isRegularFile)).hasSize(files);
    }
  }

  @Test
  void theSamePackageGivesTheSameBytesEverywhere() throws IOException {
    Locale locale = Locale.getDefault();
    TimeZone zone = TimeZone.getDefault();
    String user = System.getProperty("user.name");
    byte[] first = Files.readAllBytes(written(FilePackageTest.whole().build()));
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Chatham"));
      System.setProperty("user.name", "somebody-else");
      Path other = folder.resolve("other.tar");
      PackageArchive.write(FilePackageTest.whole().build(), other);
      assertThat(other).hasBinaryContent(first);
      // From a folder, whoever owns its files and whatever their permissions are.
      Path layout = folder.resolve("layout");
      FilePackageTest.whole().build().write(layout);
      try (Stream<Path> files = Files.walk(layout)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
      }
      Path third = folder.resolve("third.tar");
      PackageArchive.write(FilePackage.read(layout), third);
      assertThat(third).hasBinaryContent(first);
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
      System.setProperty("user.name", user);
    }
    // Computed once, on JDK 17: any machine must find it again.
    assertThat(Digest.of(archived(small(100))).abbreviated()).isEqualTo("a009098d9cf5");
  }

  @Test
  void anotherFileIsNotOverwritten() throws IOException {
    Path target = folder.resolve("taken.tar");
    Files.writeString(target, "mine");
    FilePackage made = small(10);
    assertThatThrownBy(() -> PackageArchive.write(made, target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("another file")
        .hasMessageContaining("not changed");
    assertThat(target).hasContent("mine");
    Path own = written(made);
    byte[] bytes = Files.readAllBytes(own);
    PackageArchive.write(made, own);
    assertThat(own).hasBinaryContent(bytes);
    assertThatThrownBy(() -> PackageArchive.write(small(11), own))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(own).hasBinaryContent(bytes);
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("taken.tar", "archive.tar");
  }

  @Test
  void nothingStaysOfAWriteThatFails() throws IOException {
    Path weights = folder.resolve("weights");
    byte[] bytes = new byte[ModelPackage.LARGEST_READ + 1];
    Files.write(weights, bytes);
    FilePackage made = FilePackage.builder("fraud", SCHEMA)
        .runtime("mine")
        .weights("model.bin", weights)
        .build();
    bytes[bytes.length - 1] = 1;
    Files.write(weights, bytes);
    assertThatThrownBy(() -> PackageArchive.write(made, folder.resolve("a.tar")))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContaining("model.bin");
    assertThatThrownBy(() -> PackageArchive.write(small(1), folder.resolve("absent/a.tar")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("nothing was written")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain(folder.toString()));
    for (int step = 1; step <= 4; step++) {
      int failing = step;
      assertThatThrownBy(() ->
              PackageArchive.write(small(1), folder.resolve("b.tar"), new FailingDisk(failing)))
          .as("step %d", step)
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(failing < 4 ? "nothing was written" : "it is there whole");
      if (step < 4) {
        assertThat(folder.toFile().list()).containsExactly("weights");
      }
    }
    // Only the folder could not be forced: the whole archive has its name.
    assertThat(PackageArchive.read(folder.resolve("b.tar"))).isEqualTo(small(1));
  }

  /** A link to nothing is not nothing: somebody meant another place. */
  @Test
  void aLinkToNothingIsNotWrittenOver() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("a.tar"), folder.resolve("absent.tar"));

    assertThatThrownBy(() -> PackageArchive.write(small(1), link))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it was not changed");
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(folder.toFile().list()).doesNotContain("absent.tar");
  }

  private static final class FailingDisk extends Disk {
    private int left;

    FailingDisk(int step) {
      left = step;
    }

    private void step() throws IOException {
      if (--left == 0) {
        throw new IOException("the disk is full");
      }
    }

    @Override
    void write(Path file, Content bytes) throws IOException {
      super.write(file, target -> {
        target.take(ByteBuffer.wrap(new byte[100]));
        step();
      });
      Files.delete(file);
      super.write(file, bytes);
    }

    @Override
    void force(Path file) throws IOException {
      step();
      super.force(file);
    }

    @Override
    void move(Path from, Path to) throws IOException {
      step();
      super.move(from, to);
    }

    @Override
    void forceFolder(Path target) throws IOException {
      step();
      super.forceFolder(target);
    }
  }

  // ---- damage

  /** Whatever bit of about 8 KiB is another, nothing is read. */
  @Test
  void everyBitOfASmallArchiveCounts() throws IOException {
    everyBit(archived(small(100)));
  }

  @Test
  @Tag("slow")
  void everyBitOfAnArchiveOf64KibCounts() throws IOException {
    everyBit(archived(small(64 << 10)));
  }

  private static void everyBit(byte[] archive) throws IOException {
    assertThat(read(archive).model()).isEqualTo("fraud");
    for (int i = 0; i < archive.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        archive[i] ^= (byte) (1 << bit);
        requireRefused(() -> read(archive), i, bit);
        archive[i] ^= (byte) (1 << bit);
      }
    }
    assertThat(read(archive).model()).isEqualTo("fraud");
  }

  /** Something that reads. */
  private interface Reading {
    Object read() throws IOException;
  }

  private static void requireRefused(Reading reading, int at, int bit) throws IOException {
    try {
      Object found = reading.read();
      throw new AssertionError(
          "bit " + bit + " of byte " + at + " was another, and read: " + found);
    } catch (PackageFormatException | PackageIntegrityException e) {
      // as it must be
    }
  }

  @Test
  void everyBitOfASmallFolderCounts() throws IOException {
    everyBitOfAFolder(small(512));
  }

  @Test
  @Tag("slow")
  void everyBitOfAFolderOf64KibCounts() throws IOException {
    everyBitOfAFolder(small(64 << 10));
  }

  private void everyBitOfAFolder(FilePackage made) throws IOException {
    Path layout = folder.resolve("flipped");
    made.write(layout);
    List<Path> files;
    try (Stream<Path> all = Files.walk(layout)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      byte[] bytes = Files.readAllBytes(file);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        for (int i = 0; i < bytes.length; i++) {
          for (int bit = 0; bit < 8; bit++) {
            channel.write(ByteBuffer.wrap(new byte[] {(byte) (bytes[i] ^ 1 << bit)}), i);
            requireRefused(() -> FilePackage.read(layout), i, bit);
          }
          channel.write(ByteBuffer.wrap(new byte[] {bytes[i]}), i);
        }
      }
    }
    assertThat(FilePackage.read(layout)).isEqualTo(made);
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000})
  void aRandomBitOfALargerArchiveCounts(int flips) throws IOException {
    randomBits(flips, 128 << 10);
  }

  @Test
  @Tag("slow")
  void tenThousandRandomBitsOfALargerArchiveCount() throws IOException {
    randomBits(10_000, 1 << 20);
  }

  private static void randomBits(int flips, int weights) throws IOException {
    byte[] archive = archived(small(weights));
    SplittableRandom random = new SplittableRandom(11);
    for (int flip = 0; flip < flips; flip++) {
      int at = random.nextInt(archive.length);
      int bit = random.nextInt(8);
      archive[at] ^= (byte) (1 << bit);
      requireRefused(() -> read(archive), at, bit);
      archive[at] ^= (byte) (1 << bit);
    }
  }

  /** Others switched validation off by a tag. No setting and no document of ours does, whatever its name. */
  @Test
  void noSettingSwitchesACheckOff() throws IOException {
    List<String> names = List.of(
        "trusted",
        "verify",
        "verified",
        "skip-digest",
        "mlops.unsafe",
        "is_prompt",
        "insecure",
        "onnx.name.0",
        "format",
        "policy");
    SplittableRandom random = new SplittableRandom(17);
    for (int round = 0; round < 20; round++) {
      FilePackage.Builder builder =
          FilePackage.builder("fraud", SCHEMA).runtime("mine").weights("model.bin", new byte[500]);
      for (String name : names) {
        switch (random.nextInt(4)) {
          case 0 -> builder.configuration(name, "false");
          case 1 -> builder.configuration(name, "true");
          case 2 -> builder.document(name + ".json", "{\"verify\":false}".getBytes(UTF_8));
          default -> {
            // without it
          }
        }
      }
      byte[] archive = archived(builder.build());
      for (int flip = 0; flip < 40; flip++) {
        int at = random.nextInt(archive.length);
        int bit = random.nextInt(8);
        archive[at] ^= (byte) (1 << bit);
        requireRefused(() -> read(archive), at, bit);
        archive[at] ^= (byte) (1 << bit);
      }
      assertThat(read(archive).model()).isEqualTo("fraud");
    }
  }

  @Test
  void anArchiveCutShortIsRefusedByWhereItEnds() {
    byte[] archive = archived(small(2_000));
    SplittableRandom random = new SplittableRandom(3);
    List<Integer> lengths = new ArrayList<>();
    for (int length = 512; length < archive.length; length += 512) {
      lengths.add(length);
    }
    random.ints(200, 1, archive.length).forEach(lengths::add);
    for (int length : lengths) {
      assertThatThrownBy(() -> read(Arrays.copyOf(archive, length)))
          .as("%d of %d bytes", length, archive.length)
          .isInstanceOf(PackageFormatException.class)
          .satisfies(e -> assertThat(e.getMessage())
              .containsPattern(
                  length < 512
                      ? "wanted a tar, got something else that begins with the bytes"
                      : "ends at offset " + length + "|has \\d+ left"));
    }
  }

  // ---- what is no archive

  @Test
  void whatIsNoTarIsSaid() throws IOException {
    refused(new byte[0], "an empty file");
    refused(new byte[] {0x1f, (byte) 0x8b, 8, 0, 1}, "a gzip file", "1f8b080001");
    refused("PK\3\4 and so on".getBytes(UTF_8), "a zip file", "504b0304");
    refused(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd}, "a zstd file");
    byte[] random = new byte[4_096];
    new SplittableRandom(5).nextBytes(random);
    refused(random, "something else", "begins with the bytes ");
    refused(new byte[10_240], "offset 1024", "10240");
    refused(new byte[1_024], "oci-layout is missing");
    byte[] nested = tar(Map.of("fraud.tar", archived(small(1))));
    refused(nested, "\"fraud.tar\"", "path not allowed");
    assertThatThrownBy(() -> PackageArchive.read(folder))
        .isInstanceOf(PackageFormatException.class)
        .hasMessageContaining("a folder");
    assertThatThrownBy(() -> PackageArchive.read(folder.resolve("absent.tar")))
        .isInstanceOf(PackageFormatException.class)
        .hasMessageContaining("got nothing")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain(folder.toString()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x",
        "/x",
        "C:\\x",
        "..\\x",
        "a/../../x",
        "x\ny",
        "\u202ex",
        "%2e%2e/x",
        "./oci-layout",
        "blobs/sha256/../../x",
        "BLOBS/sha256/x",
        "oci-layout/",
        "oci-layout ",
        "OCI-LAYOUT",
        "//proc/self/root",
        "a#b",
        "con",
        "blobs/sha256/0"
      })
  void aNameThatIsNoneOfALayoutIsRefused(String name) {
    byte[] header = TarWriter.header("oci-layout", 0);
    Arrays.fill(header, 0, 100, (byte) 0);
    byte[] bytes = name.getBytes(UTF_8);
    System.arraycopy(bytes, 0, header, 0, bytes.length);
    byte[] archive = concat(summed(header), new byte[1_024]);
    refused(
        archive,
        "\"" + MlopsException.shown(new String(bytes, ISO_8859_1)) + "\"",
        "path not allowed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1a hard link",
        "2a symbolic link",
        "3a device",
        "4a device",
        "5a folder",
        "6a FIFO",
        "Sa sparse file",
        "xa PAX header",
        "ga PAX header",
        "La GNU long name",
        "Ka GNU long name",
        "7of type 0x37",
        "Zof type 0x5a"
      })
  void whatIsNoFileIsRefusedByItsType(String typeAndWords) {
    byte[] header = TarWriter.header("oci-layout", 0);
    header[156] = (byte) typeAndWords.charAt(0);
    refused(
        concat(summed(header), new byte[1_024]),
        "\"oci-layout\" at offset 0",
        typeAndWords.substring(1));
  }

  @Test
  void anEntryThatIsThereTwiceIsRefusedByBothPlaces() {
    byte[] one = Arrays.copyOf(tar(Map.of("oci-layout", new byte[3])), 1_024);
    refused(concat(one, one, new byte[1_024]), "at offset 1024", "at offset 0 too");
  }

  @Test
  void whatStandsAfterTheEndIsRefused() {
    byte[] archive = archived(small(10));
    refused(concat(archive, new byte[512]), "must end at offset " + archive.length);
    refused(concat(archive, archive), "must end at offset " + archive.length);
    byte[] other = concat(archive);
    other[other.length - 1] = 1;
    refused(other, "two blocks of zeros");
  }

  @Test
  void aSizeThatIsNoneIsRefusedBeforeRoomIsMade() {
    Map<String, String> sizes = new LinkedHashMap<>();
    sizes.put("-0000000001", "octal digits");
    sizes.put("00000000009", "octal digits");
    sizes.put("           ", "octal digits");
    sizes.put("0x000000001", "octal digits");
    sizes.put("77777777777", "8589934591 bytes, but the archive has 1024 left");
    sizes.forEach((size, words) -> {
      byte[] header = TarWriter.header("oci-layout", 0);
      System.arraycopy(size.getBytes(UTF_8), 0, header, 124, 11);
      refused(concat(summed(header), new byte[1_024]), "\"oci-layout\"", words);
    });
    byte[] tebibyte = TarWriter.header("oci-layout", 1L << 40);
    refused(concat(tebibyte, new byte[1_024]), "1099511627776 bytes");
    byte[] huge = tebibyte.clone();
    Arrays.fill(huge, 125, 136, (byte) 0xff);
    refused(concat(summed(huge), new byte[1_024]), "more than the archive has");
  }

  @Test
  void aMillionEntriesAreRefusedAtTheFirstTooMany() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < 1_100; i++) {
      out.writeBytes(TarWriter.header(
          "blobs/sha256/" + Digest.of(new byte[] {1, (byte) i, (byte) (i >> 8)}).hex(), 0));
    }
    refused(out.toByteArray(), "at most 1004 entries", "offset " + 1_004 * 512);
  }

  @Test
  void aHeaderThatIsWrittenOtherwiseIsRefused() {
    for (Consumer<byte[]> change : List.<Consumer<byte[]>>of(
        header -> header[107] ^= 1, // mode
        header -> header[114] ^= 1, // owner
        header -> header[146] = '7', // time
        header -> header[265] = 'r', // owner's name
        header -> header[500] = 1)) {
      byte[] archive = archived(small(10));
      byte[] header = Arrays.copyOf(archive, 512);
      change.accept(header);
      System.arraycopy(summed(header), 0, archive, 0, 512);
      refused(archive, "\"oci-layout\" at offset 0", "header that it is written with");
    }
  }

  @Test
  void entriesThatNothingLeadsToOrOutOfOrderAreRefused() {
    FilePackage made = small(10);
    Map<String, byte[]> blobs = new TreeMap<>(made.layout());
    made.files().forEach(one -> blobs.put("blobs/sha256/" + one.digest().hex(), made.read(one)));
    refused(tar(blobs), "out of order"); // blobs first
    Map<String, byte[]> ordered = new LinkedHashMap<>();
    ordered.put("oci-layout", blobs.remove("oci-layout"));
    ordered.put("index.json", blobs.remove("index.json"));
    ordered.putAll(blobs);
    String other = "blobs/sha256/" + "f".repeat(64);
    ordered.put(other, new byte[1]);
    refused(tar(ordered), other, "nothing leads to");
  }

  @Test
  void aBlobThatIsMissingIsADamagedPackage() throws IOException {
    FilePackage made = small(10);
    Map<String, byte[]> blobs = new LinkedHashMap<>();
    made.layout().forEach(blobs::put);
    Map<String, byte[]> ordered = new LinkedHashMap<>();
    ordered.put("oci-layout", blobs.remove("oci-layout"));
    ordered.put("index.json", blobs.remove("index.json"));
    ordered.putAll(blobs);
    assertThatThrownBy(() -> read(tar(ordered)))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContaining("is missing");
  }

  @Test
  void anIndexOrMarkThatIsNoneIsRefused() {
    FilePackage made = small(10);
    for (String name : List.of("oci-layout", "index.json")) {
      for (String text : List.of(
          "",
          "{}",
          "\ufeff{}",
          "[".repeat(10_000),
          "{\"a\":1,\"a\":1}",
          "NaN",
          "\"\\ud800\"",
          "1e999999",
          "x".repeat(100_000))) {
        Map<String, byte[]> blobs = new LinkedHashMap<>();
        blobs.put("oci-layout", made.layout().get("oci-layout"));
        blobs.put("index.json", made.layout().get("index.json"));
        blobs.put(name, text.getBytes(UTF_8));
        assertThatThrownBy(() -> read(tar(blobs)))
            .as("%s of %s", name, MlopsException.shown(text))
            .isInstanceOf(PackageFormatException.class)
            .hasMessageContaining(name)
            .hasMessageContaining("nothing was read");
      }
    }
  }

  /** A tar that is swapped under an open package gives no other bytes. */
  @Test
  void anArchiveThatChangesAfterwardsIsFound() throws IOException {
    FilePackage made = small(4_096);
    Path archive = written(made);
    FilePackage read = PackageArchive.read(archive);
    PackageFile weights = read.files(Role.WEIGHTS).get(0);
    byte[] bytes = Files.readAllBytes(archive);
    byte[] content = made.read(weights);
    int at = 0;
    while (!Arrays.equals(bytes, at, at + content.length, content, 0, content.length)) {
      at++;
    }
    bytes[at + 99] ^= 1;
    Files.write(archive, bytes);
    assertThatThrownBy(() -> read.read(weights)).isInstanceOf(PackageIntegrityException.class);
    assertThatThrownBy(() -> read.open(weights)).isInstanceOf(PackageIntegrityException.class);
    Files.delete(archive);
    assertThatThrownBy(() -> read.read(weights))
        .isInstanceOfAny(UncheckedIOException.class, PackageIntegrityException.class);
  }

  private static byte[] summed(byte[] header) {
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    byte[] text = String.format(Locale.ROOT, "%06o\0 ", sum).getBytes(UTF_8);
    System.arraycopy(text, 0, header, 148, 8);
    return header;
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
