package dev.mlops.core.store;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Version;
import dev.mlops.testkit.ManualClock;
import java.io.IOException;
import java.io.Reader;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that release 0.1 wrote is read for ever: versions, packages, aliases and their history. */
class StoredStoreTest {
  private static final List<String> ALIASES =
      List.of("churn.v2_x-1@champion", "fraud@champion", "fraud@shadow");

  /** A copy: opening a store writes its lock. */
  @TempDir
  Path root;

  private final ManualClock clock = new ManualClock(Instant.parse("2027-05-01T00:00:00Z"));
  private final Map<String, String> values = new TreeMap<>();

  private static Path stored() throws URISyntaxException {
    URL found = requireNonNull(StoredStoreTest.class.getResource("/formats/0.1/expected.txt"));
    return Path.of(found.toURI()).resolveSibling("store");
  }

  @BeforeEach
  void copied() throws Exception {
    Path from = stored();
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        Path to = root.resolve(from.relativize(path).toString());
        Files.createDirectories(requireNonNull(to.getParent()));
        Files.copy(path, to);
      }
    }
  }

  private static Map<String, Digest> contents(Path folder) throws IOException {
    Map<String, Digest> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        contents.put(folder.relativize(path).toString(), Digest.of(Files.readAllBytes(path)));
      }
    }
    return contents;
  }

  @Test
  void everyValueIsWhatItWas() throws Exception {
    try (FileVersionStore store = FileVersionStore.open(root, clock)) {
      list(store);
    }
    assertThat(values).isEqualTo(expected());
    assertThat(contents(root))
        .as("reading changes no stored file")
        .containsAllEntriesOf(contents(stored()));
  }

  @Test
  void everyValueIsReadWhereNothingMayBeWritten() throws Exception {
    try (FileVersionStore store = FileVersionStore.openReadOnly(root)) {
      list(store);
    }
    assertThat(values).isEqualTo(expected());
    assertThat(contents(root)).as("nothing is written").isEqualTo(contents(stored()));
  }

  @Test
  void itsModelsAndAliasesAreListed() {
    try (FileVersionStore store = FileVersionStore.open(root, clock)) {
      assertThat(store.models()).containsExactly("churn.v2_x-1", "fraud");
      assertThat(store.aliases("churn.v2_x-1")).containsExactly("champion");
      assertThat(store.aliases("fraud")).containsExactly("champion", "shadow");
    }
  }

  /** What 0.1 wrote is not only read: numbers, generations and documents go on from it. */
  @Test
  void itGoesOnWhereItStopped() {
    Document card;
    try (FileVersionStore store = FileVersionStore.open(root, clock)) {
      Version second = store.require("fraud:2");
      assertThat(store.documents(second)).isEmpty();
      assertThat(store.publish(store.open(second)))
          .as("the same package is the same version")
          .isEqualTo(second);
      card = store.attach(second, "card.md", new byte[] {1, 2, 3}, "ops", "audit");

      AliasChange newest = store.current("fraud@champion").orElseThrow();
      AliasChange next =
          store.move("fraud@champion").from(newest).to(second).by("ops").commit();
      assertThat(next.generation()).isEqualTo(newest.generation() + 1);
      assertThat(next.from()).contains(store.require("fraud:4"));
      assertThat(next.at()).isAfter(newest.at());
    }
    try (FileVersionStore store = FileVersionStore.open(root, clock)) {
      assertThat(store.require("fraud@champion")).isEqualTo(store.require("fraud:2"));
      assertThat(store.history("fraud@champion")).hasSize(6);
      assertThat(store.documents(store.require("fraud:2"))).containsExactly(card);
      assertThat(store.read(card)).containsExactly(1, 2, 3);
    }
  }

  /** All of expected.txt that is the store's, but the printed lines of changes: prose may get better. */
  private static Map<String, String> expected() throws Exception {
    Properties all = new Properties();
    try (Reader reader = Files.newBufferedReader(stored().resolveSibling("expected.txt"))) {
      all.load(reader);
    }
    return all.stringPropertyNames().stream()
        .filter(key -> key.startsWith("store.") && !key.endsWith(".line"))
        .collect(toMap(key -> key, all::getProperty, (a, b) -> a, TreeMap::new));
  }

  private void list(FileVersionStore store) {
    put("report", store.report());
    for (String model : List.of("churn.v2_x-1", "fraud")) {
      for (Version version : store.versions(model)) {
        String key = version.model() + "." + version.number();
        put(key, version.digest() + " " + version.publishedAt());
        ModelPackage pack = store.open(version);
        put(
            key + ".package",
            pack.model() + " " + pack.digest() + " " + pack.files().size() + " files");
        for (PackageFile file : pack.files()) {
          assertThat(Digest.of(pack.read(file))).as(file.name()).isEqualTo(file.digest());
        }
      }
    }
    for (String alias : ALIASES) {
      List<AliasChange> history = store.history(alias);
      put(alias + ".moves", history.size());
      put(alias + ".current", store.current(alias).orElseThrow().to());
      history.forEach(change -> change(alias + "." + change.generation(), change));
    }
    put("fraud@absent.current", store.current("fraud@absent").isPresent());
  }

  private void change(String at, AliasChange change) {
    put(at + ".from", change.from().map(StoredStoreTest::described).orElse("nothing"));
    put(at + ".to", described(change.to()));
    put(at + ".at", change.at());
    put(at + ".by", change.by());
    put(at + ".because", change.because());
    put(at + ".intent", change.intent());
  }

  private static String described(Version version) {
    return version + " " + version.digest() + " " + version.publishedAt();
  }

  private void put(String key, Object value) {
    values.put("store." + key, String.valueOf(value));
  }
}
