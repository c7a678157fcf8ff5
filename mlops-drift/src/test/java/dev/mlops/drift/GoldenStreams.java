package dev.mlops.drift;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** The streams that recorded answers are about: id,kind,n,file,… in {@code streams.csv}. */
public final class GoldenStreams {
  private GoldenStreams() {}

  /** The lines of a csv after its heading; the test is skipped, and says so, if the file is not there. */
  public static List<String> rows(String file) {
    List<String> lines = Golden.lines("streaming", file);
    return lines.subList(1, lines.size()).stream()
        .filter(line -> !line.isBlank())
        .toList();
  }

  /** The values of a stream; the test is skipped, and says so, if it is not there. */
  public static double[] values(String id) {
    String[] described = rows("streams.csv").stream()
        .filter(line -> line.startsWith(id + ","))
        .findFirst()
        .map(line -> line.split(",", -1))
        .orElse(new String[0]);
    assumeTrue(described.length > 3, "no stream " + id + " in streams.csv");
    assumeTrue(
        Golden.has("streaming", described[3]),
        "no file " + described[3] + " in the folder of recordings");
    byte[] bytes = Golden.bytes("streaming", described[3]);
    int n = Integer.parseInt(described[2]);
    double[] values = described[1].equals("bits") ? bits(bytes, n) : decimals(bytes);
    assertThat(values).as("values of " + id).hasSize(n);
    return values;
  }

  /** Most significant bit first. */
  private static double[] bits(byte[] bytes, int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = bytes[i / 8] >> (7 - i % 8) & 1;
    }
    return values;
  }

  /** One decimal per line, compressed. */
  private static double[] decimals(byte[] bytes) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .mapToDouble(Double::parseDouble)
          .toArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
