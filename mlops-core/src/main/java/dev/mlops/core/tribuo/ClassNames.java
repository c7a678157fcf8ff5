package dev.mlops.core.tribuo;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.ModelLoadException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tribuo.protos.core.ModelProto;

/**
 * The classes that a stored Tribuo model may name, and the search for every name in it.
 *
 * <p>Tribuo and OLCUT call {@code Class.forName} on names that they find in a file, which runs the static initialiser of
 * that class before its type is looked at. Here the names are compared as text, and no class is looked up by them. A name
 * can stand in a message's field {@code …class_name}, in a message packed into an {@code Any}, and beside the value of an
 * {@code EnumProvenance}; a packed message of an unknown type is refused, since names could hide in it.
 */
final class ClassNames {
  /** How many messages may stand in one another. */
  private static final int DEEPEST = 128;

  private static final String ENUM_PROVENANCE =
      "com.oracle.labs.mlrg.olcut.provenance.primitives.EnumProvenance";

  /** Models, and what they are made of. */
  private static final List<String> MODELS = List.of(
      "org.tribuo.CategoricalIDInfo",
      "org.tribuo.CategoricalInfo",
      "org.tribuo.ImmutableFeatureMap",
      "org.tribuo.RealIDInfo",
      "org.tribuo.RealInfo",
      "org.tribuo.classification.ImmutableLabelInfo",
      "org.tribuo.classification.Label",
      "org.tribuo.classification.LabelFactory",
      "org.tribuo.classification.baseline.DummyClassifierModel",
      "org.tribuo.classification.ensemble.FullyWeightedVotingCombiner",
      "org.tribuo.classification.ensemble.VotingCombiner",
      "org.tribuo.classification.sgd.fm.FMClassificationModel",
      "org.tribuo.classification.sgd.kernel.KernelSVMModel",
      "org.tribuo.classification.sgd.linear.LinearSGDModel",
      "org.tribuo.common.sgd.FMParameters",
      "org.tribuo.common.tree.LeafNode",
      "org.tribuo.common.tree.SplitNode",
      "org.tribuo.common.tree.TreeModel",
      "org.tribuo.ensemble.WeightedEnsembleModel",
      "org.tribuo.math.LinearParameters",
      "org.tribuo.math.kernel.Linear",
      "org.tribuo.math.kernel.Polynomial",
      "org.tribuo.math.kernel.RBF",
      "org.tribuo.math.kernel.Sigmoid",
      "org.tribuo.math.la.DenseMatrix",
      "org.tribuo.math.la.DenseSparseMatrix",
      "org.tribuo.math.la.DenseVector",
      "org.tribuo.math.la.SparseVector",
      "org.tribuo.math.optimisers.util.ShrinkingMatrix",
      "org.tribuo.math.optimisers.util.ShrinkingVector",
      "org.tribuo.math.util.ExpNormalizer",
      "org.tribuo.math.util.NoopNormalizer",
      "org.tribuo.math.util.Normalizer",
      "org.tribuo.math.util.SigmoidNormalizer",
      "org.tribuo.regression.ImmutableRegressionInfo",
      "org.tribuo.regression.RegressionFactory",
      "org.tribuo.regression.Regressor",
      "org.tribuo.regression.Regressor$DimensionTuple",
      "org.tribuo.regression.baseline.DummyRegressionModel",
      "org.tribuo.regression.ensemble.AveragingCombiner",
      "org.tribuo.regression.rtree.IndependentRegressionTreeModel",
      "org.tribuo.regression.sgd.fm.FMRegressionModel",
      "org.tribuo.regression.sgd.linear.LinearSGDModel",
      "org.tribuo.transform.TransformedModel",
      "org.tribuo.transform.TransformerMap",
      "org.tribuo.transform.transformations.BinningTransformation$BinningTransformer",
      "org.tribuo.transform.transformations.IDFTransformation$IDFTransformer",
      "org.tribuo.transform.transformations.LinearScalingTransformation$LinearScalingTransformer",
      "org.tribuo.transform.transformations.MeanStdDevTransformation$MeanStdDevTransformer",
      "org.tribuo.transform.transformations.SimpleTransform");

