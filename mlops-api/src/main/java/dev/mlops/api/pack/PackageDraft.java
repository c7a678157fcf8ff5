package dev.mlops.api.pack;

import dev.mlops.api.model.Beta;
import java.util.Collection;
import java.util.List;

/**
 * A package that is being made: takes what people and later runs want to know of the model.
 *
 * <p>A name that is given again replaces a setting, a library or an item of provenance, and an environment replaces the one
 * before; two documents of one name are refused when the package is made.
 *
 * <p>Nothing of the machine goes into a package by itself: libraries and environment are there when they are given, so the
 * same draft makes the same bytes anywhere.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public interface PackageDraft {
  /**
   * {@return this draft, with one more file for people}
   *
   * @param name as {@link PackageFile} allows
   * @param bytes its content; copied
   */
  PackageDraft document(String name, byte[] bytes);

  /**
   * {@return this draft, with one more file for people, in UTF-8}
   *
   * @param name as {@link PackageFile} allows
   * @param text its content
   */
  PackageDraft document(String name, String text);

  /**
   * {@return this draft, with a setting that belongs to the model; no secret}
   *
   * @param name of the setting
   * @param value text
   */
  PackageDraft configuration(String name, String value);

  /**
   * {@return this draft, with a setting that belongs to the model}
   *
   * @param name of the setting
   * @param value finite
   */
  PackageDraft configuration(String name, double value);

  /**
   * {@return this draft, with a setting that belongs to the model}
   *
   * @param name of the setting
   * @param value true or false
   */
  PackageDraft configuration(String name, boolean value);

  /**
   * {@return this draft, with the score from which on the positive label is given}
   *
   * @param threshold from 0 to 1
   * @see DecisionThresholds
   */
  default PackageDraft decisionThreshold(double threshold) {
    return configuration(DecisionThresholds.SETTING, threshold);
  }

  /**
   * {@return this draft, with the score from which on a label is given}
   *
   * @param label that the model scores
   * @param threshold from 0 to 1
   * @throws IllegalArgumentException if the label is empty
   * @see DecisionThresholds
   */
  default PackageDraft decisionThreshold(String label, double threshold) {
    return configuration(DecisionThresholds.setting(label), threshold);
  }

  /**
   * {@return this draft, with inputs and predictions that somebody wrote down, beside those of a test phase; a later call
   * replaces those of an earlier one}
   *
   * @param examples of the columns of the model
   */
  PackageDraft examples(List<GoldenExample> examples);

  /**
   * {@return this draft, with a library that the model was made with}
   *
   * @param library its name and version
   */
  PackageDraft library(Library library);

  /**
   * {@return this draft, with libraries that the model was made with}
   *
   * @param libraries such as all of a class path
   */
  default PackageDraft libraries(Collection<Library> libraries) {
    libraries.forEach(this::library);
    return this;
  }

  /**
   * {@return this draft, with where the model was made}
   *
   * @param environment such as {@link Environment#here}
   */
  PackageDraft environment(Environment environment);

  /**
   * {@return this draft, with where the model comes from: the source of the rows, who trained it, a run's number}
   *
   * @param name of the item
   * @param value text
   */
  PackageDraft provenance(String name, String value);

  /**
   * {@return this draft, with where the model comes from: how many rows, which seed}
   *
   * @param name of the item
   * @param value finite
   */
  PackageDraft provenance(String name, double value);
}
