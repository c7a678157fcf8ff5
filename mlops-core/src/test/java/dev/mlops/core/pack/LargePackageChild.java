package dev.mlops.core.pack;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;

/** Packages, writes, verifies and reads weights of 2.5 GiB, which no array can hold; run with a heap of 64 MiB. */
final class LargePackageChild {
  private static final long SIZE = 5L << 29;

  private LargePackageChild() {}

  /** The folder to work in; prints {@code read N bytes} at the end. */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Path weights = folder.resolve("weights.bin");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.setLength(SIZE); // a hole, but for a byte in each GiB and at the end
      for (long at = 1 << 20; at < SIZE; at += 1 << 30) {
        file.seek(at);
        file.write(7);
      }
      file.seek(SIZE - 1);
      file.write(9);
    }
    FilePackage made = FilePackage.builder("large", Schema.of(Column.number("x")))
        .runtime("mine")
        .weights("model.bin", weights)
        .build();
    Path target = folder.resolve("package");
    made.write(target);
    FilePackage read = FilePackage.read(target);
    if (!read.equals(made)) {
      throw new AssertionError("wrote " + made + ", read " + read);
    }
    Path archive = folder.resolve("package.tar");
    PackageArchive.write(read, archive);
    count("folder", read);
    count("archive", PackageArchive.read(archive));
  }

  private static void count(String where, FilePackage read) throws IOException {
    PackageFile file = read.files(Role.WEIGHTS).get(0);
    long count = 0;
    long sum = 0;
    try (SeekableByteChannel channel = read.open(file)) {
      ByteBuffer some = ByteBuffer.allocate(1 << 16);
      while (channel.read(some) >= 0) {
        for (int i = 0; i < some.position(); i++) {
          sum += some.get(i);
        }
        count += some.position();
        some.clear();
      }
      channel.position(SIZE - 1);
      channel.read(some);
      if (some.get(0) != 9) {
        throw new AssertionError("the last byte is " + some.get(0));
      }
    }
    System.out.println(where + ": read " + count + " bytes of sum " + sum + " within "
        + (Runtime.getRuntime().maxMemory() >> 20) + " MiB");
  }
}
