package dev.mlops.api.pack;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.Optional;

/**
 * An immutable bundle of a model with everything that belongs to it, identified by its content.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>identity</b>: {@link #digest()} is the SHA-256 of {@link #manifest()}, and the manifest fixes the name, role,
 *       size and digest of every file: two packages with one digest hold the same bytes.
 *   <li><b>sameInputsSameBytes</b>: a package made twice from the same inputs has the same digest, whatever the machine,
 *       clock, time zone, locale or order of adding.
 *   <li><b>verified</b>: {@link #read} and {@link #open} give bytes whose length and SHA-256 are those of the manifest, or
 *       throw {@link PackageIntegrityException}; nothing is parsed, here or by a caller, before that.
 *   <li><b>opened</b>: {@link #open} compares length and SHA-256 of the whole file before it returns. The bytes of the
 *       channel are those that were compared, at any position, whatever happens to the storage in the meantime: where other
 *       bytes are met later, reading throws {@link PackageIntegrityException}. The channel is read-only and the caller's,
 *       who closes it.
 *   <li><b>largeFile</b>: {@link #read} of a file of more than {@link #LARGEST_READ} bytes throws {@link
 *       IllegalArgumentException} and names {@link #open}, which has no such limit.
 *   <li><b>listed</b>: {@link #files()} is ordered by name, holds exactly one file of role {@code SCHEMA}, at least one of
 *       role {@code WEIGHTS}, and no name twice.
 *   <li><b>sections</b>: {@link #schema()}, {@link #baseline()}, {@link #examples()}, {@link #configuration()}, {@link
 *       #calibration()}, {@link #libraries()}, {@link #environment()} and {@link #provenance()} are what was put in, whether the package was just made
 *       or read again.
 *   <li><b>unknownRole</b>: a file of a role that this release does not know is listed, verified and kept like any other.
 *   <li><b>unknownFile</b>: {@link #read} and {@link #open} of a file that the package does not list throw {@link
 *       IllegalArgumentException}.
 *   <li><b>copies</b>: arrays handed out are copies: changing one changes nothing here.
 * </ol>
 *
 * <p>Inputs are files. A model that is trained again on the same rows is another input when its bytes differ, as those of
 * frameworks do that write the time of training into a model: another digest, with the same predictions.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface ModelPackage {
  /** The most bytes that {@link #read} gives: 64 MiB. Sections and documents are never larger. */
  int LARGEST_READ = 64 << 20;

  /** The name of the document that tells people what the model is, in Markdown. */
  String MODEL_CARD = "model-card.md";

  /** The name of the document that lists the parts of the package for machines, in CycloneDX JSON. */
  String SBOM = "sbom.cdx.json";

  /**
   * {@return the name of the model, such as {@code fraud}}
   */
  String model();

  /**
   * {@return the name of the {@link ModelRuntime} that loads it, such as {@code tribuo}}
   */
  String runtime();

  /**
   * {@return the identity of this package: the SHA-256 of its manifest}
   */
  Digest digest();

  /**
   * {@return the canonical bytes of the manifest; a copy}
   */
  byte[] manifest();

  /**
   * {@return every file that the manifest lists, ordered by name}
   */
  List<PackageFile> files();

  /**
   * {@return the bytes of a small file, verified; a copy}
   *
   * @param file one of {@link #files()}, of at most {@link #LARGEST_READ} bytes
   * @throws PackageIntegrityException if the bytes that are there are not the ones that the manifest lists
   * @throws IllegalArgumentException if the package does not list this file, or it is larger
   */
  byte[] read(PackageFile file);

  /**
   * {@return the bytes of a file of any size, verified before the first one can be read}
   *
   * <p>The channel can be positioned, since formats of large models are read by an index. {@link
   * java.nio.channels.Channels#newInputStream} makes a stream of it.
   *
   * <p>Unless overridden, this is {@link #read} behind a channel: enough for a package whose files are all small. Not
   * thread-safe: confine each channel to one thread.
   *
   * @param file one of {@link #files()}
   * @throws PackageIntegrityException if the bytes that are there are not the ones that the manifest lists
   * @throws IllegalArgumentException if the package does not list this file
   */
  default SeekableByteChannel open(PackageFile file) {
    return channel(read(file));
  }

  /**
   * {@return a read-only channel over bytes, for implementations that hold them in memory}
   *
   * @param bytes verified, and changed by nobody any more; not copied
   */
  static SeekableByteChannel channel(byte[] bytes) {
    return new ArrayChannel(bytes);
  }

  /**
   * {@return the columns of the input, and what is predicted}
   */
  Schema schema();

  /**
   * {@return the numbers of the test phase, if the package has them}
   */
  Optional<Baseline> baseline();

  /**
   * {@return inputs with the predictions that any later load must give again; possibly none}
   */
  List<GoldenExample> examples();

  /**
   * {@return the settings that belong to the model; possibly none}
   */
  Configuration configuration();

  /**
   * {@return what makes probabilities of the model's scores, if the package holds it}
   *
   * <p>It is for scores as the runtime's model gives them. Baseline and examples are of calibrated answers.
   */
  Optional<Calibration> calibration();

  /**
   * {@return a model that answers as this package does where it serves: scores calibrated, labels by the decision thresholds}
   *
   * <p>Examples and baseline are of these answers. Whatever loads a model by a {@link ModelRuntime} asks this one.
   *
   * @param model what the runtime made of this package; the one returned closes it if it is {@link AutoCloseable}
   * @throws IllegalArgumentException if the configuration holds decision thresholds that are not allowed
   */
  default Model deciding(Model model) {
    return deciding(model, DecisionThresholds.of(configuration(), schema()));
  }

  /**
   * {@return a model that answers as {@link #deciding(Model)} says, by thresholds that were read from the configuration before}
   *
   * @param model what the runtime made of this package; the one returned closes it if it is {@link AutoCloseable}
   * @param thresholds of this package
   */
  default Model deciding(Model model, DecisionThresholds thresholds) {
    return thresholds.deciding(
        calibration().map(calibration -> calibration.calibrating(model)).orElse(model));
  }

  /**
   * Refuses decision thresholds, and a calibration, of labels that a model does not score: they would never decide anything.
   * Runtimes that know the labels of a model call it before they give the model.
   *
   * @param answer an answer of the model in form: its labels, and whether they have scores; the scores may be any
   * @throws ModelLoadException if one of them could never be applied
   */
  default void requireDecides(Prediction answer) {
    try {
      DecisionThresholds.of(configuration(), schema()).requireFit(answer);
      calibration().ifPresent(calibration -> calibration.requireFit(answer));
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          model() + " sha256:" + digest().abbreviated() + " cannot be loaded: " + e.getMessage()
              + "; not loaded",
          e);
    }
  }

  /**
   * {@return the libraries that the model was made with, ordered by name; possibly none}
   */
  List<Library> libraries();

  /**
   * {@return where the model was made, if the package says so}
   */
  Optional<Environment> environment();

  /**
   * {@return where the model comes from; possibly nothing}
   */
  Configuration provenance();

  /**
   * {@return the files of a role, ordered by name}
   *
   * @param role what they are for
   */
  default List<PackageFile> files(PackageFile.Role role) {
    return files().stream().filter(file -> file.role().equals(role)).toList();
  }
}
