package dev.mlops.core.adaptive;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Model;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Loads snapshots of {@link NaiveBayes}, {@link HoeffdingTree} and {@link AdaptiveForest} from packages.
 *
 * <p>{@link #load} gives a model that serves and never changes. {@link #resume} gives one that learns on where the snapshot
 * was taken, as if it had not been stored: to the last bit.
 *
 * <p>The file is verified before it is read, is at most 64 MiB, and every number in it is checked: what cannot have been
 * learnt is refused.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class AdaptiveRuntime implements ModelRuntime {
  /** The name that packages know it by. */
  static final String NAME = "adaptive";

  /** The file that holds the learner. */
  static final String FILE = "learner.bin";

  /** Makes the runtime that {@link java.util.ServiceLoader} finds. */
  public AdaptiveRuntime() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Model load(ModelPackage source) {
    return new Learner.Frozen(learner(source));
  }

  /**
   * {@return a model that learns on where the one in a package stood}
   *
   * @param source the package
   * @throws dev.mlops.api.pack.PackageIntegrityException if a file is not what the manifest lists
   * @throws ModelLoadException if the files are intact but hold no learner
   */
  public AdaptiveModel resume(ModelPackage source) {
    return learner(source);
  }

  private static Learner learner(ModelPackage source) {
    if (!source.runtime().equals(NAME)) {
      throw fault(source, "wanted runtime " + NAME + ", got runtime " + source.runtime(), null);
    }
    PackageFile file = source.files(Role.WEIGHTS).stream()
        .filter(each -> each.name().equals(FILE))
        .findFirst()
        .orElseThrow(() -> fault(source, "wanted a file of weights " + FILE + ", got none", null));
    if (file.size() > ModelPackage.LARGEST_READ) {
      throw fault(
          source,
          FILE + " must have at most " + ModelPackage.LARGEST_READ + " bytes, but had "
              + file.size(),
          null);
    }
    byte[] bytes = source.read(file);
    try {
      return Snapshots.learner(bytes, source.schema());
    } catch (IOException e) {
      throw fault(source, FILE + ": " + e.getMessage(), e);
    }
  }

  private static ModelLoadException fault(
      ModelPackage source, String how, @Nullable Throwable cause) {
    return new ModelLoadException(
        source.model() + " sha256:" + source.digest().abbreviated() + " cannot be loaded: " + how
            + "; not loaded",
        cause);
  }
}
