package dev.mlops.core.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.Any;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.ObjectProvenanceProto;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.SimpleProvenanceProto;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.pack.Trained;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.testkit.ModelRuntimeContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.Example;
import org.tribuo.Excuse;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.baseline.DummyClassifierTrainer;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.ensemble.AdaBoostTrainer;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.fm.FMClassificationTrainer;
import org.tribuo.classification.sgd.kernel.KernelSVMTrainer;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.classification.sgd.objectives.Hinge;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.classification.sgd.protos.ClassificationLinearSGDProto;
import org.tribuo.common.tree.ExtraTreesTrainer;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.common.tree.protos.TreeModelProto;
import org.tribuo.ensemble.BaggingTrainer;
import org.tribuo.math.kernel.RBF;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.math.protos.DenseTensorProto;
import org.tribuo.math.protos.LinearParametersProto;
import org.tribuo.math.protos.TensorProto;
import org.tribuo.protos.core.ImmutableFeatureMapProto;
import org.tribuo.protos.core.ModelDataProto;
import org.tribuo.protos.core.ModelProto;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.regression.Regressor;
import org.tribuo.regression.baseline.DummyRegressionTrainer;
import org.tribuo.regression.ensemble.AveragingCombiner;
import org.tribuo.regression.rtree.CARTJointRegressionTrainer;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;
import org.tribuo.regression.sgd.fm.FMRegressionTrainer;
import org.tribuo.regression.sgd.linear.LinearSGDTrainer;
import org.tribuo.regression.sgd.objectives.SquaredLoss;
import org.tribuo.transform.TransformTrainer;
import org.tribuo.transform.TransformationMap;
import org.tribuo.transform.transformations.MeanStdDevTransformation;

class TribuoRuntimeTest {
  static final Schema SCHEMA =
      Schema.of(Column.number("x"), Column.category("colour"), Column.number("a"));

