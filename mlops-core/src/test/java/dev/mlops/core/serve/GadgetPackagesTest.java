package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.testkit.ManualClock;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.protos.core.ModelProto;

/**
 * Packages that would run foreign code or read a file of this machine, were they given to their frameworks: whole and with
 * right digests they come through a store to a deployment, which refuses them while its champion serves.
 */
class GadgetPackagesTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.CLASSIFICATION);
  private static final String RAN = "dev.mlops.test.gadget";

  @TempDir
  Path folder;

  /** A class of the class path whose static initialiser tells. */
  static final class Initialised {
    static {
      System.setProperty(RAN + ".initialised", "yes");
    }

    private Initialised() {}
  }

  /** What Java serialisation runs when it reads it. */
  static final class Deserialised implements Serializable {
    private static final long serialVersionUID = 1L;
    private final String which;

    Deserialised(String which) {
      this.which = which;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      System.setProperty(RAN + "." + which, "yes");
    }
  }

  private record Gadget(String name, ModelPackage source, String marker, List<String> says) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static ModelPackage sound() {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      rows.add(new Labelled<>(Row.of(SCHEMA, i - 25.0), Truth.of(i < 25 ? "low" : "high")));
    }
    return TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
        .train(rows)
        .testedOn(rows)
        .asPackage("sizes");
  }

  private static FilePackage packaged(String runtime, String file, byte[] weights) {
    return FilePackage.builder("sizes", SCHEMA)
        .runtime(runtime)
        .weights(file, weights)
        .build();
  }

  private static byte[] serialised(String which) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new Deserialised(which));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static Stream<Gadget> gadgets() {
    ModelProto named = ModelProto.newBuilder()
        .setClassName(GadgetPackagesTest.class.getName() + "$Initialised")
        .setSerializedData(Any.pack(BytesValue.getDefaultInstance()))
        .build();
    // As Tribuo 4.3.2 keeps LibLinear's models: bytes of Java serialisation inside a packed
    // message.
    ModelProto liblinear = ModelProto.newBuilder()
        .setClassName("org.tribuo.classification.liblinear.LibLinearClassificationModel")
        .setSerializedData(Any.newBuilder()
            .setTypeUrl(
                "type.googleapis.com/tribuo.classification.liblinear.LibLinearClassificationModelProto")
            .setValue(
                BytesValue.of(ByteString.copyFrom(serialised("liblinear"))).toByteString()))
        .build();
    // The same bytes behind a class that is allowed.
    ModelProto hidden =
        liblinear.toBuilder().setClassName("org.tribuo.common.tree.TreeModel").build();
    OnnxMl.TensorProto outside = OnnxMl.TensorProto.newBuilder()
        .setName("w")
        .setDataType(1)
        .addDims(1)
        .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
        .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
            .setKey("location")
            .setValue("/proc/self/environ"))
        .build();
    OnnxMl.ModelProto onnx = OnnxMl.ModelProto.newBuilder()
        .setIrVersion(7)
        .setGraph(OnnxMl.GraphProto.newBuilder().addInitializer(outside))
        .build();
    return Stream.of(
        new Gadget(
            "a class name",
            packaged("tribuo", "model.pb", named.toByteArray()),
            "initialised",
            List.of("$Initialised\"", "not among the", "allowed")),
        new Gadget(
            "LibLinear",
            packaged("tribuo", "model.pb", liblinear.toByteArray()),
            "liblinear",
            List.of("LibLinear models embed Java serialisation, which is never read")),
        new Gadget(
            "LibLinear behind another class",
            packaged("tribuo", "model.pb", hidden.toByteArray()),
            "liblinear",
            List.of("a message of unknown type")),
        new Gadget(
            "Java serialisation as it is",
            packaged("tribuo", "model.pb", serialised("liblinear")),
            "liblinear",
            List.of("cannot be loaded")),
        new Gadget(
            "an ONNX file that names an outside file",
            packaged("onnx", "model.onnx", onnx.toByteArray()),
            "none",
            List.of(
                "tensor \"w\" lies in the file \"/proc/self/environ\"",
                "not among the weights",
                "nothing was read")));
  }

  @ParameterizedTest
  @MethodSource("gadgets")
  void aGadgetIsRefusedNothingOfItRunsAndTheChampionServes(Gadget gadget) {
    ManualClock clock = new ManualClock();
    try (FileVersionStore store = FileVersionStore.open(folder.resolve("store"));
        Deployment<Double> sizes = Deployment.of(store, "sizes@champion", ROWS)
            .firstRelease(GadgetPackagesTest::sound)
            .clock(clock)
            .open()) {
      Version version = store.publish(gadget.source());
      assertThatThrownBy(() -> sizes.prepare(version))
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContainingAll(gadget.says().toArray(new String[0]));
      store
          .move("sizes@champion")
          .from(store.require("sizes:1"))
          .to(version)
          .by("mallory")
          .because("a better model")
          .commit();
      sizes.tick();
      assertThat(sizes.champion().number()).isEqualTo(1);
      assertThat(sizes.trouble().orElseThrow()).contains(gadget.says());
      assertThat(sizes.serve(20.0).as(Classification.class).label()).isEqualTo("high");
    }
    assertThat(System.getProperty(RAN + "." + gadget.marker())).isNull();
  }

  /** The gadgets are some: given to what would run them, they tell. */
  @Test
  void whatWouldRunThemRunsThem() throws Exception {
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(serialised("control")))) {
      in.readObject();
    }
    assertThat(System.getProperty(RAN + ".control")).isEqualTo("yes");
  }
}
