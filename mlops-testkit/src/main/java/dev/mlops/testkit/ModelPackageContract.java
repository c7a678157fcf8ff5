package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
    others.add(sample.withModel("other-model"));
    others.add(PackageContents.bare(
        sample.model(),
        Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("no")));
    others.add(PackageContents.bare(
        sample.model(),
        Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes")));
    Map<String, byte[]> weights = new LinkedHashMap<>(sample.weights());
    weights.replaceAll((name, bytes) -> flipped(bytes));
    others.add(sample.withWeights(weights));
    Map<String, byte[]> renamed = new LinkedHashMap<>(sample.documents());
    renamed.put("renamed.md", renamed.remove("model-card.md"));
    others.add(sample.withDocuments(renamed));
    Map<String, byte[]> fewer = new LinkedHashMap<>(sample.weights());
    Map<String, byte[]> more = new LinkedHashMap<>(sample.documents());
    more.put("weights/second.bin", fewer.remove("weights/second.bin"));
    others.add(sample.withWeights(fewer).withDocuments(more));
    others.add(sample.withOthers(Map.of()).withDocuments(union(sample)));
    others.add(sample.withBaseline(Baseline.builder(sample.schema()).rows(999).build()));
    others.add(sample.withExamples(sample.examples().subList(0, 1)));
    others.add(sample.withConfiguration(Configuration.builder()
        .putAll(sample.configuration())
        .put("threshold", 0.3)
        .build()));
    others.add(sample.withConfiguration(Configuration.builder()
        .putAll(sample.configuration())
        .put("strict", "true")
        .build()));
    others.add(sample.withLibraries(sample.libraries().subList(0, 1)));
    others.add(sample.withProvenance(Configuration.empty()));
    others.add(sample.withEnvironment(null));
    others.add(sample.withCalibration(null));
    others.add(sample.withCalibration(Calibration.isotonic(
        Map.of("yes", Calibration.Curve.of(new double[] {-0.1, 1}, new double[] {0, 1})))));

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
          make(sample
              .withWeights(reversed(sample.weights()))
              .withDocuments(reversed(sample.documents()))),
          first);
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
        for (byte[] bytes : List.of(source.read(file), all(source, file))) {
          assertThat((long) bytes.length).as(file.name()).isEqualTo(file.size());
          assertThat(Digest.of(bytes)).as(file.name()).isEqualTo(file.digest());
        }
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
        ModelPackage damaged;
        try {
          damaged = reopenWith(made, file, wrong);
        } catch (PackageIntegrityException e) {
          continue; // found when it was read again
        }
        assertThatThrownBy(() -> damaged.read(file))
            .as("reading %s with %d other bytes", file, wrong.length)
            .isInstanceOf(PackageIntegrityException.class);
        assertThatThrownBy(() -> damaged.open(file))
            .as("opening %s with %d other bytes", file, wrong.length)
            .isInstanceOf(PackageIntegrityException.class);
      }
    }
  }

  @Test
  @DisplayName("opens a file that can be read from any position, in any steps, and not written")
  void opened() throws IOException {
    ModelPackage made = make(sample());
    for (ModelPackage source : List.of(made, reopen(made))) {
      for (PackageFile file : source.files()) {
        byte[] right = all(source, file);
        try (SeekableByteChannel channel = source.open(file)) {
          assertThat(channel.size()).as("size of %s", file).isEqualTo(file.size());
          int middle = right.length / 2;
          channel.position(middle);
          assertThat(rest(channel, 3))
              .as("%s from %d on", file, middle)
              .isEqualTo(Arrays.copyOfRange(right, middle, right.length));
          assertThat(channel.read(ByteBuffer.allocate(1))).as("read at the end").isEqualTo(-1);
          channel.position(0);
          assertThat(rest(channel, 7)).as("%s again", file).isEqualTo(right);
          assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1)))
              .as("writing into %s", file)
              .isInstanceOf(NonWritableChannelException.class);
        }
      }
    }
  }

  @Test
  @DisplayName("opens a file of several MiB whose every byte is the one that was verified")
  void opened_largerFile() throws IOException {
    byte[] right = large(5_000_003);
    ModelPackage made = make(sample().withOthers(Map.of("large.bin", right)));
    for (ModelPackage source : List.of(made, reopen(made))) {
      PackageFile file = source.files(PackageContents.OTHER).get(0);
      assertThat(all(source, file)).as("all of %s", file).isEqualTo(right);
      try (SeekableByteChannel channel = source.open(file)) {
        for (int from : new int[] {4_999_990, 0, 2_097_150, 1_048_576}) {
          channel.position(from);
          ByteBuffer some = ByteBuffer.allocate(13);
          while (some.hasRemaining() && channel.read(some) > 0) {
            // until 13 bytes are there
          }
          assertThat(some.array())
              .as("13 bytes at %d", from)
              .isEqualTo(Arrays.copyOfRange(right, from, from + 13));
        }
      }
    }
  }

  @Test
  @DisplayName("reads no file beyond the limit at once, and says what to do instead")
  void largeFile() throws IOException {
    byte[] right = large(ModelPackage.LARGEST_READ + 1);
    ModelPackage made = make(sample().withOthers(Map.of("large.bin", right)));
    Digest digest = Digest.of(right);
    for (ModelPackage source : List.of(made, reopen(made))) {
      PackageFile file = source.files(PackageContents.OTHER).get(0);
      assertThatThrownBy(() -> source.read(file))
          .as("reading %s at once", file)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("open");
      assertThat(Digest.of(all(source, file))).as("what is opened").isEqualTo(digest);
    }
  }

  @Test
  @DisplayName("lists, verifies and keeps files of a role that nobody knows")
  void unknownRole() {
    PackageContents sample = sample();
    ModelPackage made = make(sample);
    for (ModelPackage source : List.of(made, reopen(made))) {
      List<PackageFile> others = source.files(PackageContents.OTHER);
      assertThat(others)
          .extracting(PackageFile::name)
          .containsExactlyElementsOf(sample.others().keySet());
      assertThat(source.read(others.get(0)))
          .isEqualTo(sample.others().values().iterator().next());
      // A maker may add documents of its own.
      assertThat(source.files(PackageFile.Role.DOCUMENT))
          .extracting(PackageFile::name)
          .containsAll(sample.documents().keySet());
    }
  }

  private static byte[] all(ModelPackage source, PackageFile file) {
    try (SeekableByteChannel channel = source.open(file)) {
      return Channels.newInputStream(channel).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] rest(SeekableByteChannel channel, int step) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer some = ByteBuffer.allocate(step);
    while (channel.read(some) >= 0) {
      all.write(some.array(), 0, some.position());
      some.clear();
    }
    return all.toByteArray();
  }

  private static byte[] large(int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (i ^ (i >> 8) ^ (i >> 16));
    }
    return bytes;
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
  @DisplayName("gives back every section as it was put in, made or read again")
  void sections() {
    PackageContents sample = sample();
    PackageContents bare = PackageContents.bare(sample.model(), sample.schema());
    for (PackageContents contents : List.of(sample, bare)) {
      ModelPackage made = make(contents);
      for (ModelPackage source : List.of(made, reopen(made))) {
        assertThat(source.model()).isEqualTo(contents.model());
        assertThat(source.runtime()).isEqualTo(made.runtime());
        assertThat(source.schema()).isEqualTo(contents.schema());
        assertThat(source.baseline()).isEqualTo(contents.baseline());
        assertThat(source.examples()).isEqualTo(contents.examples());
        assertThat(source.configuration()).isEqualTo(contents.configuration());
        // A maker may add libraries of its own.
        assertThat(source.libraries()).containsAll(contents.libraries());
        assertThat(source.environment()).isEqualTo(contents.environment());
        assertThat(source.calibration()).isEqualTo(contents.calibration());
        assertThat(source.provenance()).isEqualTo(contents.provenance());
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
            .as("reading %s", unknown)
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> source.open(unknown))
            .as("opening %s", unknown)
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

  /** The documents, and the files of other roles as documents. */
  private static Map<String, byte[]> union(PackageContents sample) {
    Map<String, byte[]> all = new LinkedHashMap<>(sample.documents());
    all.putAll(sample.others());
    return all;
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
