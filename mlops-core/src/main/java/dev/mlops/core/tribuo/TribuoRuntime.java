package dev.mlops.core.tribuo;

import com.google.protobuf.Descriptors.FileDescriptor;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.core.optimise.Ensemble;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.tribuo.Feature;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.impl.ArrayExample;

/**
 * Loads Tribuo models from packages.
 *
 * <p>Tribuo looks up any class that a file names, which runs its static initialiser. So, after the digest is verified and
 * before Tribuo sees the bytes, every class name in them, however deep, is compared as text with a list: the models of
 * Tribuo's linear, factorisation-machine, tree, ensemble, transformed and dummy kinds, what they are made of, and their
 * provenance. A model with other classes is refused unless they are allowed one by one. LibLinear models embed Java
 * serialisation; they are refused always.
 *
 * <p>The model reads rows of the package's schema: a number is the feature of its column's name, a category the feature
 * {@code column=value}, what is missing or was never seen in training is left out. A row in which nothing is known, which
 * Tribuo itself refuses, is answered as one whose features are all 0: the limit of rows in which ever less is known. Where
 * Tribuo gives no output, as for an infinite value in a linear model, every score is NaN, and {@link
 * dev.mlops.api.model.Prediction#isFinite()} says so.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class TribuoRuntime implements ModelRuntime {
  /** The name that packages know it by. */
  static final String NAME = "tribuo";

  private final List<String> names;
  private final List<FileDescriptor> descriptions;
  private final ClassNames allowed;

  /** Makes the runtime that {@link java.util.ServiceLoader} finds, with Tribuo's own classes. */
  public TribuoRuntime() {
    this(List.of(), List.of());
  }

  private TribuoRuntime(List<String> names, List<FileDescriptor> descriptions) {
    this.names = List.copyOf(names);
    this.descriptions = List.copyOf(descriptions);
    this.allowed = ClassNames.with(this.names, this.descriptions);
  }

  /**
   * {@return a runtime that also loads models which name these classes}
   *
   * <p>Their static initialisers run whenever a package names them: allow what you wrote or read, each by its whole name.
   *
   * @param classNames binary names, such as {@code com.example.MyTrainer$Provenance}; no prefix of several
   * @throws IllegalArgumentException if one is no class name
   */
  public TribuoRuntime allowing(String... classNames) {
    for (String name : classNames) {
      if (!name.matches("[\\p{Alpha}_$][\\w$]*+(\\.[\\p{Alpha}_$][\\w$]*+)*+")) {
        throw new IllegalArgumentException(
            "wanted the whole name of a class, got \"" + MlopsException.shown(name) + "\"");
      }
    }
    List<String> more = new ArrayList<>(names);
    more.addAll(List.of(classNames));
    return new TribuoRuntime(more, descriptions);
  }

  /**
   * {@return a runtime that also looks for class names in messages of these types}
   *
   * <p>Needed for a module that is not among Tribuo's core, linear, tree, classification and regression ones; its classes
   * must be allowed as well.
   *
   * @param description of the messages that the module packs, such as {@code TribuoXGBoost.getDescriptor()}
   */
  public TribuoRuntime describedBy(FileDescriptor description) {
    List<FileDescriptor> more = new ArrayList<>(descriptions);
    more.add(description);
    return new TribuoRuntime(names, more);
  }

  @Override
  public String name() {
    return NAME;
  }

  /**
   * {@return the members of a model that is an ensemble, such as a random forest, alone or inside a transformation; empty if it is
   * none}
   *
   * @param source a package of this runtime
   * @throws ModelLoadException as {@link #load} throws it
   * @throws PackageIntegrityException if a file is not what the manifest lists
   */
  @Beta
  public Optional<Ensemble> ensemble(ModelPackage source) {
    return ofPackage(source, model -> TribuoEnsemble.of(model, source.schema()));
  }

  /**
   * {@return the same model as ONNX, which computes in 32 bits where Tribuo does in 64; empty if Tribuo cannot export it, as trees
   * and their forests, or a column is a category}
   *
   * <p>A missing number Tribuo leaves out; ONNX computes with NaN, and gives no usable answer.
   *
   * @param source a package of this runtime
   * @throws ModelLoadException as {@link #load} throws it
   * @throws PackageIntegrityException if a file is not what the manifest lists
   */
  @Beta
  public Optional<TribuoOnnx> asOnnx(ModelPackage source) {
    return ofPackage(source, model -> TribuoOnnx.of(model, source.schema()));
  }

  /** What is made of a model; a schema that is not the model's is told as when it is loaded. */
  private <T> T ofPackage(ModelPackage source, Function<org.tribuo.Model<?>, T> made) {
    org.tribuo.Model<?> model = read(source);
    try {
      return made.apply(model);
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          named(source) + " cannot be read: " + e.getMessage() + "; nothing was made", e);
    }
  }

  @Override
  public Model load(ModelPackage source) {
    org.tribuo.Model<?> model = read(source);
    try {
      TribuoModel<?> made = TribuoModel.of(model, source.schema());
      if (source.schema().task().filter(Task.CLASSIFICATION::equals).isPresent()) {
        org.tribuo.Model<Label> classifier = model.castModel(Label.class);
        List<String> labels = TribuoModel.labels(classifier);
        source.requireDecides(
            givesProbabilities(classifier)
                ? Classification.of(labels, new double[labels.size()])
                : Classification.of(labels.get(0)));
      }
      return made;
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          named(source) + " cannot be loaded: " + e.getMessage() + "; not loaded", e);
    }
  }

  /** Trees say so of each prediction, and not of the model. */
  private static boolean givesProbabilities(org.tribuo.Model<Label> model) {
    if (model.generatesProbabilities()) {
      return true;
    }
    ArrayExample<Label> any = new ArrayExample<>(LabelFactory.UNKNOWN_LABEL);
    any.add(new Feature(model.getFeatureIDMap().iterator().next().getName(), 1.0));
    return model.predict(any).hasProbabilities();
  }

  private static String named(ModelPackage source) {
    return source.model() + " sha256:" + source.digest().abbreviated();
  }

  private org.tribuo.Model<?> read(ModelPackage source) {
    String what = named(source);
    List<PackageFile> weights = source.files(Role.WEIGHTS);
    if (!source.runtime().equals(NAME) || weights.size() != 1) {
      throw new ModelLoadException(
          what + " cannot be loaded: wanted runtime " + NAME
              + " and one file of weights, got runtime " + source.runtime() + " and "
              + weights.size() + "; not loaded",
          null);
    }
    SeekableByteChannel verified = source.open(weights.get(0));
    try (InputStream bytes = Channels.newInputStream(verified)) {
      return org.tribuo.Model.deserialize(allowed.check(bytes));
    } catch (PackageIntegrityException e) {
      throw e;
    } catch (ModelLoadException e) {
      throw new ModelLoadException(what + " cannot be loaded: " + e.getMessage(), null);
    } catch (Exception | LinkageError | StackOverflowError | OutOfMemoryError e) {
      // Whatever a framework throws on a file: the version that serves must go on serving.
      String message = e.getMessage();
      throw new ModelLoadException(
          what + " cannot be loaded: Tribuo threw " + e.getClass().getSimpleName()
              + (message == null ? "" : " (" + MlopsException.shown(message) + ")")
              + "; not loaded",
          e);
    }
  }
}
