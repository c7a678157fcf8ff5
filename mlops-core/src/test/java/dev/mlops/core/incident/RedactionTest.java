package dev.mlops.core.incident;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.core.monitor.ColumnPolicy;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedactionTest {
  private static final byte[] SECRET = "a secret of the host".getBytes(UTF_8);

  private static final Schema SCHEMA = Schema.of(
      Column.category("dropped"),
      Column.category("byDefault"),
      Column.category("hashed"),
      Column.number("numberDropped"),
      Column.number("numberHashed"),
      Column.number("kept"));

  @TempDir
  Path dir;

  /** Random texts of characters that nothing else is written with, random numbers of 52 random bits. */
  @Test
  void noFourBytesOfADroppedOrHashedColumnAreAnywhere() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    IncidentScene scene = new IncidentScene();
    IncidentScene.Ledger ledger = new IncidentScene.Ledger();
    Set<Integer> forbidden = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      String[] texts = new String[6];
      for (int column = 0; column < 3; column++) {
        texts[column] = text(random);
        runs(texts[column].getBytes(UTF_8), forbidden);
      }
      double[] numbers = new double[6];
      for (int column = 3; column < 5; column++) {
        numbers[column] = random.nextDouble() * 1e6;
        byte[] bits = ByteBuffer.allocate(8).putDouble(numbers[column]).array();
        runs(bits, forbidden);
        runs(
            ByteBuffer.allocate(8)
                .putLong(Long.reverseBytes(Double.doubleToLongBits(numbers[column])))
                .array(),
            forbidden);
      }
      texts[3] = texts[4] = texts[5] = "";
      numbers[5] = i;
      Row row = Row.of(SCHEMA, numbers, texts);
      ledger.all.add(Outcome.builder(i, i, "1")
          .row(row)
          .prediction(Classification.of("yes"))
          .truth(Truth.of("no"))
          .servedAt(Instant.EPOCH)
          .segment("dropped=" + texts[0])
          .build());
    }
    Path file = dir.resolve("incidents.log");
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    try (IncidentLog log = scene
        .config()
        .when("some", outcome -> outcome.position() % 11 == 0)
        .column("dropped", ColumnPolicy.drop())
        .column("hashed", ColumnPolicy.hash(SECRET))
        .column("numberDropped", ColumnPolicy.drop())
        .column("numberHashed", ColumnPolicy.hash(SECRET))
        .open(file)) {
      log.look(ledger);
      assertThat(log.newest()).hasSize(91);
      for (Incident incident : log.newest()) {
        shown.writeBytes(incident.toString().getBytes(UTF_8));
        shown.writeBytes(incident.row().toString().getBytes(UTF_8));
        shown.writeBytes(IncidentRecords.incident(incident.facts(), 0));
        assertThat(incident.row().number(5)).isEqualTo(incident.position());
        assertThat(incident.treated())
            .containsOnlyKeys("dropped", "byDefault", "hashed", "numberDropped", "numberHashed");
        assertThat(incident.asGoldenExample()).isEmpty();
      }
    }
    Set<Integer> written = new HashSet<>();
    runs(Files.readAllBytes(file), written);
    runs(shown.toByteArray(), written);
    written.retainAll(forbidden);
    assertThat(written).as("runs of four bytes that were to be hidden").isEmpty();
    assertThat(forbidden).hasSizeGreaterThan(50_000);
  }

  /** The check above would see a leak. */
  @Test
  void whatIsKeptIsThere() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    IncidentScene scene = new IncidentScene();
    IncidentScene.Ledger ledger = new IncidentScene.Ledger();
    String text = text(random);
    ledger.all.add(Outcome.builder(0, 0, "1")
        .row(Row.of(SCHEMA, text, "", "", 1.0, 2.0, 3.0))
        .prediction(Classification.of("yes"))
        .truth(Truth.of("no"))
        .servedAt(Instant.EPOCH)
        .build());
    Path file = dir.resolve("incidents.log");
    try (IncidentLog log = scene
        .config()
        .when("every", outcome -> true)
        .column("dropped", ColumnPolicy.keep())
        .open(file)) {
      log.look(ledger);
    }
    Set<Integer> wanted = new HashSet<>();
    runs(text.getBytes(UTF_8), wanted);
    Set<Integer> written = new HashSet<>();
    runs(Files.readAllBytes(file), written);
    assertThat(written).containsAll(wanted);
  }

  /** Equal values stay equal under a keyed hash, and a coarser value is what the policy says. */
  @Test
  void hashesJoinAndBucketsAreCoarse() {
    Redaction redaction = new Redaction(
        Map.of(
            "hashed",
            ColumnPolicy.hash(SECRET),
            "kept",
            ColumnPolicy.bucket(10),
            "dropped",
            ColumnPolicy.bucket(10)), // does not suit a category
        null);
    List<Redaction.Row> both = new ArrayList<>();
    for (double kept : new double[] {37, 39.5}) {
      both.add(redaction.of(Row.of(SCHEMA, "a", "b", "iban", 1.0, 2.0, kept)));
    }
    assertThat(both.get(0).row().category(2))
        .isEqualTo(both.get(1).row().category(2))
        .hasSize(16);
    assertThat(both).allSatisfy(row -> {
      assertThat(row.row().number(5)).isEqualTo(30.0);
      assertThat(row.row().category(0)).isEmpty();
      assertThat(row.treated())
          .containsEntry("kept", "bucket 10.0")
          .containsEntry("hashed", "keyed hash")
          .containsEntry("dropped", "drop");
    });
  }

  private static String text(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    for (int i = 4 + random.nextInt(12); i > 0; i--) {
      text.appendCodePoint(0x4e00 + random.nextInt(0x5000));
    }
    return text.toString();
  }

  private static void runs(byte[] bytes, Set<Integer> into) {
    for (int i = 0; i + 4 <= bytes.length; i++) {
      into.add(ByteBuffer.wrap(bytes).getInt(i));
    }
  }
}
