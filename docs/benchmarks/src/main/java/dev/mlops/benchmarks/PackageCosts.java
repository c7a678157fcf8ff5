package dev.mlops.benchmarks;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.PackageArchive;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Measures what it costs to write a package with a large file and to open it, as multiples of what cannot be avoided: one
 * SHA-256 pass over the file, and one copy of it that is forced to the disk.
 *
 * <p>All are measured in turn, round by round in one run, and the median ratio of the rounds is printed, so that a machine
 * with other work slows all alike. {@code --mebibytes 100 --rounds 7} are the defaults. The exit code is 1 if a limit was missed.
 */
public final class PackageCosts {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  /** What a step costs at most, as a multiple of what it is compared with. */
  private static final double MOST_WRITTEN = 1.5;

  private static final double MOST_OPENED = 1.3;

  private PackageCosts() {}

  /** Something that is timed. */
  private interface Step {
    void run() throws IOException, NoSuchAlgorithmException;
  }

  /**
   * Measures.
   *
   * @param args see above
   * @throws Exception if the disk fails
   */
  public static void main(String[] args) throws Exception {
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    int mebibytes = Integer.parseInt(options.getOrDefault("--mebibytes", "100"));
    int rounds = Integer.parseInt(options.getOrDefault("--rounds", "7"));
    Path folder = Files.createTempDirectory("package-costs");
    try {
      System.exit(measured(folder, mebibytes, rounds) ? 0 : 1);
    } finally {
      delete(folder);
    }
  }

  private static boolean measured(Path folder, int mebibytes, int rounds) throws Exception {
    Path weights = folder.resolve("weights");
    SplittableRandom random = new SplittableRandom(7);
    byte[] block = new byte[1 << 20];
    try (var out = Files.newOutputStream(weights)) {
      for (int i = 0; i < mebibytes; i++) {
        random.nextBytes(block);
        out.write(block);
      }
    }
    FilePackage made = FilePackage.builder("fraud", SCHEMA)
        .runtime("none")
        .weights("weights", weights)
        .build();
    Path written = folder.resolve("written");
    Path archive = folder.resolve("archive.tar");
    List<double[]> times = new ArrayList<>();
    for (int round = 0; round <= rounds; round++) {
      Path copy = folder.resolve("copy");
      double[] row = {
        seconds(() -> hash(weights)),
        seconds(() -> {
          Files.copy(weights, copy);
          try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
        }),
        seconds(() -> made.write(written)),
        seconds(() -> FilePackage.read(written)),
        seconds(() -> PackageArchive.write(made, archive)),
        seconds(() -> PackageArchive.read(archive))
      };
      Files.delete(copy);
      Files.delete(archive);
      delete(written);
      if (round > 0) { // the first warms up
        times.add(row);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d MiB, median of %d rounds: SHA-256 %.0f ms, forced copy %.0f ms%n",
        mebibytes,
        rounds,
        median(times.stream().mapToDouble(row -> row[0] * 1_000)),
        median(times.stream().mapToDouble(row -> row[1] * 1_000)));
    boolean fine = ratio("write a folder / (SHA-256 + copy)", times, 2, true, MOST_WRITTEN);
    fine &= ratio("open a folder / SHA-256", times, 3, false, MOST_OPENED);
    fine &= ratio("write an archive / (SHA-256 + copy)", times, 4, true, MOST_WRITTEN);
    fine &= ratio("open an archive / SHA-256", times, 5, false, MOST_OPENED);
    return fine;
  }

  private static boolean ratio(
      String what, List<double[]> times, int step, boolean copied, double most) {
    double ratio =
        median(times.stream().mapToDouble(row -> row[step] / (row[0] + (copied ? row[1] : 0))));
    System.out.printf(
        Locale.ROOT,
        "%-36s %.2f, at most %.1f%s%n",
        what,
        ratio,
        most,
        ratio <= most ? "" : ": MISSED");
    return ratio <= most;
  }

  private static double seconds(Step step) throws IOException, NoSuchAlgorithmException {
    long start = System.nanoTime();
    step.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private static void hash(Path file) throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] step = new byte[1 << 20];
    try (InputStream bytes = Files.newInputStream(file)) {
      for (int count = bytes.read(step); count >= 0; count = bytes.read(step)) {
        digest.update(step, 0, count);
      }
    }
    if (digest.digest().length != 32) {
      throw new IllegalStateException("SHA-256 has 32 bytes");
    }
  }

  private static double median(DoubleStream values) {
    double[] sorted = values.toArray();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