  static List<Labelled<Row>> labelled(int n, long seed) {
    Random random = new Random(seed);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double x = random.nextGaussian();
      double a = random.nextGaussian();
      String colour = List.of("", "red", "green", "blue").get(random.nextInt(4));
      boolean yes = x + (colour.equals("red") ? 1 : -0.5) + 0.3 * random.nextGaussian() > 0;
      rows.add(new Labelled<>(
          Row.of(SCHEMA, random.nextInt(20) == 0 ? Double.NaN : x, colour, a),
          Truth.of(yes ? "yes" : "no")));
    }
    return rows;
  }

  static List<Labelled<Row>> measured(int n, long seed) {
    Random random = new Random(seed);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double x = random.nextGaussian();
      double a = random.nextGaussian();
      rows.add(new Labelled<>(
          Row.of(SCHEMA, x, i % 2 == 0 ? "red" : "green", a), Truth.of(2 * x - a + i % 2)));
    }
    return rows;
  }

  static Stream<Trainer<Label>> classifiers() {
    return Stream.of(
        new LogisticRegressionTrainer(),
        new CARTClassificationTrainer(6),
        new FMClassificationTrainer(new LogMulticlass(), new AdaGrad(0.1), 3, 1, 4, 0.1),
        new KernelSVMTrainer(new RBF(0.5), 0.1, 3, 1),
        new RandomForestTrainer<>(
            new CARTClassificationTrainer(4, 0.7f, 1), new VotingCombiner(), 5),
        new BaggingTrainer<>(new LogisticRegressionTrainer(), new VotingCombiner(), 3),
        new AdaBoostTrainer(new CARTClassificationTrainer(2), 3),
        new TransformTrainer<>(
            new LogisticRegressionTrainer(),
            new TransformationMap(Map.of("a", List.of(new MeanStdDevTransformation())))),
        DummyClassifierTrainer.createMostFrequentTrainer());
  }

  static Stream<Trainer<Regressor>> regressors() {
    return Stream.of(
        new LinearSGDTrainer(new SquaredLoss(), new AdaGrad(0.1), 5, 1L),
        new FMRegressionTrainer(new SquaredLoss(), new AdaGrad(0.1), 3, 1L, 4, 0.1, true),
        new CARTRegressionTrainer(5),
        new CARTJointRegressionTrainer(5),
        new RandomForestTrainer<>(
            new CARTRegressionTrainer(
                4, 1f, 0f, 0.7f, false, new MeanSquaredError(), Trainer.DEFAULT_SEED),
            new AveragingCombiner(),
            4),
        new ExtraTreesTrainer<>(
            new CARTJointRegressionTrainer(
                4, 1f, 0f, 0.7f, true, new MeanSquaredError(), false, Trainer.DEFAULT_SEED),
            new AveragingCombiner(),
            4),
        new BaggingTrainer<>(new CARTRegressionTrainer(3), new AveragingCombiner(), 3),
        DummyRegressionTrainer.createMedianTrainer());
  }

  @Nested
  class Contract extends ModelRuntimeContract {
    private final ModelPackage source = TribuoTrainer.classifier(
            SCHEMA, new LogisticRegressionTrainer())
        .train(labelled(300, 7))
        .testedOn(labelled(100, 8))
        .asPackage("colours");

    @Override
    protected ModelRuntime runtime() {
      return new TribuoRuntime();
    }

    @Override
    protected ModelPackage packaged() {
      return source;
    }
  }

  /** It would never decide anything, and nobody would be told. */
  @Test
  void aThresholdOfALabelThatTheModelNeverGivesIsRefused() {
    FilePackage made =
        FilePackage.of(TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
            .train(labelled(300, 7))
            .testedOn(labelled(100, 8))
            .asPackage("colours"));
    FilePackage.Builder other = FilePackage.builder("colours", made.schema()).modelOf(made);
    assertThatThrownBy(() ->
            new TribuoRuntime().load(other.decisionThreshold("purpel", 0.4).build()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContainingAll(
            "colours sha256:", "label \"purpel\"", "but the model scores", "not loaded");
  }

  /** Its scores are no probabilities, so no threshold would ever act. */
  @Test
  void aThresholdOfAModelWithoutProbabilitiesIsRefused() {
    FilePackage made = FilePackage.of(TribuoTrainer.classifier(
            SCHEMA,
            new org.tribuo.classification.sgd.linear.LinearSGDTrainer(
                new Hinge(), new AdaGrad(0.5), 5, 1000, 1, 1L))
        .train(labelled(300, 7))
        .testedOn(labelled(100, 8))
        .asPackage("colours"));
    FilePackage.Builder other = FilePackage.builder("colours", made.schema()).modelOf(made);
    assertThatThrownBy(
            () -> new TribuoRuntime().load(other.decisionThreshold("yes", 0.01).build()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContainingAll("colours sha256:", "yes", "not loaded");
  }

  @ParameterizedTest
  @MethodSource("classifiers")
  void aClassifierReadBackGivesTheSamePredictions(Trainer<Label> trainer) {
    List<Labelled<Row>> rows = labelled(300, 7);
    var trained = TribuoTrainer.classifier(SCHEMA, trainer).train(rows).testedOn(labelled(100, 8));
    ModelPackage made = trained.asPackage("colours");
    Model loaded = new TribuoRuntime().load(FilePackage.of(made.manifest(), blobs(made)::get));
    for (Labelled<Row> row : rows) {
      assertThat(loaded.predict(row.input())).isEqualTo(trained.model().predict(row.input()));
    }
    assertThat(made.examples().size()).isEqualTo(20);
    made.examples()
        .forEach(
            example -> assertThat(loaded.predict(example.row())).isEqualTo(example.expected()));
  }

  @ParameterizedTest
  @MethodSource("regressors")
  void aRegressionReadBackGivesTheSamePredictions(Trainer<Regressor> trainer) {
    List<Labelled<Row>> rows = measured(300, 7);
    var trained = TribuoTrainer.regressor(SCHEMA, trainer).train(rows).testedOn(measured(100, 8));
    ModelPackage made = trained.asPackage("colours");
    Model loaded = new TribuoRuntime().load(made);
    for (Labelled<Row> row : rows) {
      assertThat(loaded.predict(row.input())).isEqualTo(trained.model().predict(row.input()));
    }
  }

  static Map<Digest, byte[]> blobs(ModelPackage source) {
    Map<Digest, byte[]> blobs = new HashMap<>();
    source.files().forEach(file -> blobs.put(file.digest(), all(source, file)));
    return blobs;
  }

  private static byte[] all(ModelPackage source, PackageFile file) {
    try (SeekableByteChannel channel = source.open(file)) {
      return Channels.newInputStream(channel).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- class names are compared as text before anything is looked up

  /** A class of the class path that must never be initialised by a file. */
  static final class Trap {
    static {
      System.setProperty(SPRUNG, "yes");
    }

    private Trap() {}
  }

  private static final String SPRUNG = "dev.mlops.test.trap";
  private static final String TRAP = TribuoRuntimeTest.class.getName() + "$Trap";

  private static ModelProto stored(Trainer<Label> trainer) {
    return ((TribuoModel<?>)
            TribuoTrainer.classifier(SCHEMA, trainer).train(labelled(100, 1)).model())
        .model.serialize();
  }

  private static FilePackage packaged(byte[] weights) {
    return FilePackage.builder("colours", SCHEMA.predicting(Task.CLASSIFICATION))
        .runtime("tribuo")
        .weights("model.pb", weights)
        .build();
  }

  private static String refused(TribuoRuntime runtime, ModelProto forged) {
    FilePackage source = packaged(forged.toByteArray());
    ModelLoadException fault =
        catchThrowableOfType(ModelLoadException.class, () -> runtime.load(source));
    String begins = "colours sha256:" + source.digest().abbreviated() + " cannot be loaded: ";
    assertThat(fault.getMessage()).startsWith(begins);
    assertThat(fault.getMessage()).endsWith("; not loaded");
    assertThat(fault.code()).isEqualTo("PACKAGE-LOAD");
    return fault.getMessage().substring(begins.length());
  }

  static Stream<ModelProto> traps() throws InvalidProtocolBufferException {
    ModelProto whole = stored(new CARTClassificationTrainer(3));
    var tree = whole.getSerializedData().unpack(TreeModelProto.class);
    ModelDataProto data = tree.getMetadata();
    return Stream.of(
        whole.toBuilder().setClassName(TRAP).build(),
        // The message packed into the model: the feature domain, an item of it, the output domain,
        // a node's output.
        with(
            whole,
            tree,
            data.toBuilder()
                .setFeatureDomain(data.getFeatureDomain().toBuilder().setClassName(TRAP))),
        with(
            whole,
            tree,
            data.toBuilder()
                .setOutputDomain(data.getOutputDomain().toBuilder().setClassName(TRAP))),
        with(
            whole,
            tree,
            data.toBuilder()
                .setFeatureDomain(
                    data.getFeatureDomain().toBuilder().setSerializedData(trapped(data)))),
        with(
            whole,
            tree,
            data.toBuilder()
                .setProvenance(data.getProvenance().toBuilder()
                    .addOmp(ObjectProvenanceProto.newBuilder().setProvenanceClassName(TRAP)))),
        with(
            whole,
            tree,
            data.toBuilder()
                .setProvenance(data.getProvenance().toBuilder()
                    .addSmp(SimpleProvenanceProto.newBuilder().setProvenanceClassName(TRAP)))),
        with(
            whole,
            tree,
            data.toBuilder()
                .setProvenance(data.getProvenance().toBuilder()
                    .addSmp(SimpleProvenanceProto.newBuilder()
                        .setProvenanceClassName(
                            "com.oracle.labs.mlrg.olcut.provenance.primitives.EnumProvenance")
                        .setAdditional(TRAP)))),
        whole.toBuilder()
            .setSerializedData(Any.pack(tree.toBuilder()
                .setNodes(0, tree.getNodes(0).toBuilder().setClassName(TRAP))
                .build()))
            .build());
  }

  private static ModelProto with(
      ModelProto whole, TreeModelProto tree, ModelDataProto.Builder data) {
    return whole.toBuilder()
        .setSerializedData(Any.pack(tree.toBuilder().setMetadata(data).build()))
        .build();
  }

  private static Any trapped(ModelDataProto data) throws InvalidProtocolBufferException {
    var features =
        data.getFeatureDomain().getSerializedData().unpack(ImmutableFeatureMapProto.class);
    return Any.pack(features.toBuilder()
        .setInfo(0, features.getInfo(0).toBuilder().setClassName(TRAP))
        .build());
  }

  @ParameterizedTest
  @MethodSource("traps")
  void aClassThatIsNotAllowedIsNeverInitialisedHoweverDeepItsNameStands(ModelProto forged) {
    String message = refused(new TribuoRuntime(), forged);
    assertThat(message).contains("weights name class \"" + TRAP + "\" at ModelProto");
    assertThat(message).contains(", which is not among the ");
    assertThat(System.getProperty(SPRUNG)).isNull();
  }

  /** The trap is one: allowed, it springs. Another class than the one above, since a class is initialised once. */
  @Test
  void aClassThatIsAllowedIsInitialised() {
    String name = TribuoRuntimeTest.class.getName() + "$OwnTrap";
    ModelProto forged =
        stored(new CARTClassificationTrainer(3)).toBuilder().setClassName(name).build();
    assertThat(refused(new TribuoRuntime().allowing(name), forged))
        .startsWith("Tribuo threw IllegalStateException (");
    assertThat(System.getProperty(SPRUNG + ".own")).isEqualTo("own");
  }

  static final class OwnTrap {
    static {
      System.setProperty(SPRUNG + ".own", "own");
    }

    private OwnTrap() {}
  }

  @Test
  void libLinearIsRefusedAlsoWhenItIsAllowed() {
    String liblinear = "org.tribuo.classification.liblinear.LibLinearClassificationModel";
    ModelProto forged = stored(new CARTClassificationTrainer(3)).toBuilder()
        .setClassName(liblinear)
        .build();
    for (TribuoRuntime runtime :
        List.of(new TribuoRuntime(), new TribuoRuntime().allowing(liblinear))) {
      assertThat(refused(runtime, forged))
          .isEqualTo("weights name class \"" + liblinear
              + "\" at ModelProto.class_name; LibLinear models embed Java serialisation, which"
              + " is never read; not loaded");
    }
  }

  @Test
  void aPackedMessageOfAnUnknownTypeIsRefused() throws DescriptorValidationException {
    FileDescriptor own = FileDescriptor.buildFrom(
        FileDescriptorProto.newBuilder()
            .setName("own.proto")
            .setPackage("own")
            .addMessageType(DescriptorProto.newBuilder()
                .setName("Hidden")
                .addField(FieldDescriptorProto.newBuilder()
                    .setName("class_name")
                    .setNumber(2)
                    .setType(FieldDescriptorProto.Type.TYPE_STRING)
                    .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL)))
            .build(),
        new FileDescriptor[0]);
    var hidden = own.findMessageTypeByName("Hidden");
    Any packed = Any.pack(DynamicMessage.newBuilder(hidden)
        .setField(hidden.findFieldByName("class_name"), TRAP)
        .build());
    ModelProto forged = stored(new CARTClassificationTrainer(3)).toBuilder()
        .setSerializedData(packed)
        .build();
    assertThat(refused(new TribuoRuntime(), forged))
        .isEqualTo(
            "weights hold a message of unknown type \"own.Hidden\" at ModelProto.serialized_data; a Tribuo module is missing, or"
                + " allow it with describedBy; not loaded");
    assertThat(refused(new TribuoRuntime().describedBy(own), forged))
        .startsWith(
            "weights name class \"" + TRAP + "\" at ModelProto.serialized_data<Hidden>.class_name");
    assertThat(refused(new TribuoRuntime().describedBy(own).allowing(TRAP), forged))
        .startsWith("Tribuo threw ");
    assertThat(System.getProperty(SPRUNG)).isNull();
  }

  /** Another shape in the weights of a linear model, which are one dense matrix. */
  private static ModelProto reshaped(int... dimensions) throws InvalidProtocolBufferException {
    ModelProto whole = stored(new LogisticRegressionTrainer());
    var linear = whole.getSerializedData().unpack(ClassificationLinearSGDProto.class);
    var matrix = linear.getParams().getSerializedData().unpack(LinearParametersProto.class);
    DenseTensorProto.Builder tensor =
        matrix.getWeightMatrix().getSerializedData().unpack(DenseTensorProto.class).toBuilder()
            .clearDimensions();
    for (int dimension : dimensions) {
      tensor.addDimensions(dimension);
    }
    if (dimensions.length > 1 && dimensions[0] * dimensions[1] == 0) {
      tensor.clearValues();
    }
    TensorProto weights = matrix.getWeightMatrix().toBuilder()
        .setSerializedData(Any.pack(tensor.build()))
        .build();
    return whole.toBuilder()
        .setSerializedData(Any.pack(linear.toBuilder()
            .setParams(linear.getParams().toBuilder()
                .setSerializedData(
                    Any.pack(matrix.toBuilder().setWeightMatrix(weights).build())))
            .build()))
        .build();
  }

  /** 65,536 times 65,536 is 0 in 32 bits: without values, that shape took 32 GiB. */
  @Test
  void aShapeLargerThanItsValuesIsRefused() throws InvalidProtocolBufferException {
    for (int[] dimensions : List.of(
        new int[] {1 << 16, 1 << 16},
        new int[] {1 << 30, 4},
        new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE},
        new int[] {3, -1},
        new int[] {0, 5})) {
      assertThat(refused(new TribuoRuntime(), reshaped(dimensions)))
          .startsWith("weights declare a tensor of the shape " + Arrays.toString(dimensions)
              + " at ModelProto.serialized_data<ClassificationLinearSGDProto>")
          .contains(", which holds ");
    }
  }

  @Test
  void messagesThatNestWithoutEndAreRefused() {
    Any nested = Any.getDefaultInstance();
    for (int i = 0; i < 10_000; i++) {
      nested = Any.newBuilder()
          .setTypeUrl("type.googleapis.com/tribuo.core.ModelProto")
          .setValue(ModelProto.newBuilder().setSerializedData(nested).build().toByteString())
          .build();
    }
    assertThat(refused(
            new TribuoRuntime(),
            ModelProto.newBuilder()
                .setClassName("org.tribuo.common.tree.TreeModel")
                .setSerializedData(nested)
                .build()))
        .isEqualTo("weights nest deeper than 128 messages; not loaded");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "org.tribuo.*", "a b", "..", "[Lx;", "1a"})
  void onlyWholeNamesOfClassesCanBeAllowed(String name) {
    assertThat(catchThrowableOfType(
                IllegalArgumentException.class, () -> new TribuoRuntime().allowing(name))
            .getMessage())
        .startsWith("wanted the whole name of a class, got ");
  }

  /** Its pattern once went one call deeper for each part of a name. */
  @Test
  void aNameOfAMillionPartsIsOnlyLong() {
    String name = "a.".repeat(1_000_000);
    new TribuoRuntime().allowing(name + "a");
    assertThat(catchThrowableOfType(
                IllegalArgumentException.class, () -> new TribuoRuntime().allowing(name))
            .getMessage())
        .isEqualTo("wanted the whole name of a class, got \"" + name.substring(0, 64) + "…\"");
  }

  // ---- whatever else a file may be

  @ParameterizedTest
  @ValueSource(strings = {"", "no protobuf at all", "\b\u0001", "\u0012\uffff", "PK\u0003\u0004"})
  void weightsThatAreNoModelAreRefused(String weights) {
    FilePackage source = packaged(weights.getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> new TribuoRuntime().load(source))
        .isInstanceOf(ModelLoadException.class);
  }

  /** Java serialisation, a pickle and a class are code: no runtime of ours reads them. */
  @ParameterizedTest
  @ValueSource(
      strings = {"aced0005737200046d6f6465", "80049512000000000000008c", "cafebabe00000041000a"})
  void serialisedObjectsPicklesAndClassesAreRefused(String hex) {
    FilePackage source = packaged(HexFormat.of().parseHex(hex));
    assertThatThrownBy(() -> new TribuoRuntime().load(source))
        .isInstanceOf(ModelLoadException.class);
  }

  /** A file cut short at any byte, with a right digest, is a package that gives no model, never another fault. */
  @Test
  void weightsCutShortAreRefused() {
    byte[] whole = stored(new LogisticRegressionTrainer()).toByteArray();
    for (int length = 0; length < whole.length; length += 7) {
      FilePackage source = packaged(Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> new TribuoRuntime().load(source))
          .isInstanceOf(ModelLoadException.class);
    }
  }

  /** The cause is kept, and nothing that Tribuo throws escapes as it is. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void whateverABitDoesToAFileOnlyALoadFaultComesOut(long seed) {
    byte[] whole = stored(new LogisticRegressionTrainer()).toByteArray();
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 300; i++) {
      byte[] wrong = whole.clone();
      wrong[random.nextInt(wrong.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        new TribuoRuntime().load(packaged(wrong));
      } catch (ModelLoadException e) {
        refused++;
      }
    }
    assertThat(refused)
        .as("seed " + seed + ": only " + refused + " of 300 were refused")
        .isGreaterThan(100);
  }

  /** Tribuo loads many a damaged file without a word: it must not see one. */
  @Test
  void damagedWeightsNeverReachTribuo() {
    FilePackage whole = packaged(stored(new CARTClassificationTrainer(3)).toBuilder()
        .setClassName(TRAP)
        .build()
        .toByteArray());
    var blobs = new HashMap<>(blobs(whole));
    var file = whole.files(PackageFile.Role.WEIGHTS).get(0);
    FilePackage source = FilePackage.of(whole.manifest(), blobs::get);
    byte[] wrong = blobs.get(file.digest()).clone();
    wrong[wrong.length / 2] ^= 1;
    blobs.put(file.digest(), wrong);
    assertThatThrownBy(() -> new TribuoRuntime().load(source))
        .isInstanceOf(PackageIntegrityException.class);
  }

  @Test
  void anotherTaskThanTheModelsIsRefused() {
    byte[] weights = stored(new CARTClassificationTrainer(3)).toByteArray();
    FilePackage source = FilePackage.builder("colours", SCHEMA.predicting(Task.REGRESSION))
        .runtime("tribuo")
        .weights("model.pb", weights)
        .build();
    assertThat(
            catchThrowableOfType(ModelLoadException.class, () -> new TribuoRuntime().load(source))
                .getMessage())
        .isEqualTo(
            "colours sha256:" + source.digest().abbreviated()
                + " cannot be loaded: the schema wants REGRESSION, the model gives Label, wanted Regressor; not loaded");
  }

  @Test
  void featuresOfNoColumnAreListedAtOnce() {
    FilePackage source = FilePackage.builder(
            "colours",
            Schema.of(Column.number("x"), Column.number("colour"), Column.number("b"))
                .predicting(Task.CLASSIFICATION))
        .runtime("tribuo")
        .weights("model.pb", stored(new CARTClassificationTrainer(3)).toByteArray())
        .build();
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> new TribuoRuntime().load(source))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContainingAll(
            "colours sha256:" + source.digest().abbreviated() + " cannot be loaded: ",
            "feature \"a\" is of no column",
            "feature \"colour=blue\" is of no column",
            "feature \"colour=green\" is of no column",
            "feature \"colour=red\" is of no column",
            "column colour (number) gives no feature of the model",
            "column b (number) gives no feature of the model",
            "not loaded");
  }

  @Test
  void anotherRuntimeAndSeveralWeightsAreRefused() {
    FilePackage other = FilePackage.builder("colours", SCHEMA)
        .runtime("mine")
        .weights("a", new byte[1])
        .build();
    assertThat(catchThrowableOfType(ModelLoadException.class, () -> new TribuoRuntime().load(other))
            .getMessage())
        .endsWith(
            "wanted runtime tribuo and one file of weights, got runtime mine and 1; not loaded");
    FilePackage two = FilePackage.builder("colours", SCHEMA)
        .runtime("tribuo")
        .weights("a", new byte[1])
        .weights("b", new byte[1])
        .build();
    assertThat(catchThrowableOfType(ModelLoadException.class, () -> new TribuoRuntime().load(two))
            .getMessage())
        .endsWith(
            "wanted runtime tribuo and one file of weights, got runtime tribuo and 2; not loaded");
  }

  @Test
  void theServiceLoaderFindsIt() {
    List<ModelRuntime> found = ServiceLoader.load(ModelRuntime.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(runtime -> runtime.name().equals("tribuo"))
        .toList();
    assertThat(found.size()).isEqualTo(1);
    assertThat(found.get(0)).isInstanceOf(TribuoRuntime.class);
  }

  // ---- predictions

  private static Model logistic() {
    return TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
        .train(labelled(300, 7))
        .model();
  }

  @Test
  void scoresAreProbabilitiesOfAllLabelsByName() {
    Classification answer = (Classification) logistic().predict(Row.of(SCHEMA, 2.0, "red", 0.0));
    assertThat(answer.labels()).isEqualTo(List.of("no", "yes"));
    assertThat(answer.label()).isEqualTo("yes");
    assertThat(answer.score("no").orElseThrow() + answer.score("yes").orElseThrow())
        .isCloseTo(1.0, within(1e-12));
  }

  /** Scores of a support vector machine are margins, which log loss must not read as probabilities. */
  @Test
  void scoresThatAreNoProbabilitiesAreLeftOut() {
    Model model = TribuoTrainer.classifier(SCHEMA, new KernelSVMTrainer(new RBF(0.5), 0.1, 3, 1))
        .train(labelled(300, 7))
        .model();
    Classification answer = (Classification) model.predict(Row.of(SCHEMA, 2.0, "red", 0.0));
    assertThat(answer.score().isEmpty()).isTrue();
  }

  /** Tribuo's linear models give no output, and no exception, for an infinite value. */
  @Test
  void whereTribuoGivesNoOutputThePredictionIsNotFinite() {
    for (double value : new double[] {Double.POSITIVE_INFINITY, 1e308}) {
      Classification answer =
          (Classification) logistic().predict(Row.of(SCHEMA, value, "red", value));
      assertThat(answer.isFinite()).as(answer.toString()).isFalse();
    }
  }

  @Test
  void whatIsMissingOrWasNeverSeenIsLeftOut() {
    Model model = logistic();
    assertThat(model.predict(Row.of(SCHEMA, 0.5, "ultraviolet", 0.25)))
        .isEqualTo(model.predict(Row.of(SCHEMA, 0.5, "", 0.25)));
    // A linear model multiplies: what is left out is as 0.
    assertThat(model.predict(Row.of(SCHEMA, Double.NaN, "red", 0.25)))
        .isEqualTo(model.predict(Row.of(SCHEMA, 0.0, "red", 0.25)));
    assertThat(model
            .predict(Row.of(SCHEMA, 0.5, "red", 0.25))
            .equals(model.predict(Row.of(SCHEMA, 0.5, "", 0.25))))
        .isFalse();
  }

  private static final Row EMPTY = Row.of(SCHEMA, Double.NaN, "", Double.NaN);

  /** Tribuo refuses an example without features; the host's row is answered as one of zeros. */
  @Test
  void aRowInWhichNothingIsKnownIsAnsweredAsOneOfZeros() {
    Model linear = logistic();
    Prediction zeros = linear.predict(Row.of(SCHEMA, 0.0, "", 0.0));
    assertThat(zeros.isFinite()).isTrue();
    assertThat(linear.predict(EMPTY)).isEqualTo(zeros);
    assertThat(linear.predict(Row.of(SCHEMA, Double.NaN, "ultraviolet", Double.NaN)))
        .isEqualTo(zeros);
    Model regression = TribuoTrainer.regressor(
            SCHEMA, new LinearSGDTrainer(new SquaredLoss(), new AdaGrad(0.1), 5, 1L))
        .train(measured(300, 3))
        .model();
    assertThat(regression.predict(EMPTY))
        .isEqualTo(regression.predict(Row.of(SCHEMA, 0.0, "", 0.0)));
  }

  @ParameterizedTest
  @MethodSource("classifiers")
  void everyKindAnswersARowInWhichNothingIsKnown(Trainer<Label> trainer) {
    Trained trained = TribuoTrainer.classifier(SCHEMA, trainer).train(labelled(300, 7));
    ModelPackage made = trained.asPackage("colours");
    Model loaded = new TribuoRuntime().load(FilePackage.of(made.manifest(), blobs(made)::get));
    Classification answer = (Classification) trained.model().predict(EMPTY);
    assertThat(answer.isFinite()).isTrue();
    assertThat(loaded.predict(EMPTY)).isEqualTo(answer);
  }

  /** A column that was empty in every row of the training is none of the model's features. */
  @Test
  void aRowOfWhichTheModelKnowsNoColumnIsAnsweredToo() {
    List<Labelled<Row>> rows = labelled(300, 7).stream()
        .map(row ->
            new Labelled<>(Row.of(SCHEMA, row.input().number(0), "", Double.NaN), row.truth()))
        .toList();
    Model model = TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
        .train(rows)
        .model();
    assertThat(model.predict(Row.of(SCHEMA, Double.NaN, "red", 7.0)))
        .isEqualTo(model.predict(Row.of(SCHEMA, 0.0, "", Double.NaN)));
  }

  /** A transformation that shifts would make something of a 0: what is missing is not transformed. */
  @Test
  void whatIsMissingIsNotTransformed() {
    Schema one = Schema.of(Column.number("a"), Column.number("b"));
    Random random = new Random(5);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      double a = 10 + random.nextGaussian();
      rows.add(new Labelled<>(Row.of(one, a, 0.0), Truth.of(a > 10 ? "yes" : "no")));
    }
    Model model = TribuoTrainer.classifier(
            one,
            new TransformTrainer<>(
                new LogisticRegressionTrainer(),
                new TransformationMap(Map.of("a", List.of(new MeanStdDevTransformation())))))
        .train(rows)
        .model();
    // b is always 0, so a row with b alone is one in which a is missing.
    assertThat(model.predict(Row.of(one, Double.NaN, Double.NaN)))
        .isEqualTo(model.predict(Row.of(one, Double.NaN, 0.0)));
    assertThat(model.predict(Row.of(one, Double.NaN, Double.NaN)))
        .isNotEqualTo(model.predict(Row.of(one, 0.0, Double.NaN)));
  }

  @Test
  void theModelsOwnExceptionIsNotSwallowed() {
    org.tribuo.Model<Label> broken =
        new CARTClassificationTrainer().train(TribuoTrainerTest.dataset(labelled(30, 1)));
    IllegalStateException own = new IllegalStateException("its own");
    Model model = TribuoModel.of(
        new org.tribuo.Model<Label>(
            "broken",
            broken.getProvenance(),
            broken.getFeatureIDMap(),
            broken.getOutputIDInfo(),
            false) {
          @Override
          public org.tribuo.Prediction<Label> predict(Example<Label> example) {
            throw own;
          }

          @Override
          public Map<String, List<com.oracle.labs.mlrg.olcut.util.Pair<String, Double>>>
              getTopFeatures(int n) {
            return Map.of();
          }

          @Override
          public Optional<Excuse<Label>> getExcuse(Example<Label> example) {
            return Optional.empty();
          }

          @Override
          protected org.tribuo.Model<Label> copy(String name, ModelProvenance provenance) {
            return this;
          }
        },
        SCHEMA.predicting(Task.CLASSIFICATION));
    for (Row row : List.of(Row.of(SCHEMA, 1.0, "red", 1.0), EMPTY)) {
      assertThat(catchThrowableOfType(IllegalStateException.class, () -> model.predict(row)))
          .isSameAs(own);
    }
  }

  @Test
  void aRowWithOtherColumnsIsRefusedNotMisread() {
    Model model = logistic();
    Schema turned = Schema.of(Column.number("a"), Column.category("colour"), Column.number("x"));
    assertThat(catchThrowableOfType(
                IllegalArgumentException.class,
                () -> model.predict(Row.of(turned, 1.0, "red", 2.0)))
            .getMessage())
        .isEqualTo(
            "row does not fit the model: column x (number) was wanted at 0, got it at 2; column a (number) was wanted at 2, got it at 0");
    // And a row that fits is taken after it, and one of another schema refused again.
    model.predict(Row.of(Schema.of(SCHEMA.columns()), 1.0, "red", 2.0));
    assertThatThrownBy(() -> model.predict(Row.of(turned, 1.0, "red", 2.0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void regressionsKeepTheNamesOfTheirOutputs() {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (Labelled<Row> row : measured(200, 3)) {
      double value = row.truth().value().orElseThrow();
      rows.add(new Labelled<>(row.input(), Truth.of(Map.of("up", value, "down", -value))));
    }
    var trained = TribuoTrainer.regressor(
            SCHEMA, new LinearSGDTrainer(new SquaredLoss(), new AdaGrad(0.1), 5, 1L))
        .train(rows);
    Regression answer = (Regression) trained.model().predict(rows.get(0).input());
    assertThat(answer.names()).isEqualTo(List.of("down", "up"));
    assertThat(answer.value("up")).isCloseTo(-answer.value("down"), within(1e-6));
    Regression one =
        (Regression) TribuoTrainer.regressor(SCHEMA, DummyRegressionTrainer.createMeanTrainer())
            .train(measured(200, 3))
            .model()
            .predict(rows.get(0).input());
    assertThat(one.names()).isEqualTo(List.of(Regression.VALUE));
  }
}