  /** Where a model came from; URLProvenance is left out, since a URL asks the network when it is compared. */
  private static final List<String> PROVENANCE = List.of(
      "com.oracle.labs.mlrg.olcut.provenance.ListProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.MapProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil$HashType",
      "com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl",
      "com.oracle.labs.mlrg.olcut.provenance.impl.NullConfiguredProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.BooleanProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.ByteProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.CharProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.DateProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.DateTimeProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.DoubleProvenance",
      ENUM_PROVENANCE,
      "com.oracle.labs.mlrg.olcut.provenance.primitives.FileProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.FloatProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.HashProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.IntProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.LongProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.ShortProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.StringProvenance",
      "com.oracle.labs.mlrg.olcut.provenance.primitives.TimeProvenance",
      "org.tribuo.classification.LabelFactory$LabelFactoryProvenance",
      "org.tribuo.common.tree.AbstractCARTTrainer$AbstractCARTTrainerProvenance",
      "org.tribuo.data.csv.CSVDataSource$CSVDataSourceProvenance",
      "org.tribuo.data.csv.CSVLoader$CSVLoaderProvenance",
      "org.tribuo.dataset.DatasetView$DatasetViewProvenance",
      "org.tribuo.dataset.MinimumCardinalityDataset$MinimumCardinalityDatasetProvenance",
      "org.tribuo.evaluation.TrainTestSplitter$SplitDataSourceProvenance",
      "org.tribuo.provenance.DatasetProvenance",
      "org.tribuo.provenance.EnsembleModelProvenance",
      "org.tribuo.provenance.ModelProvenance",
      "org.tribuo.provenance.SimpleDataSourceProvenance",
      "org.tribuo.provenance.impl.EmptyDataSourceProvenance",
      "org.tribuo.provenance.impl.EmptyDatasetProvenance",
      "org.tribuo.provenance.impl.EmptyTrainerProvenance",
      "org.tribuo.provenance.impl.TimestampedTrainerProvenance",
      "org.tribuo.provenance.impl.TrainerProvenanceImpl",
      "org.tribuo.regression.RegressionFactory$RegressionFactoryProvenance",
      "org.tribuo.regression.baseline.DummyRegressionTrainer$DummyRegressionTrainerProvenance",
      "org.tribuo.regression.baseline.DummyRegressionTrainer$DummyType",
      "org.tribuo.classification.baseline.DummyClassifierTrainer$DummyType",
      "org.tribuo.transform.TransformerMap$TransformerMapProvenance",
      "org.tribuo.transform.transformations.BinningTransformation$BinningTransformationProvenance",
      "org.tribuo.transform.transformations.BinningTransformation$BinningType",
      "org.tribuo.transform.transformations.IDFTransformation$IDFTransformationProvenance",
      "org.tribuo.transform.transformations.LinearScalingTransformation$LinearScalingTransformationProvenance",
      "org.tribuo.transform.transformations.MeanStdDevTransformation$MeanStdDevTransformationProvenance",
      "org.tribuo.transform.transformations.SimpleTransform$SimpleTransformProvenance",
      "org.tribuo.transform.transformations.SimpleTransform$Operation");

  /** Where Tribuo's modules describe their messages; a module that is not there describes none. */
  private static final List<String> DESCRIPTIONS = List.of(
      "com.oracle.labs.mlrg.olcut.config.protobuf.protos.OlcutProto",
      "org.tribuo.protos.core.TribuoCore",
      "org.tribuo.protos.core.TribuoCoreImpl",
      "org.tribuo.math.protos.TribuoMath",
      "org.tribuo.math.protos.TribuoMathImpl",
      "org.tribuo.common.sgd.protos.TribuoCommonSgd",
      "org.tribuo.common.sgd.protos.TribuoSgd",
      "org.tribuo.common.tree.protos.TribuoTree",
      "org.tribuo.classification.protos.TribuoClassificationCore",
      "org.tribuo.classification.sgd.protos.TribuoClassificationSgd",
      "org.tribuo.regression.protos.TribuoRegressionCore",
      "org.tribuo.regression.rtree.protos.TribuoRegressionTree",
      "org.tribuo.regression.sgd.protos.TribuoRegressionSgd");

  private final Set<String> allowed;
  private final Map<String, Descriptor> messages;

  private ClassNames(Set<String> allowed, Map<String, Descriptor> messages) {
    this.allowed = allowed;
    this.messages = messages;
  }

