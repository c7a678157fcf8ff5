package dev.mlops.core.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.core.store.FileVersionStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are larger than the chunks in which they are verified, or than memory. */
class LargePackageTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  @TempDir
  Path folder;

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private FilePackage read(byte[] weights) {
    FilePackage.builder("large", SCHEMA)
        .runtime("mine")
        .weights("model.bin", weights)
        .build()
        .write(folder.resolve("package"));
    return FilePackage.read(folder.resolve("package"));
  }

  private Path blob(PackageFile file) {
    return folder
        .resolve("package")
        .resolve("blobs/sha256")
        .resolve(file.digest().hex());
  }

  /** The bytes of a chunk that changes after the file was verified are never given. */
  @Test
  void storageThatChangesBehindAnOpenChannelIsFound() throws IOException {
    byte[] weights = random(3_500_000);
    FilePackage made = read(weights);
    PackageFile file = made.files(Role.WEIGHTS).get(0);
    try (SeekableByteChannel channel = made.open(file)) {
      ByteBuffer first = ByteBuffer.allocate(10);
      channel.read(first);
      assertThat(first.array()).isEqualTo(java.util.Arrays.copyOf(weights, 10));
      try (RandomAccessFile behind = new RandomAccessFile(blob(file).toFile(), "rw")) {
        behind.seek(2_500_000);
        behind.write(weights[2_500_000] ^ 1);
      }
      channel.position(1_500_000); // a chunk that is as it was
      first.clear();
      assertThat(channel.read(first)).isEqualTo(10);
      channel.position(2_499_999);
      first.clear();
      assertThatThrownBy(() -> channel.read(first))
          .isInstanceOf(PackageIntegrityException.class)
          .hasMessageContaining("model.bin")
          .hasMessageContaining("2097152");
      assertThat(first.position()).as("bytes given before it was compared").isZero();
    }
    assertThatThrownBy(() -> made.open(file)).isInstanceOf(PackageIntegrityException.class);
  }

  /** Where the storage says less or more than there is, nothing is given. */
  @Test
  void storageThatLiesAboutItsSizeIsRefused() throws IOException {
    byte[] weights = random(2_200_000);
    FilePackage made = read(weights);
    PackageFile file = made.files(Role.WEIGHTS).get(0);
    for (int size : new int[] {weights.length - 1, weights.length + 1, 0}) {
      Files.write(blob(file), java.util.Arrays.copyOf(weights, size));
      assertThatThrownBy(() -> made.open(file))
          .as("%d bytes", size)
          .isInstanceOf(PackageIntegrityException.class)
          .hasMessageContaining(size + " bytes");
    }
  }

  /** A file of more than {@link ModelPackage#LARGEST_READ} bytes stays where it is, and is verified when it is written. */
  @Test
  void aLargeFileOfABuilderIsVerifiedWhenItIsWritten() throws IOException {
    Path weights = folder.resolve("weights.bin");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.setLength(ModelPackage.LARGEST_READ + 5L);
    }
    FilePackage made = FilePackage.builder("large", SCHEMA)
        .runtime("mine")
        .weights("model.bin", weights)
        .build();
    made.write(folder.resolve("package"));
    FilePackage read = FilePackage.read(folder.resolve("package"));
    assertThat(read).isEqualTo(made);
    try (SeekableByteChannel channel = read.open(read.files(Role.WEIGHTS).get(0))) {
      assertThat(Digest.of(Channels.newInputStream(channel).readAllBytes()))
          .isEqualTo(read.files(Role.WEIGHTS).get(0).digest());
    }
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.write(1);
    }
    assertThatThrownBy(() -> made.write(folder.resolve("another")))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContaining("model.bin");
  }

  /** A store streams what it would not hold; also from there a file can be read at any position. */
  @Test
  void aLargeFileGoesThroughAStore() throws IOException {
    Path weights = folder.resolve("weights.bin");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.setLength(ModelPackage.LARGEST_READ + 5L);
      file.seek(ModelPackage.LARGEST_READ);
      file.write(7);
    }
    FilePackage made = FilePackage.builder("large", SCHEMA)
        .runtime("mine")
        .weights("model.bin", weights)
        .build();
    try (FileVersionStore store = FileVersionStore.open(folder.resolve("store"))) {
      ModelPackage opened = store.open(store.publish(made));
      assertThat(opened).isEqualTo(made);
      try (SeekableByteChannel channel = opened.open(opened.files(Role.WEIGHTS).get(0))) {
        ByteBuffer one = ByteBuffer.allocateDirect(1);
        for (long at : new long[] {ModelPackage.LARGEST_READ, 3, ModelPackage.LARGEST_READ}) {
          channel.position(at);
          one.clear();
          assertThat(channel.read(one)).isEqualTo(1);
          assertThat(one.get(0)).isEqualTo((byte) (at == 3 ? 0 : 7));
        }
      }
    }
  }

  @Test
  void anInterruptedThreadReadsAndWrites() {
    byte[] weights = random(2_200_000);
    FilePackage made = FilePackage.builder("large", SCHEMA)
        .runtime("mine")
        .weights("model.bin", weights)
        .build();
    try {
      Thread.currentThread().interrupt();
      made.write(folder.resolve("package"));
      assertThat(Thread.currentThread().isInterrupted())
          .as("the flag after writing")
          .isTrue();
      FilePackage read = FilePackage.read(folder.resolve("package"));
      PackageFile file = read.files(Role.WEIGHTS).get(0);
      assertThat(read.read(file)).isEqualTo(weights);
      try (SeekableByteChannel channel = read.open(file)) {
        ByteBuffer all = ByteBuffer.allocate(weights.length);
        while (all.hasRemaining() && channel.read(all) > 0) {
          // until all are there
        }
        assertThat(all.array()).isEqualTo(weights);
      }
      assertThat(Thread.currentThread().isInterrupted())
          .as("the flag after reading")
          .isTrue();
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      Thread.interrupted();
    }
  }

  /** No file of a package need fit into memory, nor into an array. */
  @Test
  @Tag("slow")
  void weightsOfTwoAndAHalfGibibytesNeedSixtyFourMebibytesOfHeap() throws Exception {
    Process child = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            LargePackageChild.class.getName(),
            folder.toString())
        .redirectErrorStream(true)
        .start();
    String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor(10, TimeUnit.MINUTES)).isTrue();
    assertThat(said)
        .contains("folder: read 2684354560 bytes of sum 30")
        .contains("archive: read 2684354560 bytes of sum 30");
  }
}
