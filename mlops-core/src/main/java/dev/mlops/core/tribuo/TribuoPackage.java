package dev.mlops.core.tribuo;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import dev.mlops.core.pack.FilePackage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tribuo.Model;
import org.tribuo.Tribuo;
import org.tribuo.classification.Label;

/**
 * Makes packages of Tribuo models, which {@link TribuoRuntime} loads.
 *
 * <p>The same model object, schema and sections always give the same bytes. Two trainings on the same rows do not: Tribuo
 * writes the time of training into the model, and both give the same predictions. Tribuo 4.3.2 reads models in any default
 * locale, but writes none in a Turkish or Azeri one: packaging says so and how to go on.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class TribuoPackage {
  private static final String WEIGHTS = "model.pb";

  private TribuoPackage() {}

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
  public static FilePackage of(String name, Model<?> model, Schema schema) {
    return builder(name, model, schema).build();
  }

  /**
   * {@return a builder of a package with a model and what belongs to it}
   *
   * @param name name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param model what Tribuo trained
   * @param schema the columns of its input, and what it predicts
   * @throws IllegalArgumentException if the model does not fit the schema: another kind of output, features of no column, a
   *     positive label that is none of its labels; the message lists every problem
   * @throws IllegalStateException if the default locale is one that Tribuo cannot write in
   */
  public static FilePackage.Builder builder(String name, Model<?> model, Schema schema) {
    requireFits(model, schema);
    FilePackage.Builder builder = FilePackage.builder(name, schema);
    fill(builder, model);
    return builder;
  }

  private static void requireFits(Model<?> model, Schema schema) {
    List<String> problems = new ArrayList<>();
    try {
      TribuoModel<?> unused = TribuoModel.of(model, schema);
    } catch (IllegalArgumentException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    schema.positiveLabel().ifPresent(positive -> {
      List<String> labels = model.validate(Label.class)
          ? TribuoModel.labels(model.castModel(Label.class))
          : List.of(positive);
      if (!labels.contains(positive)) {
        problems.add("the positive label \"" + MlopsException.shown(positive)
            + "\" is none of the model's, " + MlopsException.shown(labels.toString())
            + MlopsException.nearest(positive, labels)
                .map(near -> "; did you mean \"" + MlopsException.shown(near) + "\"?")
                .orElse(""));
      }
    });
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
  }

  /** Gives a package its runtime, its weights and the library that wrote them. */
  static void fill(FilePackage.Builder builder, Model<?> model) {
    requireWritable();
    builder
        .runtime(TribuoRuntime.NAME)
        .weights(WEIGHTS, model.serialize().toByteArray())
        .library("org.tribuo:tribuo-core", Tribuo.VERSION);
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
}