  /** {@return the names and messages of Tribuo's own modules, and more} */
  static ClassNames with(List<String> names, List<FileDescriptor> descriptions) {
    Set<String> allowed = new HashSet<>(MODELS);
    allowed.addAll(PROVENANCE);
    allowed.addAll(names);
    Map<String, Descriptor> messages = new HashMap<>();
    for (String description : DESCRIPTIONS) {
      try {
        add(messages, (FileDescriptor)
            Class.forName(description).getMethod("getDescriptor").invoke(null));
      } catch (ClassNotFoundException e) {
        // The module is not there, and neither are its models.
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(description + " describes no messages", e);
      }
    }
    descriptions.forEach(description -> add(messages, description));
    return new ClassNames(Set.copyOf(allowed), Map.copyOf(messages));
  }

  private static void add(Map<String, Descriptor> messages, FileDescriptor description) {
    description
        .getMessageTypes()
        .forEach(message -> messages.putIfAbsent(message.getFullName(), message));
  }

  /**
   * Refuses a stored model that names a class which is not allowed, or declares larger tensors than it holds.
   *
   * @param bytes verified; a model of any size is read as a stream, without a copy of its bytes
   * @return the model, parsed, no class of it looked up
   */
  ModelProto check(InputStream bytes) throws IOException {
    ModelProto model = ModelProto.parseFrom(bytes);
    if (model.getClassName().isEmpty()) {
      throw new ModelLoadException(
          "weights are no Tribuo model: they name no class; not loaded", null);
    }
    check(model, "ModelProto", 0, new TensorShapes(model.getSerializedSize()));
    return model;
  }

  private void check(Message message, String path, int depth, TensorShapes shapes)
      throws InvalidProtocolBufferException {
    if (depth > DEEPEST) {
      throw new ModelLoadException(
          "weights nest deeper than " + DEEPEST + " messages; not loaded", null);
    }
    if (message.getDescriptorForType().getFullName().equals(Any.getDescriptor().getFullName())) {
      unpack(message, path, depth, shapes);
      return;
    }
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      String at = path + "." + field.getKey().getName();
      if (field.getKey().getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        if (field.getKey().isRepeated()) {
          for (Object item : (List<?>) field.getValue()) {
            check((Message) item, at, depth + 1, shapes);
          }
        } else {
          check((Message) field.getValue(), at, depth + 1, shapes);
        }
      } else if (field.getKey().getName().endsWith("class_name")) {
        requireAllowed(String.valueOf(field.getValue()), at);
      }
    }
    requireAllowedEnum(message, path);
    shapes.require(message, path);
  }

  /** The packed message, by the type that it says it is: Tribuo unpacks it as no other. */
  private void unpack(Message any, String path, int depth, TensorShapes shapes)
      throws InvalidProtocolBufferException {
    Any packed = Any.parseFrom(any.toByteString());
    if (packed.getTypeUrl().isEmpty() && packed.getValue().isEmpty()) {
      return;
    }
    String type = packed.getTypeUrl().substring(packed.getTypeUrl().lastIndexOf('/') + 1);
    Descriptor descriptor = messages.get(type);
    if (descriptor == null) {
      throw new ModelLoadException(
          "weights hold a message of unknown type \"" + MlopsException.shown(type) + "\" at " + path
              + "; a Tribuo module is missing, or allow it with describedBy; not loaded",
          null);
    }
    check(
        DynamicMessage.parseFrom(descriptor, packed.getValue()),
        path + "<" + descriptor.getName() + ">",
        depth + 1,
        shapes);
  }

  private void requireAllowedEnum(Message message, String path) {
    Descriptor type = message.getDescriptorForType();
    FieldDescriptor kind = type.findFieldByName("provenance_class_name");
    FieldDescriptor constantOf = type.findFieldByName("additional");
    if (kind != null && constantOf != null && message.getField(kind).equals(ENUM_PROVENANCE)) {
      requireAllowed(String.valueOf(message.getField(constantOf)), path + ".additional");
    }
  }

  private void requireAllowed(String name, String path) {
    // Java serialisation hides in their bytes: no list makes reading it safe.
    if (name.contains(".liblinear.")) {
      throw new ModelLoadException(
          "weights name class \"" + MlopsException.shown(name) + "\" at " + path
              + "; LibLinear models embed Java serialisation, which is never read; not loaded",
          null);
    }
    if (!allowed.contains(name) && !isTrainedObject(path)) {
      throw new ModelLoadException(
          "weights name class \"" + MlopsException.shown(name) + "\" at " + path
              + ", which is not among the " + allowed.size()
              + " allowed ones; allow it if it is yours; not loaded",
          null);
    }
  }

  /** The class of what a provenance describes, such as a trainer: a text for people, which nobody looks up. */
  private static boolean isTrainedObject(String path) {
    return path.endsWith(".object_class_name");
  }
}
