package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TimeZone;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link ModelPackage}: one test, or several, per clause of its Javadoc, named after the clause.
 *
 * <p>A subclass says how packages are made, stored and read again.
 *
 * @since 0.1
 */
@DisplayName("A model package")
public abstract class ModelPackageContract {
  /** For a subclass. */
  protected ModelPackageContract() {}

  /**
   * {@return a package that holds these contents}
   *
   * <p>Files are added in the order of the maps.
   *
   * @param contents what it shall hold
   */
  protected abstract ModelPackage make(PackageContents contents);

  /**
   * {@return the package after it was written and read again}
   *
   * @param made what {@link #make} gave
   */
  protected abstract ModelPackage reopen(ModelPackage made);

  /**
   * {@return the package after it was written, the stored bytes of one file were replaced, and it was read again}
   *
   * <p>May throw {@link PackageIntegrityException} itself, if reading again verifies this file.
   *
   * @param made what {@link #make} gave
   * @param file whose bytes
   * @param bytes what the file holds now
   */
  protected abstract ModelPackage reopenWith(ModelPackage made, PackageFile file, byte[] bytes);

  @Test
  @DisplayName("is known by the SHA-256 of its manifest, made or read again")
  void identity() {
    ModelPackage made = make(sample());
    ModelPackage again = reopen(made);

    assertThat(made.digest()).isEqualTo(Digest.of(made.manifest()));
    assertThat(again.digest()).isEqualTo(Digest.of(again.manifest()));
    assertThat(again.manifest()).isEqualTo(made.manifest());
  }

  @Test
  @DisplayName(
      "has another digest when anything in it is another: a name, a role, a byte, a section")
  void identity_coversEverything() {
    PackageContents sample = sample();
    List<PackageContents> others = new ArrayList<>();
    others.add(sample);
    others.add(new PackageContents(
        "other-model",
        sample.schema(),
        sample.weights(),
        sample.documents(),
        sample.baseline(),
        sample.examples()));
    others.add(new PackageContents(
        sample.model(),
        Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("no"),
        sample.weights(),
        sample.documents(),
        Optional.empty(),
        List.of()));
    Map<String, byte[]> weights = new LinkedHashMap<>(sample.weights());
    weights.replaceAll((name, bytes) -> flipped(bytes));
    others.add(with(sample, weights, sample.documents()));
    Map<String, byte[]> renamed = new LinkedHashMap<>(sample.documents());
    renamed.put("renamed.md", renamed.remove("model-card.md"));
    others.add(with(sample, sample.weights(), renamed));
    Map<String, byte[]> fewer = new LinkedHashMap<>(sample.weights());
    Map<String, byte[]> more = new LinkedHashMap<>(sample.documents());
    more.put("weights/second.bin", fewer.remove("weights/second.bin"));
    others.add(with(sample, fewer, more));
    others.add(new PackageContents(
        sample.model(),
        sample.schema(),
        sample.weights(),
        sample.documents(),
        Optional.of(Baseline.builder(sample.schema()).rows(999).build()),
        sample.examples()));
    others.add(new PackageContents(
        sample.model(),
        sample.schema(),
        sample.weights(),
        sample.documents(),
        sample.baseline(),
        sample.examples().subList(0, 1)));

    assertThat(others.stream().map(contents -> make(contents).digest()).toList())
        .doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("has the same bytes when made again, in another order, locale and time zone")
  void sameInputsSameBytes() {
    PackageContents sample = sample();
    ModelPackage first = make(sample);
    Locale locale = Locale.getDefault();
    TimeZone zone = TimeZone.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Chatham"));
      assertSameBytes(make(sample), first);
      Locale.setDefault(Locale.forLanguageTag("tr-TR"));
      assertSameBytes(
          make(with(sample, reversed(sample.weights()), reversed(sample.documents()))), first);
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
    }
  }

  private static void assertSameBytes(ModelPackage made, ModelPackage first) {
    assertThat(made.manifest()).isEqualTo(first.manifest());
    assertThat(made.digest()).isEqualTo(first.digest());
    assertThat(made.files()).isEqualTo(first.files());
  }

  @Test
  @DisplayName("gives bytes whose length and SHA-256 are those of the manifest")
  void verified() {
    ModelPackage made = make(sample());
    for (ModelPackage source : List.of(made, reopen(made))) {
      for (PackageFile file : source.files()) {
        byte[] bytes = source.read(file);
        assertThat((long) bytes.length).as(file.name()).isEqualTo(file.size());
        assertThat(Digest.of(bytes)).as(file.name()).isEqualTo(file.digest());
      }
    }
  }

