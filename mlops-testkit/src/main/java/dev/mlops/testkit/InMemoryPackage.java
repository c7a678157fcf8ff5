package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A package that lives in memory, for tests on the api alone.
 *
 * <p>Its manifest is text, one line for the model, one for the runtime and one per file; no runtime of ours reads it. Files
 * are kept as bytes and verified when read, so that {@link #damaged} acts as a damaged disk does.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class InMemoryPackage implements ModelPackage {
  private final String model;
  private final String runtime;
  private final byte[] manifest;
  private final Digest digest;
  private final List<PackageFile> files;
  private final Map<String, byte[]> contents;
  private final Schema schema;
  private final @Nullable Baseline baseline;
  private final List<GoldenExample> examples;
  private final Configuration configuration;
  private final List<Library> libraries;
  private final @Nullable Environment environment;
  private final Configuration provenance;
  private final @Nullable Calibration calibration;
  private final @Nullable Function<PackageFile, byte[]> storage;

  private InMemoryPackage(
      ModelPackage source,
      Map<String, byte[]> contents,
      @Nullable Function<PackageFile, byte[]> storage) {
    this.model = source.model();
    this.runtime = source.runtime();
    this.manifest = source.manifest().clone();
    this.digest = source.digest();
    this.files = List.copyOf(source.files());
    this.contents = contents;
    this.schema = source.schema();
    this.baseline = source.baseline().orElse(null);
    this.examples = List.copyOf(source.examples());
    this.configuration = source.configuration();
    this.libraries = List.copyOf(source.libraries());
    this.environment = source.environment().orElse(null);
    this.provenance = source.provenance();
    this.calibration = source.calibration().orElse(null);
    this.storage = storage;
  }

  private InMemoryPackage(Builder builder) {
    this.model = builder.model;
    this.runtime = builder.runtime;
    this.schema = builder.schema;
    this.baseline = builder.baseline;
    this.examples = List.copyOf(builder.examples);
    this.configuration = builder.configuration.build();
    this.libraries = List.copyOf(builder.libraries.values());
    this.environment = builder.environment;
    this.provenance = builder.provenance.build();
    this.calibration = builder.calibration;
    this.storage = null;
    this.contents = new HashMap<>();
    List<PackageFile> listed = new ArrayList<>();
    builder.files.forEach((name, file) -> {
      contents.put(name, file.bytes);
      listed.add(new PackageFile(name, file.role, file.bytes.length, Digest.of(file.bytes)));
    });
    listed.sort(Comparator.comparing(PackageFile::name));
    this.files = List.copyOf(listed);
    StringBuilder text = new StringBuilder("package in memory, form 1\n")
        .append(model)
        .append('\n')
        .append(runtime)
        .append('\n');
    for (PackageFile file : files) {
      text.append(file.role())
          .append(' ')
          .append(file.name())
          .append(' ')
          .append(file.size())
          .append(' ')
          .append(file.digest())
          .append('\n');
    }
    this.manifest = text.toString().getBytes(UTF_8);
    this.digest = Digest.of(manifest);
  }

  /**
   * {@return a builder of a package}
   *
   * @param model name of the model
   * @param schema the columns of the input, and what is predicted
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static Builder builder(String model, Schema schema) {
    return new Builder(model, schema);
  }

  /**
   * {@return a package that holds these contents}
   *
   * @param contents what it shall hold
   * @throws IllegalArgumentException if a name is not allowed
   */
  public static InMemoryPackage of(PackageContents contents) {
    Builder builder = builder(contents.model(), contents.schema()).examples(contents.examples());
    contents.weights().forEach(builder::weights);
    contents.documents().forEach(builder::document);
    contents.others().forEach((name, bytes) -> builder.file(name, PackageContents.OTHER, bytes));
    contents.baseline().ifPresent(builder::baseline);
    builder.configuration.putAll(contents.configuration());
    contents.libraries().forEach(builder::library);
    contents.environment().ifPresent(builder::environment);
    builder.provenance.putAll(contents.provenance());
    contents.calibration().ifPresent(builder::calibration);
    return builder.build();
  }

  /**
   * {@return a copy of any package, every file read and verified}
   *
   * @param source what to copy
   * @throws PackageIntegrityException if its bytes are not what its manifest lists
   */
  public static InMemoryPackage copyOf(ModelPackage source) {
    if (!Digest.of(source.manifest()).equals(source.digest())) {
      throw new PackageIntegrityException("manifest of " + source.model() + " has "
          + Digest.of(source.manifest()) + ", wanted " + source.digest() + "; not copied");
    }
    Map<String, byte[]> contents = new HashMap<>();
    for (PackageFile file : source.files()) {
      contents.put(
          file.name(), verified(source.model(), file, bytes(source, file)).clone());
    }
    return new InMemoryPackage(source, contents, null);
  }

  private static byte[] bytes(ModelPackage source, PackageFile file) {
    if (file.size() <= LARGEST_READ) {
      return source.read(file);
    }
    try (InputStream in = Channels.newInputStream(source.open(file))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("could not read " + file.name(), e);
    }
  }

  /** The same package, whose files are read from elsewhere each time. */
  InMemoryPackage readFrom(Function<PackageFile, byte[]> elsewhere) {
    return new InMemoryPackage(this, contents, elsewhere);
  }

  /**
   * {@return the same package with one bit of a file flipped, as a bad disk does}
   *
   * @param file one of {@link #files()}, not empty
   * @throws IllegalArgumentException if the package does not list it or it is empty
   */
  public InMemoryPackage damaged(PackageFile file) {
    byte[] bytes = requireListed(file).clone();
    if (bytes.length == 0) {
      throw new IllegalArgumentException("file " + file.name() + " is empty: nothing to damage");
    }
    bytes[bytes.length / 2] ^= 1;
    return holding(file, bytes);
  }

  /**
   * {@return the same package whose storage holds other bytes under the name of a file}
   *
   * @param file one of {@link #files()}
   * @param bytes what it holds; copied
   * @throws IllegalArgumentException if the package does not list it
   */
  public InMemoryPackage holding(PackageFile file, byte[] bytes) {
    requireListed(file);
    Map<String, byte[]> changed = new HashMap<>(contents);
    changed.put(file.name(), bytes.clone());
    return new InMemoryPackage(this, changed, null);
  }

  @Override
  public String model() {
    return model;
  }

  @Override
  public String runtime() {
    return runtime;
  }

  @Override
  public Digest digest() {
    return digest;
  }

  @Override
  public byte[] manifest() {
    return manifest.clone();
  }

  @Override
  public List<PackageFile> files() {
    return files;
  }

  @Override
  public byte[] read(PackageFile file) {
    requireListed(file);
    if (file.size() > LARGEST_READ) {
      throw new IllegalArgumentException("file " + file + " must have at most " + LARGEST_READ
          + " bytes to be read at once; open it instead");
    }
    return stored(file).clone();
  }

  @Override
  public SeekableByteChannel open(PackageFile file) {
    return ModelPackage.channel(stored(file).clone());
  }

  private byte[] stored(PackageFile file) {
    byte[] kept = requireListed(file);
    return verified(model, file, storage == null ? kept : storage.apply(file));
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public Optional<Baseline> baseline() {
    return Optional.ofNullable(baseline);
  }

  @Override
  public List<GoldenExample> examples() {
    return examples;
  }

  @Override
  public Configuration configuration() {
    return configuration;
  }

  @Override
  public List<Library> libraries() {
    return libraries;
  }

  @Override
  public Optional<Environment> environment() {
    return Optional.ofNullable(environment);
  }

  @Override
  public Optional<Calibration> calibration() {
    return Optional.ofNullable(calibration);
  }

  @Override
  public Configuration provenance() {
    return provenance;
  }

  private byte[] requireListed(PackageFile file) {
    byte[] bytes = contents.get(file.name());
    if (bytes == null || !files.contains(file)) {
      throw new IllegalArgumentException(
          "no file " + file + " in package " + digest.abbreviated() + " of " + model);
    }
    return bytes;
  }

  private static byte[] verified(String model, PackageFile file, byte[] bytes) {
    Digest found = Digest.of(bytes);
    if (bytes.length != file.size() || !found.equals(file.digest())) {
      throw new PackageIntegrityException("package of " + model + " is damaged: " + file.name()
          + " has " + bytes.length + " B, sha256 " + found.abbreviated() + "…, manifest says "
          + file.size() + " B, " + file.digest().abbreviated() + "…; not read");
    }
    return bytes;
  }

  /** {@return such as {@code iris sha256:9f2c… in memory}} */
  @Override
  public String toString() {
    return model + " " + digest + " in memory";
  }

  private static final class Content {
    private final PackageFile.Role role;
    private final byte[] bytes;

    Content(PackageFile.Role role, byte[] bytes) {
      this.role = role;
      this.bytes = bytes;
    }
  }

  /**
   * Collects what a package holds.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder implements PackageDraft {
    private final String model;
    private final Schema schema;
    private final Map<String, Content> files = new TreeMap<>();
    private String runtime = "in-memory";
    private @Nullable Baseline baseline;
    private List<GoldenExample> examples = List.of();
    private final Configuration.Builder configuration = Configuration.builder();
    private final Map<String, Library> libraries = new TreeMap<>();
    private @Nullable Environment environment;
    private final Configuration.Builder provenance = Configuration.builder();
    private @Nullable Calibration calibration;

    private Builder(String model, Schema schema) {
      this.model = Reference.requireName("model", model);
      this.schema = requireNonNull(schema, "schema");
    }

    /**
     * {@return this builder, with the name of a runtime; {@code in-memory} by default}
     *
     * @param name of the runtime
     */
    public Builder runtime(String name) {
      this.runtime = requireNonNull(name, "name");
      return this;
    }

    /**
     * {@return this builder, with what makes probabilities of scores}
     *
     * @param calibration of the scores that its model gives
     */
    public Builder calibration(Calibration calibration) {
      this.calibration = requireNonNull(calibration, "calibration");
      return this;
    }

    /**
     * {@return this builder, with a file of weights}
     *
     * @param name of the file
     * @param bytes what it holds; copied
     * @throws IllegalArgumentException if the name is not allowed or taken
     */
    public Builder weights(String name, byte[] bytes) {
      return put(name, PackageFile.Role.WEIGHTS, bytes);
    }

    /**
     * {@return this builder, with a file of any role}
     *
     * @param name of the file
     * @param role what it is for
     * @param bytes what it holds; copied
     * @throws IllegalArgumentException if the name is not allowed or taken
     */
    public Builder file(String name, PackageFile.Role role, byte[] bytes) {
      return put(name, role, bytes);
    }

    @Override
    public Builder document(String name, byte[] bytes) {
      return put(name, PackageFile.Role.DOCUMENT, bytes);
    }

    @Override
    public Builder document(String name, String text) {
      return document(name, text.getBytes(UTF_8));
    }

    @Override
    public Builder configuration(String name, String value) {
      configuration.put(name, value);
      return this;
    }

    @Override
    public Builder configuration(String name, double value) {
      configuration.put(name, value);
      return this;
    }

    @Override
    public Builder configuration(String name, boolean value) {
      configuration.put(name, value);
      return this;
    }

    @Override
    public Builder library(Library library) {
      libraries.put(library.name(), library);
      return this;
    }

    @Override
    public Builder environment(Environment environment) {
      this.environment = requireNonNull(environment, "environment");
      return this;
    }

    @Override
    public Builder provenance(String name, String value) {
      provenance.put(name, value);
      return this;
    }

    @Override
    public Builder provenance(String name, double value) {
      provenance.put(name, value);
      return this;
    }

    /**
     * {@return this builder, with the numbers of the test phase}
     *
     * @param baseline what was measured
     */
    public Builder baseline(Baseline baseline) {
      this.baseline = requireNonNull(baseline, "baseline");
      return this;
    }

    /**
     * {@return this builder, with golden examples}
     *
     * @param examples inputs with their predictions; copied
     */
    @Override
    public Builder examples(List<GoldenExample> examples) {
      this.examples = List.copyOf(examples);
      return this;
    }

    /**
     * {@return the package}
     *
     * @throws IllegalStateException if it has no weights
     */
    public InMemoryPackage build() {
      if (files.values().stream().noneMatch(file -> file.role.equals(PackageFile.Role.WEIGHTS))) {
        throw new IllegalStateException("a package must have weights, but had none");
      }
      section("schema.txt", PackageFile.Role.SCHEMA, schema.toString());
      if (baseline != null) {
        section("baseline.txt", PackageFile.Role.BASELINE, text(baseline));
      }
      if (!examples.isEmpty()) {
        StringBuilder text = new StringBuilder();
        examples.forEach(example -> text.append(text(example.row()))
            .append(" -> ")
            .append(text(example.expected()))
            .append(example.tolerances().isEmpty() ? "" : example.tolerances() + "\n"));
        section("examples.txt", PackageFile.Role.EXAMPLES, text.toString());
      }
      settings("configuration.txt", PackageFile.Role.CONFIGURATION, configuration.build());
      settings("provenance.txt", PackageFile.Role.PROVENANCE, provenance.build());
      if (!libraries.isEmpty()) {
        StringBuilder text = new StringBuilder();
        libraries
            .values()
            .forEach(library -> text.append(library)
                .append(' ')
                .append(library.file())
                .append(' ')
                .append(library.sha256())
                .append('\n'));
        section("libraries.txt", PackageFile.Role.LIBRARIES, text.toString());
      }
      if (calibration != null) {
        StringBuilder text = new StringBuilder(calibration.toString()).append('\n');
        calibration
            .curves()
            .forEach((label, curve) -> text.append(label)
                .append(' ')
                .append(Arrays.toString(curve.scores()))
                .append(' ')
                .append(Arrays.toString(curve.probabilities()))
                .append('\n'));
        section("calibration.txt", PackageFile.Role.CALIBRATION, text.toString());
      }
      if (environment != null) {
        section("environment.txt", PackageFile.Role.ENVIRONMENT, environment.toString());
      }
      return new InMemoryPackage(this);
    }

    private void settings(String name, PackageFile.Role role, Configuration settings) {
      if (!settings.isEmpty()) {
        StringBuilder text = new StringBuilder();
        settings
            .values()
            .forEach((key, value) -> text.append(key)
                .append(' ')
                .append(value.getClass().getSimpleName())
                .append(' ')
                .append(value)
                .append('\n'));
        section(name, role, text.toString());
      }
    }

    private void section(String name, PackageFile.Role role, String text) {
      files.put(name, new Content(role, text.getBytes(UTF_8)));
    }

    private Builder put(String name, PackageFile.Role role, byte[] bytes) {
      if (files.put(PackageFile.requireName(name), new Content(role, bytes.clone())) != null) {
        throw new IllegalArgumentException("file " + name + " must be put once, but was put twice");
      }
      return this;
    }

    private static String text(Latency latency) {
      return Stream.of(
              Optional.of(latency.p50()),
              latency.p90(),
              latency.p95(),
              Optional.of(latency.p99()),
              latency.p999(),
              latency.max(),
              latency.mean(),
              latency.upper(0.5),
              latency.upper(0.99),
              Optional.of(latency.n()))
          .map(each -> each.map(Object::toString).orElse("-"))
          .collect(Collectors.joining(" "));
    }

    private static String text(Baseline baseline) {
      StringBuilder text = new StringBuilder()
          .append(baseline.schema())
          .append('\n')
          .append(baseline.rows())
          .append('\n')
          .append(baseline.latency().map(Builder::text).orElse("-"))
          .append('\n');
      baseline
          .quality()
          .forEach((metric, estimate) -> text.append(metric)
              .append(' ')
              .append(estimate.value())
              .append(' ')
              .append(estimate.lower())
              .append(' ')
              .append(estimate.upper())
              .append(' ')
              .append(estimate.n())
              .append('\n'));
      baseline.columns().forEach(column -> text.append(text(column)).append('\n'));
      baseline.labels().ifPresent(labels -> text.append(text(labels)).append('\n'));
      baseline.predictions().forEach(part -> text.append(text(part)).append('\n'));
      return text.toString();
    }

    private static String text(ColumnProfile profile) {
      if (profile instanceof NumberProfile numbers) {
        StringBuilder text = new StringBuilder(numbers.column());
        for (double value : new double[] {
          numbers.n(),
          numbers.missing(),
          numbers.mean(),
          numbers.standardDeviation(),
          numbers.minimum(),
          numbers.maximum()
        }) {
          text.append(' ').append(value);
        }
        for (double value : numbers.sample()) {
          text.append(' ').append(value);
        }
        return text.toString();
      }
      CategoryProfile categories = (CategoryProfile) profile;
      return categories.column()
          + ' '
          + categories.counts()
          + ' '
          + categories.other()
          + ' '
          + categories.missing();
    }

    private static String text(Row row) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < row.schema().size(); i++) {
        text.append('|')
            .append(
                row.schema().column(i).type() == Column.Type.NUMBER
                    ? Double.toString(row.number(i))
                    : row.category(i));
      }
      return text.toString();
    }

    private static String text(Prediction prediction) {
      StringBuilder text = new StringBuilder();
      if (prediction instanceof Classification classes) {
        text.append(classes.label());
        classes
            .labels()
            .forEach(
                label -> text.append('|').append(label).append(' ').append(classes.score(label)));
      } else if (prediction instanceof Regression values) {
        values
            .names()
            .forEach(name -> text.append('|').append(name).append(' ').append(values.value(name)));
      } else if (prediction instanceof AnomalyScore anomaly) {
        text.append(anomaly.score()).append('|').append(anomaly.anomalous());
      } else {
        text.append(prediction);
      }
      return text.append('\n').toString();
    }
  }
}
