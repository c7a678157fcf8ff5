package dev.mlops.examples;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;

/** CSV files whose concept changes. */
final class Streams {
  private Streams() {}

  /** Rows of a shop that returns what the opposite half of its customers sends back after each {@code change} rows. */
  static Path shop(Path file, int rows, int change, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder csv =
        new StringBuilder("day,amount,\"sales, channel\",\"the \"\"outcome\"\"\"\n");
    for (int i = 0; i < rows; i++) {
      double amount = Math.round(5_000 * random.nextDouble()) / 10.0;
      boolean web = random.nextBoolean();
      boolean returned = (amount > 250) ^ web ^ (i / change % 2 == 1) ^ random.nextDouble() < 0.05;
      csv.append(i)
          .append(',')
          .append(random.nextDouble() < 0.02 ? "" : Double.toString(amount))
          .append(',')
          .append(web ? "\"web, \"\"mobile\"\"\"" : random.nextDouble() < 0.02 ? "" : "shop")
          .append(',')
          .append(returned ? "returned" : "kept")
          .append('\n');
    }
    byte[] bytes = csv.toString().getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream packed = file.toString().endsWith(".gz") ? new GZIPOutputStream(out) : out) {
      packed.write(bytes);
    }
    return file;
  }
}