  @Test
  @DisplayName(
      "throws instead of giving bytes that are damaged, cut short, longer, missing or another file's")
  void verified_refusesOtherBytes() {
    ModelPackage made = make(sample());
    for (PackageFile file : made.files()) {
      byte[] right = made.read(file);
      byte[] another = made.read(made.files().get(made.files().indexOf(file) == 0 ? 1 : 0));
      for (byte[] wrong : List.of(
          flipped(right),
          Arrays.copyOf(right, right.length - 1),
          Arrays.copyOf(right, right.length + 1),
          new byte[0],
          another)) {
        assertThatThrownBy(() -> reopenWith(made, file, wrong).read(file))
            .as("%s with %d other bytes", file, wrong.length)
            .isInstanceOf(PackageIntegrityException.class);
      }
    }
  }

  @Test
  @DisplayName("lists its files by name, one schema and some weights among them, no name twice")
  void listed() {
    ModelPackage made = make(sample());
    for (ModelPackage source : List.of(made, reopen(made))) {
      assertThat(source.files()).extracting(PackageFile::name).isSorted().doesNotHaveDuplicates();
      assertThat(source.files(PackageFile.Role.SCHEMA)).hasSize(1);
      assertThat(source.files(PackageFile.Role.WEIGHTS)).isNotEmpty();
    }
  }

  @Test
  @DisplayName("gives back schema, baseline and examples as they were put in, made or read again")
  void sections() {
    PackageContents sample = sample();
    PackageContents bare = new PackageContents(
        sample.model(), sample.schema(), sample.weights(), Map.of(), Optional.empty(), List.of());
    for (PackageContents contents : List.of(sample, bare)) {
      ModelPackage made = make(contents);
      for (ModelPackage source : List.of(made, reopen(made))) {
        assertThat(source.model()).isEqualTo(contents.model());
        assertThat(source.runtime()).isEqualTo(made.runtime());
        assertThat(source.schema()).isEqualTo(contents.schema());
        assertThat(source.baseline()).isEqualTo(contents.baseline());
        assertThat(source.examples()).isEqualTo(contents.examples());
      }
    }
  }

  @Test
  @DisplayName("refuses to read a file that it does not list, also one of a listed name")
  void unknownFile() {
    ModelPackage made = make(sample());
    PackageFile known = made.files().get(0);
    for (PackageFile unknown : List.of(
        new PackageFile("no/such.file", PackageFile.Role.DOCUMENT, 1, known.digest()),
        new PackageFile(
            known.name(), known.role(), known.size(), Digest.of("another".getBytes(UTF_8))))) {
      for (ModelPackage source : List.of(made, reopen(made))) {
        assertThatThrownBy(() -> source.read(unknown))
            .as(unknown.toString())
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  @DisplayName("hands out copies: who changes them changes nothing in the package")
  void copies() {
    ModelPackage made = make(sample());
    for (ModelPackage source : List.of(made, reopen(made))) {
      byte[] manifest = source.manifest();
      Arrays.fill(source.manifest(), (byte) 0);
      assertThat(source.manifest()).isEqualTo(manifest);
      for (PackageFile file : source.files()) {
        byte[] before = source.read(file).clone();
        Arrays.fill(source.read(file), (byte) 0);
        assertThat(source.read(file)).as(file.name()).isEqualTo(before);
      }
    }
  }

  private static PackageContents sample() {
    return PackageContents.sample("fraud", 0);
  }

  private static PackageContents with(
      PackageContents sample, Map<String, byte[]> weights, Map<String, byte[]> documents) {
    return new PackageContents(
        sample.model(), sample.schema(), weights, documents, sample.baseline(), sample.examples());
  }

  private static byte[] flipped(byte[] bytes) {
    byte[] copy = bytes.clone();
    copy[copy.length / 2] ^= 1;
    return copy;
  }

  private static Map<String, byte[]> reversed(Map<String, byte[]> files) {
    List<Map.Entry<String, byte[]>> entries = new ArrayList<>(files.entrySet());
    Collections.reverse(entries);
    Map<String, byte[]> reversed = new LinkedHashMap<>();
    entries.forEach(entry -> reversed.put(entry.getKey(), entry.getValue()));
    return reversed;
  }
}
