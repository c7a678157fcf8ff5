package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Library;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionComparison;
import dev.mlops.api.store.VersionNotFoundException;
import org.junit.jupiter.api.Test;

class VersionComparisonTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");

  private final InMemoryVersionStore store = new InMemoryVersionStore();

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static Baseline accuracy(Schema schema, double value) {
    return Baseline.builder(schema)
        .rows(100)
        .quality(Metric.ACCURACY, new Estimate(value, value - 0.1, value + 0.1, 100))
        .build();
  }

  @Test
  void saysWhatIsAddedRemovedAndChanged() {
    Version before = store.publish(InMemoryPackage.builder("fraud", SCHEMA)
        .runtime("tribuo")
        .configuration("depth", 6)
        .configuration("seed", 1)
        .library(Library.of("tribuo", "4.3.1"))
        .provenance("commit", "abc")
        .weights("model.bin", bytes("one"))
        .document("card.md", bytes("same"))
        .document("old.md", bytes("old"))
        .baseline(accuracy(SCHEMA, 0.8))
        .build());
    Schema wider =
        Schema.of(Column.number("amount"), Column.category("channel"), Column.number("age"));
    Version after = store.publish(InMemoryPackage.builder("fraud", wider)
        .runtime("onnx")
        .configuration("depth", 8)
        .configuration("seed", 1)
        .configuration("bagging", true)
        .library(Library.of("tribuo", "4.3.2"))
        .provenance("commit", "def")
        .weights("model.bin", bytes("two"))
        .document("card.md", bytes("same"))
        .document("new.md", bytes("new"))
        .baseline(accuracy(wider, 0.9))
        .build());
    store.attach(before, "approval.txt", bytes("yes"), "alice", "");
    store.attach(after, "approval.txt", bytes("no"), "bob", "");
    store.attach(after, "approval.txt", bytes("yes, then"), "bob", "");
    store.attach(before, "same.txt", bytes("x"), "alice", "");
    store.attach(after, "same.txt", bytes("y"), "bob", "");
    store.attach(after, "same.txt", bytes("x"), "bob", "the same again");
    store.attach(after, "report.txt", bytes("z"));

    VersionComparison comparison = VersionComparison.of(store, before, after);
    assertThat(comparison.from()).isEqualTo(before);
    assertThat(comparison.to()).isEqualTo(after);
    assertThat(comparison.lines())
        .contains(
            "runtime: tribuo -> onnx",
            "schema: positive label yes -> none",
            "configuration depth: 6.0 -> 8.0",
            "configuration bagging: added",
            "provenance commit: abc -> def",
            "library tribuo: 4.3.1 -> 4.3.2",
            "file new.md: added",
            "file old.md: removed",
            "document report.txt: added")
        .anyMatch(line -> line.startsWith("schema: column") && line.contains("age"))
        .anyMatch(line ->
            line.startsWith("file model.bin: ") && line.contains("3 B") && line.contains(" -> "))
        .anyMatch(line -> line.matches("baseline .*0\\.8000 \\(.*\\) -> 0\\.9000 \\(.*\\)"))
        .anyMatch(line ->
            line.startsWith("document approval.txt: #1 by alice") && line.contains("-> #2 by bob"))
        .noneMatch(line -> line.contains("seed"))
        .noneMatch(line -> line.contains("card.md") || line.contains("same.txt"));
    assertThat(comparison.toString())
        .startsWith("fraud:1 -> fraud:2, " + comparison.lines().size() + " differences")
        .contains("runtime: tribuo -> onnx");
  }

  @Test
  void aVersionHasNoDifferenceFromItself() {
    Version version = store.publish(InMemoryPackage.of(PackageContents.sample("fraud", 1)));
    assertThat(VersionComparison.of(store, version, version).lines()).isEmpty();
    Version absent = new Version("fraud", 9, version.digest(), version.publishedAt());
    assertThatThrownBy(() -> VersionComparison.of(store, version, absent))
        .isInstanceOf(VersionNotFoundException.class);
  }
}
