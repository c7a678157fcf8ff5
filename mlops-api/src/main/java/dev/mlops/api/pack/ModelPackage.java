package dev.mlops.api.pack;

import dev.mlops.api.model.Schema;
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
 *   <li><b>verified</b>: {@link #read} gives bytes whose length and SHA-256 are those of the manifest, or throws {@link
 *       PackageIntegrityException}; nothing is parsed, here or by a caller, before that.
 *   <li><b>listed</b>: {@link #files()} is ordered by name, holds exactly one file of role {@code SCHEMA}, at least one of
 *       role {@code WEIGHTS}, and no name twice.
 *   <li><b>sections</b>: {@link #schema()}, {@link #baseline()} and {@link #examples()} are what was put in, whether the
 *       package was just made or read again.
 *   <li><b>unknownFile</b>: {@link #read} of a file that the package does not list throws {@link
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
   * {@return the bytes of a file, verified; a copy}
   *
   * @param file one of {@link #files()}
   * @throws PackageIntegrityException if the bytes that are there are not the ones that the manifest lists
   * @throws IllegalArgumentException if the package does not list this file
   */
  byte[] read(PackageFile file);

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
   * {@return the files of a role, ordered by name}
   *
   * @param role what they are for
   */
  default List<PackageFile> files(PackageFile.Role role) {
    return files().stream().filter(file -> file.role() == role).toList();
  }
}
