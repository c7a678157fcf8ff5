package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link ModelRuntime}: one test per clause of its Javadoc, named after the clause.
 *
 * @since 0.1
 */
@DisplayName("A runtime")
public abstract class ModelRuntimeContract {
  /** For a subclass. */
  protected ModelRuntimeContract() {}

  /** {@return the runtime} */
  protected abstract ModelRuntime runtime();

  /** {@return a package that it loads, with golden examples; the same at every call} */
  protected abstract ModelPackage packaged();

  @Test
  @DisplayName("keeps its name, and refuses the packages of others")
  void named() {
    ModelRuntime runtime = runtime();
    assertThat(packaged().runtime()).isEqualTo(runtime.name()).isEqualTo(runtime.name());
    ModelPackage foreign = new ForwardingPackage(packaged()) {
      @Override
      public String runtime() {
        return "another-runtime";
      }
    };
    assertThatThrownBy(() -> close(runtime.load(foreign)))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("another-runtime");
  }

  @Test
  @DisplayName("gives models that answer the golden examples of their package")
  void answers() {
    assertThat(packaged().examples()).as("golden examples").isNotEmpty();
    use(
        runtime(),
        model -> packaged().examples().forEach(example -> {
          Prediction answer = model.predict(example.row());
          assertThat(example.matches(answer))
              .as("wanted " + example.expected() + ", got " + answer)
              .isTrue();
        }));
  }

  @Test
  @DisplayName("passes on that a file is damaged, and parses nothing of it")
  void verified() {
    InMemoryPackage whole = InMemoryPackage.copyOf(packaged());
    ModelRuntime runtime = runtime();
    for (PackageFile file : whole.files(Role.WEIGHTS)) {
      ModelPackage damaged = whole.damaged(file);
      assertThatThrownBy(() -> close(runtime.load(damaged)))
          .as(file.name())
          .isInstanceOf(PackageIntegrityException.class);
    }
  }

  @Test
  @DisplayName("refuses whatever is no model by a load fault that names it, and loads the next one")
  void refuses() {
    byte[] random = new byte[500];
    new Random(7).nextBytes(random);
    ModelRuntime runtime = runtime();
    for (byte[] wrong :
        List.of(new byte[0], "this is no model\n".getBytes(StandardCharsets.UTF_8), random)) {
      ModelPackage source = packaged();
      InMemoryPackage.Builder forged =
          InMemoryPackage.builder(source.model(), source.schema()).runtime(source.runtime());
      source.files(Role.WEIGHTS).forEach(file -> forged.weights(file.name(), wrong));
      assertThatThrownBy(() -> close(runtime.load(forged.build())))
          .as(wrong.length + " bytes")
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining(source.model());
      use(runtime, model -> assertThat(first(model).isFinite()).isTrue());
    }
  }

  @Test
  @DisplayName("gives each caller a model of its own, which outlives those of others")
  void ownModel() {
    ModelRuntime runtime = runtime();
    Model first = runtime.load(packaged());
    use(runtime, second -> {
      Prediction before = first(second);
      close(first);
      assertThat(first(second)).isEqualTo(before);
    });
  }

  @Test
  @DisplayName("loads on several threads at once, and gives models that several use at once")
  void threads() {
    ModelRuntime runtime = runtime();
    use(runtime, shared -> {
      List<GoldenExample> examples = packaged().examples();
      List<Prediction> alone =
          examples.stream().map(example -> shared.predict(example.row())).toList();
      Together.run(4, thread -> () -> {
        use(runtime, own -> assertThat(first(own)).isEqualTo(alone.get(0)));
        for (int i = 0; i < 200; i++) {
          int at = (thread + i) % examples.size();
          assertThat(shared.predict(examples.get(at).row())).isEqualTo(alone.get(at));
        }
        return true;
      });
    });
  }

  /** What is done with a model. */
  private interface Use {
    void of(Model model);
  }

  private void use(ModelRuntime runtime, Use use) {
    Model model = runtime.load(packaged());
    try {
      use.of(model);
    } finally {
      close(model);
    }
  }

  private static void close(Model model) {
    if (model instanceof AutoCloseable resource) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new AssertionError("the model could not be closed", e);
      }
    }
  }

  private Prediction first(Model model) {
    return model.predict(packaged().examples().get(0).row());
  }
}
