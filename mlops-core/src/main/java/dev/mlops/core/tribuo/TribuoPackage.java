package dev.mlops.core.tribuo;

import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.pack.FilePackage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tribuo.Model;
import org.tribuo.Tribuo;

/**
 * A package with a Tribuo model, which {@link TribuoRuntime} loads.
 *
 * <p>The same model object, schema and sections always give the same bytes. Two trainings on the same rows do not: Tribuo
 * writes the time of training into the model, and both give the same predictions. Tribuo 4.3.2 reads models in any default
 * locale, but writes none in a Turkish or Azeri one: packaging says so and how to go on.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class TribuoPackage implements ModelPackage {
  private static final String WEIGHTS = "model.pb";

  private final FilePackage files;

  private TribuoPackage(FilePackage files) {
    this.files = files;
  }

  /**
   * {@return a package with a model and nothing else}
   *
   * @param name name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param model what Tribuo trained
   * @param schema the columns of its input, and what it predicts
   * @throws IllegalArgumentException if the name is not allowed, or the model does not fit the schema; the message lists
   *     every problem
   * @throws IllegalStateException if the default locale is one that Tribuo cannot write in
   */
  public static TribuoPackage of(String name, Model<?> model, Schema schema) {
    return builder(name, model, schema).build();
  }

  /**
   * {@return a builder of a package with a model and what belongs to it}
   *
   * @param name name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param model what Tribuo trained
   * @param schema the columns of its input, and what it predicts
   * @throws IllegalArgumentException if the model does not fit the schema
   * @throws IllegalStateException if the default locale is one that Tribuo cannot write in
   */
  public static Builder builder(String name, Model<?> model, Schema schema) {
    TribuoModel<?> unused = TribuoModel.of(model, schema);
    requireWritable();
    return new Builder(FilePackage.builder(name, schema)
        .runtime(TribuoRuntime.NAME)
        .weights(WEIGHTS, model.serialize().toByteArray())
        .library("org.tribuo:tribuo-core", Tribuo.VERSION));
  }

  /** Tribuo finds its own methods by names that it puts in upper case by the default locale. */
  private static void requireWritable() {
    Locale locale = Locale.getDefault();
    if (!"i".toUpperCase(locale).equals("I")) {
      throw new IllegalStateException("Tribuo " + Tribuo.VERSION
          + " writes models only where the upper case of i is I, but the" + " default locale is "
          + locale + "; start Java with -Duser.language=en; nothing was packaged");
    }
  }

  /**
   * Writes the package as an OCI image layout, as {@link FilePackage#write} does.
   *
   * @param folder absent, empty, an unfinished write, or this very package; its parents are made
   * @throws IllegalArgumentException if it holds anything else; nothing was written
   * @throws java.io.UncheckedIOException if the disk cannot be written
   */
  public void write(Path folder) {
    files.write(folder);
  }

  @Override
  public String model() {
    return files.model();
  }

  @Override
  public String runtime() {
    return files.runtime();
  }

  @Override
  public Digest digest() {
    return files.digest();
  }

  @Override
  public byte[] manifest() {
    return files.manifest();
  }

  @Override
  public List<PackageFile> files() {
    return files.files();
  }

  @Override
  public byte[] read(PackageFile file) {
    return files.read(file);
  }

  @Override
  public Schema schema() {
    return files.schema();
  }

  @Override
  public Optional<Baseline> baseline() {
    return files.baseline();
  }

  @Override
  public List<GoldenExample> examples() {
    return files.examples();
  }

  /** Packages are equal when their digests are, for then their bytes are. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TribuoPackage that && files.equals(that.files);
  }

  @Override
  public int hashCode() {
    return files.hashCode();
  }

  @Override
  public String toString() {
    return files.toString();
  }

  /**
   * Collects what belongs to a model; whatever is wrong is said at once, by {@link #build()}.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final FilePackage.Builder files;

    private Builder(FilePackage.Builder files) {
      this.files = files;
    }

    /**
     * {@return this builder, with the numbers of the test phase}
     *
     * @param baseline of the same columns
     */
    public Builder baseline(Baseline baseline) {
      files.baseline(baseline);
      return this;
    }

    /**
     * {@return this builder, with inputs and the predictions that any later load must give again}
     *
     * @param examples of the same columns
     */
    public Builder examples(List<GoldenExample> examples) {
      files.examples(examples);
      return this;
    }

    /**
     * {@return this builder, with one more file for people}
     *
     * @param name as {@link PackageFile} allows
     * @param bytes its content; copied
     */
    public Builder document(String name, byte[] bytes) {
      files.document(name, bytes);
      return this;
    }

    /**
     * {@return this builder, with a setting that belongs to the model; no secret}
     *
     * @param key its name
     * @param value its value
     */
    public Builder configuration(String key, String value) {
      files.configuration(key, value);
      return this;
    }

    /**
     * {@return the package}
     *
     * @throws IllegalArgumentException if anything is missing or not allowed; the message lists every problem
     */
    public TribuoPackage build() {
      return new TribuoPackage(files.build());
    }
  }
}
