package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A package with weights of any kind.
 *
 * <p>The manifest is an OCI image manifest of the CNCF ModelPack artifact type in canonical JSON, and {@link #digest()}
 * its SHA-256. A folder is an OCI image layout, so that registries' tools copy it as it is. {@link #read} and {@link #of}
 * take a manifest only in the form that {@link #manifest()} has, compare the size and SHA-256 of every byte with it
 * before anything is parsed, and refuse formats newer than their own.
 *
 * <p>Limits: 1,000 files; a manifest of 4 MiB; a document or section of 16 MiB; 1 TiB in all. Memory is bounded whatever a
 * file's size: writing, verifying and {@link #open opening} take one chunk of it, 1 to 16 MiB.
 *
 * <p>An interrupt neither stops reading and writing nor gets lost.
 *
 * <p>Immutable, but for where its files are: one that was read from a folder, or made by {@link #of} or {@link #over}, asks
 * for the bytes of weights and documents anew each time, and verifies them each time. Thread-safe.
 *
 * @since 0.1
 */
public final class FilePackage implements ModelPackage {
  /** The folder beside the files of a package in a container image that holds the package itself. */
  public static final String IN_IMAGE = ".mlops";

  private final byte[] bytes;
  private final Digest digest;
  private final Manifest manifest;
  private final Blobs blobs;
  private final Schema schema;
  private final @Nullable Baseline baseline;
  private final List<GoldenExample> examples;
  private final List<Library> libraries;
  private final Configuration configuration;
  private final @Nullable Environment environment;
  private final Configuration provenance;
  private final @Nullable Calibration calibration;

  private FilePackage(Manifest manifest, Blobs blobs) {
    this.bytes = manifest.bytes();
    this.digest = Digest.of(bytes);
    this.manifest = manifest;
    this.blobs = blobs;
    this.schema = section(Role.SCHEMA, Sections::schema).orElseThrow();
    this.baseline = section(Role.BASELINE, Sections::baseline).orElse(null);
    this.examples = section(Role.EXAMPLES, Sections::examples).orElse(List.of());
    this.libraries = section(Role.LIBRARIES, Sections::libraries).orElse(List.of());
    this.configuration =
        section(Role.CONFIGURATION, Sections::configuration).orElse(Configuration.empty());
    this.environment = section(Role.ENVIRONMENT, Sections::environment).orElse(null);
    this.provenance = section(Role.PROVENANCE, Sections::provenance).orElse(Configuration.empty());
    this.calibration = section(Role.CALIBRATION, Sections::calibration).orElse(null);
  }

  /**
   * {@return a builder of a package}
   *
   * @param model name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param schema the columns of its input, and what it predicts
   */
  public static Builder builder(String model, Schema schema) {
    return new Builder(model, schema);
  }

  /**
   * {@return the package that a folder holds, every file verified}
   *
   * <p>Sections are kept in memory. Weights and documents stay in the folder, and are verified again whenever they are read.
   *
   * @param folder what {@link #write} wrote, or the folder of a container image that holds its files, such as {@code /models}
   * @throws PackageFormatException if it holds no package, one that is not canonical, or one of a newer format
   * @throws PackageIntegrityException if a file is missing or is not what the manifest lists
   * @throws UncheckedIOException if the disk cannot be read
   */
  public static FilePackage read(Path folder) {
    Path inImage = folder.resolve(IN_IMAGE);
    return of(new Layout(Files.isDirectory(inImage) ? inImage : folder, new Disk()).read());
  }

  /**
   * {@return the small files of the OCI image layout by their names, blobs among them: what the layout holds beside {@link
   * #files()}}
   */
  @Beta
  public Map<String, byte[]> layout() {
    byte[] config = manifest.config();
    Map<String, byte[]> files = new TreeMap<>();
    files.put(Layout.MARK, Layout.MARK_BYTES.clone());
    files.put(Layout.INDEX, Layout.indexOf(digest, bytes.length));
    files.put(Layout.BLOBS + digest.hex(), bytes.clone());
    files.put(Layout.BLOBS + Digest.of(config).hex(), config);
    return files;
  }

  static FilePackage of(Layout.Read found) {
    return new FilePackage(found.manifest(), found.blobs());
  }

  /**
   * {@return the package that a manifest describes}
   *
   * <p>Schema, baseline, examples, libraries and configuration are read and verified now, weights and documents when they
   * are asked for.
   *
   * @param manifest canonical bytes
   * @param blobs gives the bytes of a digest, or null if it has none; called from any thread, and what it throws is passed
   *     on; its answer is verified each time
   * @throws PackageFormatException if the manifest or a section is not one that this release reads
   * @throws PackageIntegrityException if a section is missing or is not what the manifest lists
   */
  public static FilePackage of(byte[] manifest, Function<Digest, byte @Nullable []> blobs) {
    requireNonNull(blobs, "blobs");
    return over(manifest, digest -> {
      byte[] found = blobs.apply(digest);
      return found == null ? null : ModelPackage.channel(found);
    });
  }

  /**
   * {@return the package that a manifest describes, with files of any size}
   *
   * <p>Schema, baseline, examples, libraries, configuration and provenance are read and verified now, other files when they
   * are asked for.
   *
   * @param manifest canonical bytes
   * @param blobs gives the bytes of a digest; called from any thread; what it gives is verified each time
   * @throws PackageFormatException if the manifest or a section is not one that this release reads
   * @throws PackageIntegrityException if a section is missing or is not what the manifest lists
   * @throws UncheckedIOException if a section cannot be read
   */
  @Beta
  public static FilePackage over(byte[] manifest, Blobs blobs) {
    return new FilePackage(Manifest.parse(manifest.clone()), requireNonNull(blobs, "blobs"));
  }

  /**
   * Writes the package as an OCI image layout.
   *
   * <p>When this returns, everything is on the disk; {@code index.json} comes last, so a folder that has it is whole.
   * Writing again after a crash goes on with what is there.
   *
   * @param folder absent, empty, an unfinished write, or this very package; its parents are made
   * @throws IllegalArgumentException if it holds anything else; nothing was written
   * @throws PackageIntegrityException if this package's own bytes are not what its manifest lists
   * @throws UncheckedIOException if the disk cannot be written
   */
  public void write(Path folder) {
    write(folder, new Disk());
  }

  void write(Path folder, Disk disk) {
    new Layout(folder, disk).write(manifest, this::copy);
  }

  /**
   * Copies a file of any size, and verifies it on the way: each byte is read and hashed once.
   *
   * @param file one of {@link #files()}
   * @param target where the bytes go; not closed. What it got is worth nothing if this throws
   * @throws PackageIntegrityException if the bytes that are there are not the ones that the manifest lists
   * @throws IllegalArgumentException if the package does not list this file
   * @throws IOException if the target cannot be written or the file not be read
   */
  @Beta
  public void copyTo(PackageFile file, OutputStream target) throws IOException {
    requireListed(file);
    copy(
        file,
        bytes ->
            target.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining()));
  }

  /** Gives the bytes of a file to a target while they are verified; what was given is worth nothing if this throws. */
  void copy(PackageFile file, VerifiedChannel.Target target) throws IOException {
    try (SeekableByteChannel source = source(model(), digest, file.name(), file.digest(), blobs)) {
      VerifiedChannel.copy(
          source,
          file.size(),
          file.digest(),
          how -> damaged(model(), digest, file.name() + " " + how),
          target);
    }
  }

  /**
   * {@return a package as one of this kind, its manifest and sections verified}
   *
   * @param source such as one from a store of the host's own
   * @throws PackageFormatException if its manifest is of another kind
   * @throws PackageIntegrityException if its bytes are not what its manifest lists
   */
  public static FilePackage of(ModelPackage source) {
    if (source instanceof FilePackage file) {
      return file;
    }
    Map<Digest, PackageFile> byDigest = new HashMap<>();
    source.files().forEach(file -> byDigest.put(file.digest(), file));
    return over(source.manifest(), digest -> {
      PackageFile file = byDigest.get(digest);
      return file == null ? null : source.open(file);
    });
  }

  @Override
  public String model() {
    return manifest.model();
  }

  @Override
  public String runtime() {
    return manifest.runtime();
  }

  @Override
  public Digest digest() {
    return digest;
  }

  @Override
  public byte[] manifest() {
    return bytes.clone();
  }

  @Override
  public List<PackageFile> files() {
    return manifest.files();
  }

  @Override
  public byte[] read(PackageFile file) {
    requireListed(file);
    if (file.size() > LARGEST_READ) {
      throw new IllegalArgumentException("file " + file + " must have at most " + LARGEST_READ
          + " bytes to be read at once; open it instead");
    }
    return bytes(model(), digest, file.name(), file.size(), file.digest(), blobs);
  }

  @Override
  public SeekableByteChannel open(PackageFile file) {
    requireListed(file);
    return open(model(), digest, file.name(), file.size(), file.digest(), blobs);
  }

  private void requireListed(PackageFile file) {
    if (!manifest.files().contains(file)) {
      throw new IllegalArgumentException(this + " does not list " + file);
    }
  }

  /** {@return the bytes of a digest, compared with what is said of them before anybody sees them} */
  static byte[] bytes(
      String model, Digest identity, String name, long size, Digest digest, Blobs blobs) {
    try (SeekableByteChannel source = source(model, identity, name, digest, blobs)) {
      return VerifiedChannel.bytes(
          source,
          size,
          digest,
          how -> blobs.damaged(digest, damaged(model, identity, name + " " + how)));
    } catch (IOException e) {
      throw new UncheckedIOException("could not read " + name + " of " + model, e);
    }
  }

  /** {@return a channel over the bytes of a digest, compared with what is said of them before it is given} */
  static SeekableByteChannel open(
      String model, Digest identity, String name, long size, Digest digest, Blobs blobs) {
    try {
      return VerifiedChannel.of(
          source(model, identity, name, digest, blobs),
          size,
          digest,
          how -> blobs.damaged(digest, damaged(model, identity, name + " " + how)));
    } catch (IOException e) {
      throw new UncheckedIOException("could not read " + name + " of " + model, e);
    }
  }

  /** Compares the bytes of a digest with what is said of them. */
  static void verify(
      String model, Digest identity, String name, long size, Digest digest, Blobs blobs) {
    try (SeekableByteChannel source = source(model, identity, name, digest, blobs)) {
      VerifiedChannel.verify(
          source,
          size,
          digest,
          how -> blobs.damaged(digest, damaged(model, identity, name + " " + how)));
    } catch (IOException e) {
      throw new UncheckedIOException("could not read " + name + " of " + model, e);
    }
  }

  private static SeekableByteChannel source(
      String model, Digest identity, String name, Digest digest, Blobs blobs) throws IOException {
    SeekableByteChannel found;
    try {
      found = blobs.open(digest);
    } catch (Disk.NotAFile e) {
      throw damaged(model, identity, name + " is a link or a folder, wanted a file");
    }
    if (found == null) {
      throw damaged(
          model, identity, name + " is missing, manifest says sha256 " + digest.abbreviated());
    }
    return found;
  }

  static PackageIntegrityException damaged(String model, Digest identity, String how) {
    return new PackageIntegrityException(
        model + " sha256:" + identity.abbreviated() + " is damaged: " + how + "; not loaded");
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
  public Optional<Calibration> calibration() {
    return Optional.ofNullable(calibration);
  }

  @Override
  public List<Library> libraries() {
    return libraries;
  }

  @Override
  public Configuration configuration() {
    return configuration;
  }

  @Override
  public Optional<Environment> environment() {
    return Optional.ofNullable(environment);
  }

  @Override
  public Configuration provenance() {
    return provenance;
  }

  /** Packages are equal when their digests are, for then their bytes are. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FilePackage that && digest.equals(that.digest);
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }

  /** {@return such as {@code iris sha256:9f2c41d07a55 3 files, tribuo}} */
  @Override
  public String toString() {
    return model() + " sha256:" + digest.abbreviated() + " " + files().size() + " files, "
        + runtime();
  }

  private <T> Optional<T> section(Role role, Function<Json, T> form) {
    List<PackageFile> files = files(role);
    if (files.isEmpty()) {
      return Optional.empty();
    }
    PackageFile file = files.get(0);
    int version = manifest.version(file);
    if (version > Sections.version(role)) {
      throw new PackageFormatException(
          manifest.model() + " sha256:" + digest.abbreviated() + ": " + file.name()
              + " was written in version " + version + ", this library reads 1 to "
              + Sections.version(role) + "; not loaded, a newer one may read it",
          null);
    }
    try {
      Json json = Json.parse(read(file), Manifest.LONGEST_DOCUMENT);
      if (json.get("format").integer() != version) {
        throw json.get("format").wanted("version " + version + ", as the manifest says");
      }
      return Optional.of(form.apply(json));
    } catch (JsonException e) {
      throw new PackageFormatException(
          manifest.model() + " sha256:" + digest.abbreviated() + ": " + file.name() + " at "
              + e.getMessage() + "; not loaded",
          e);
    }
  }

  /**
   * Collects what belongs to a package, in any order; whatever is wrong is said at once, by {@link #build()}.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder implements PackageDraft {
    private final String model;
    private final Schema schema;
    private final Map<Digest, byte[]> blobs = new HashMap<>();
    /** Files that are too large to be held. */
    private final Map<Digest, Path> stored = new HashMap<>();
    /** Files that another package holds. */
    private final Map<Digest, Blobs> shared = new HashMap<>();

    private final List<PackageFile> files = new ArrayList<>();
    private final Set<String> problems = new LinkedHashSet<>();
    private final Map<String, Library> libraries = new TreeMap<>();
    private final Configuration.Builder configuration = Configuration.builder();
    private final Configuration.Builder provenance = Configuration.builder();
    private boolean weightsGiven;
    private @Nullable String runtime;
    private @Nullable Environment environment;
    private @Nullable Calibration calibration;
    private @Nullable Baseline baseline;
    private List<GoldenExample> examples = List.of();

    private Builder(String model, Schema schema) {
      this.model = requireNonNull(model, "model");
      this.schema = requireNonNull(schema, "schema");
    }

    /**
     * {@return this builder, with the name of the runtime that loads the model; must be given}
     *
     * @param runtime such as {@code tribuo}; of the letters that a model's name is of
     */
    public Builder runtime(String runtime) {
      this.runtime = requireNonNull(runtime, "runtime");
      return this;
    }

    /**
     * {@return this builder, with one more file that the runtime reads; there must be one}
     *
     * @param name as {@link PackageFile} allows
     * @param bytes its content; copied
     */
    public Builder weights(String name, byte[] bytes) {
      return put(name, Role.WEIGHTS, bytes.clone());
    }

    /**
     * {@return this builder, with one more file that the runtime reads}
     *
     * @param name as {@link PackageFile} allows
     * @param file what to read, now; one of more than 64 MiB stays where it is and is read again, and verified, whenever it
     *     is asked for
     */
    public Builder weights(String name, Path file) {
      return put(name, Role.WEIGHTS, file);
    }

    /**
     * {@return this builder, with the runtime, the weights and the files of another package, but for its sections, model card, list
     * of parts and test losses}
     *
     * <p>The bytes stay where they are: they are read from the other package, and verified, when they are asked for. A store that
     * has them keeps one copy of them.
     *
     * @param source of the model
     */
    public Builder modelOf(ModelPackage source) {
      for (PackageFile file : source.files()) {
        if (Manifest.isSection(file.role())
            || file.role().equals(TrainedModel.LOSSES)
            || file.name().equals(MODEL_CARD)
            || file.name().equals(SBOM)) {
          continue;
        }
        weightsGiven |= file.role().equals(Role.WEIGHTS);
        files.add(file);
        shared.put(file.digest(), digest -> source.open(file));
      }
      return runtime(source.runtime());
    }

    /**
     * {@return this builder, with what makes probabilities of the scores of the model}
     *
     * <p>Baseline and examples are given as the calibrated model answers.
     *
     * @param calibration of the scores that the runtime's model gives
     */
    public Builder calibration(Calibration calibration) {
      this.calibration = requireNonNull(calibration, "calibration");
      return this;
    }

    /**
     * {@return this builder, with one more file of a role that this release does not read itself}
     *
     * @param name as {@link PackageFile} allows
     * @param role weights, document, or one of the caller's own; not that of a section
     * @param bytes its content; copied
     */
    public Builder file(String name, Role role, byte[] bytes) {
      if (Manifest.isSection(role)) {
        problems.add(
            "file " + MlopsException.shown(name) + " must not be given as a section, " + role);
        return this;
      }
      return put(name, role, bytes.clone());
    }

    @Override
    public Builder document(String name, byte[] bytes) {
      return put(name, Role.DOCUMENT, bytes.clone());
    }

    @Override
    public Builder document(String name, String text) {
      return put(name, Role.DOCUMENT, text.getBytes(UTF_8));
    }

    /**
     * {@return this builder, with one more file for people}
     *
     * @param name as {@link PackageFile} allows
     * @param file what to read, now
     */
    public Builder document(String name, Path file) {
      return put(name, Role.DOCUMENT, file);
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

    /**
     * {@return this builder, with a library that the model was made with}
     *
     * @param name such as {@code org.tribuo:tribuo-core}
     * @param version such as {@code 4.3.2}
     */
    public Builder library(String name, String version) {
      return library(Library.of(name, version));
    }

    @Override
    public Builder configuration(String name, String value) {
      configuration.put(name, value);
      return this;
    }

    @Override
    public Builder configuration(String name, double value) {
      check(problems, () -> configuration.put(name, value));
      return this;
    }

    @Override
    public Builder configuration(String name, boolean value) {
      configuration.put(name, value);
      return this;
    }

    @Override
    public Builder decisionThreshold(double threshold) {
      return configuration(DecisionThresholds.SETTING, threshold);
    }

    @Override
    public Builder decisionThreshold(String label, double threshold) {
      return configuration(DecisionThresholds.setting(label), threshold);
    }

    @Override
    public Builder provenance(String name, String value) {
      provenance.put(name, value);
      return this;
    }

    @Override
    public Builder provenance(String name, double value) {
      check(problems, () -> provenance.put(name, value));
      return this;
    }

    /**
     * {@return this builder, with the numbers of the test phase}
     *
     * @param baseline of the same columns
     */
    public Builder baseline(Baseline baseline) {
      this.baseline = requireNonNull(baseline, "baseline");
      return this;
    }

    /** {@return the examples given so far} */
    List<GoldenExample> examples() {
      return examples;
    }

    /**
     * {@return this builder, with inputs and the predictions that any later load must give again}
     *
     * @param examples of the same columns
     */
    @Override
    public Builder examples(List<GoldenExample> examples) {
      this.examples = List.copyOf(examples);
      return this;
    }

    /** {@return the thresholds among the settings given so far} */
    DecisionThresholds decisionThresholds() {
      return DecisionThresholds.of(configuration.build(), schema);
    }

    /**
     * {@return the package; without a document {@link ModelPackage#MODEL_CARD} or {@link ModelPackage#SBOM} it gets one that is
     * generated from what it holds}
     *
     * @throws IllegalArgumentException if anything is missing or not allowed; the message lists every problem
     */
    public FilePackage build() {
      List<PackageFile> all = new ArrayList<>(files);
      Map<Digest, byte[]> content = new HashMap<>(blobs);
      Set<String> found = new LinkedHashSet<>();
      check(found, () -> Manifest.requireName("model", model));
      if (runtime == null) {
        found.add("the runtime is missing");
      } else {
        check(found, () -> Manifest.requireName("runtime", requireNonNull(runtime)));
      }
      found.addAll(problems);
      section(Role.SCHEMA, schema, Sections::schema, Sections::schema, all, content, found);
      if (baseline != null) {
        sameColumns("baseline", baseline.schema(), found);
        section(
            Role.BASELINE, baseline, Sections::baseline, Sections::baseline, all, content, found);
      }
      if (!examples.isEmpty()) {
        sameColumns("golden example", examples.get(0).row().schema(), found);
        section(
            Role.EXAMPLES, examples, Sections::examples, Sections::examples, all, content, found);
      }
      if (!libraries.isEmpty()) {
        section(
            Role.LIBRARIES,
            List.copyOf(libraries.values()),
            Sections::libraries,
            Sections::libraries,
            all,
            content,
            found);
      }
      Configuration settings = configuration.build();
      check(found, () -> {
        DecisionThresholds thresholds = DecisionThresholds.of(settings, schema);
        examples.forEach(example -> thresholds.requireFit(example.expected()));
      });
      if (!settings.isEmpty()) {
        section(
            Role.CONFIGURATION,
            settings,
            Sections::configuration,
            Sections::configuration,
            all,
            content,
            found);
      }
      Calibration calibrated = calibration;
      if (calibrated != null) {
        check(
            found,
            () -> examples.stream()
                .map(GoldenExample::expected)
                .filter(said ->
                    said instanceof Classification scored && scored.score().isPresent())
                .forEach(calibrated::requireFit));
        section(
            Role.CALIBRATION,
            calibrated,
            Sections::calibration,
            Sections::calibration,
            all,
            content,
            found);
      }
      if (environment != null) {
        section(
            Role.ENVIRONMENT,
            environment,
            Sections::environment,
            Sections::environment,
            all,
            content,
            found);
      }
      Configuration origin = provenance.build();
      if (!origin.isEmpty()) {
        section(
            Role.PROVENANCE,
            origin,
            Sections::provenance,
            Sections::provenance,
            all,
            content,
            found);
      }
      FilePackage bare = assembled(all, content, found);
      describe(ModelPackage.MODEL_CARD, ModelCard.of(bare).getBytes(UTF_8), all, content);
      describe(ModelPackage.SBOM, Sbom.of(bare), all, content);
      return assembled(all, content, found);
    }

    /** Adds a document that the host did not give. */
    private static void describe(
        String name, byte[] bytes, List<PackageFile> files, Map<Digest, byte[]> content) {
      if (files.stream().noneMatch(file -> file.name().equalsIgnoreCase(name))) {
        Digest digest = Digest.of(bytes);
        files.add(new PackageFile(name, Role.DOCUMENT, bytes.length, digest));
        content.put(digest, bytes);
      }
    }

    private FilePackage assembled(
        List<PackageFile> files, Map<Digest, byte[]> content, Set<String> found) {
      List<PackageFile> all = new ArrayList<>(files);
      all.sort(Comparator.comparing(PackageFile::name));
      Manifest manifest = Manifest.of(model, runtime == null ? "" : runtime, all);
      List<String> more = new ArrayList<>(manifest.problems());
      if (weightsGiven) {
        more.remove(Manifest.NO_WEIGHTS); // what is wrong with them was said
      }
      found.addAll(more);
      found.addAll(manifest.unpackable());
      int size = found.isEmpty() ? manifest.bytes().length : 0;
      if (size > Manifest.MOST_BYTES) {
        found.add(
            "a manifest must have at most " + Manifest.MOST_BYTES + " bytes, but has " + size);
      }
      if (!found.isEmpty()) {
        throw new IllegalArgumentException("cannot build a package of "
            + MlopsException.shown(model) + ": " + String.join("; ", found));
      }
      Map<Digest, byte[]> held = Map.copyOf(content);
      Map<Digest, Path> aside = Map.copyOf(stored);
      Map<Digest, Blobs> others = Map.copyOf(shared);
      Disk disk = new Disk();
      return new FilePackage(manifest, digest -> {
        byte[] bytes = held.get(digest);
        Path file = aside.get(digest);
        Blobs other = others.get(digest);
        return bytes != null
            ? ModelPackage.channel(bytes)
            : file != null
                ? disk.open(file.toRealPath())
                : other == null ? null : other.open(digest);
      });
    }

    private Builder put(String name, Role role, Path file) {
      requireNonNull(name, "name");
      weightsGiven |= role.equals(Role.WEIGHTS);
      long most = Manifest.most(role);
      try (SeekableByteChannel channel = new Disk().open(file.toRealPath())) {
        long size = channel.size();
        if (size > most) {
          problems.add("file " + MlopsException.shown(name) + " must have at most " + most
              + " bytes, but has " + size);
        } else if (size <= LARGEST_READ) {
          byte[] bytes = Channels.newInputStream(channel).readAllBytes();
          put(name, role, bytes);
        } else {
          Digest digest = VerifiedChannel.digest(channel);
          check(problems, () -> files.add(new PackageFile(name, role, size, digest)));
          stored.put(digest, file.toAbsolutePath());
        }
      } catch (IOException e) {
        problems.add("file " + MlopsException.shown(name) + " could not be read ("
            + e.getClass().getSimpleName() + ")");
      }
      return this;
    }

    private Builder put(String name, Role role, byte[] bytes) {
      weightsGiven |= role.equals(Role.WEIGHTS);
      Digest digest = Digest.of(bytes);
      check(problems, () -> files.add(new PackageFile(name, role, bytes.length, digest)));
      blobs.put(digest, bytes);
      return this;
    }

    private void sameColumns(String what, Schema other, Set<String> found) {
      other.differencesFrom(schema).forEach(difference -> found.add(what + ": " + difference));
    }

    /** Adds a section, if what is read back is what was given: exact, or not at all. */
    private static <T> void section(
        Role role,
        T value,
        Function<T, Json> form,
        Function<Json, T> back,
        List<PackageFile> files,
        Map<Digest, byte[]> blobs,
        Set<String> found) {
      String name = Manifest.sectionName(role);
      check(found, () -> {
        byte[] bytes = form.apply(value).bytes();
        try {
          if (!back.apply(Json.parse(bytes, Manifest.LONGEST_DOCUMENT)).equals(value)) {
            throw new IllegalArgumentException(name + " would not read back as it was given");
          }
        } catch (JsonException e) {
          throw new IllegalArgumentException(name + " would not read back: " + e.getMessage(), e);
        }
        Digest digest = Digest.of(bytes);
        blobs.put(digest, bytes);
        files.add(new PackageFile(name, role, bytes.length, digest));
      });
    }

    private static void check(Set<String> problems, Runnable step) {
      try {
        step.run();
      } catch (IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
  }
}
