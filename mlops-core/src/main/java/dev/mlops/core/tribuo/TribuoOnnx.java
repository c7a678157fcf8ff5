package dev.mlops.core.tribuo;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tribuo.Model;
import org.tribuo.ONNXExportable;
import org.tribuo.classification.Label;
import org.tribuo.ensemble.WeightedEnsembleModel;
import org.tribuo.regression.Regressor;

/**
 * A Tribuo model as ONNX, ready to be packaged:
 *
 * <pre>{@code
 * TribuoOnnx half = new TribuoRuntime().asOnnx(champion).orElseThrow();
 * ModelPackage made = OnnxPackage.builder("orders", half.schema(), half.bytes(), half.outputs()).build();
 * }</pre>
 *
 * <p>Tribuo computes in 64 bits and exports 32. The export is the bare model: calibration and thresholds of the package that it
 * comes from are to be added to the builder. A missing number Tribuo leaves out; ONNX computes with NaN, and gives no usable answer.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class TribuoOnnx {
  private static final String DOMAIN = "dev.mlops";

  private final Schema schema;
  private final byte[] bytes;
  private final List<String> outputs;

  private TribuoOnnx(Schema schema, byte[] bytes, List<String> outputs) {
    this.schema = schema;
    this.bytes = bytes;
    this.outputs = List.copyOf(outputs);
  }

  static Optional<TribuoOnnx> of(Model<?> model, Schema schema) {
    boolean numbers =
        schema.columns().stream().allMatch(column -> column.type() == Column.Type.NUMBER);
    return numbers && isExportable(model)
        ? Optional.of(new TribuoOnnx(
            ordered(model, schema),
            ((ONNXExportable) model).exportONNXModel(DOMAIN, 1).toByteArray(),
            outputs(model)))
        : Optional.empty();
  }

  /** {@return the columns that the model reads, in the order in which its export wants them; a deployment finds them by name} */
  public Schema schema() {
    return schema;
  }

  /** {@return the ONNX file, a copy} */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** {@return the labels or quantities, in the order in which the model gives them} */
  public List<String> outputs() {
    return outputs;
  }

  private static boolean isExportable(Model<?> model) {
    return model instanceof WeightedEnsembleModel<?> ensemble
        ? ensemble.getModels().stream().allMatch(TribuoOnnx::isExportable)
        : model instanceof ONNXExportable;
  }

  /** The columns in the order of Tribuo's features: an export has no names. */
  private static Schema ordered(Model<?> model, Schema schema) {
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < model.getFeatureIDMap().size(); i++) {
      columns.add(schema.column(schema.indexOf(model.getFeatureIDMap().get(i).getName())));
    }
    Schema ordered = Schema.of(columns.toArray(new Column[0]));
    return schema
        .positiveLabel()
        .map(ordered::positiveLabel)
        .or(() -> schema.task().map(ordered::predicting))
        .orElse(ordered);
  }

  private static List<String> outputs(Model<?> model) {
    if (!model.validate(Label.class)) {
      return List.of(Regressor.extractNames(model.castModel(Regressor.class).getOutputIDInfo()));
    }
    List<String> names = new ArrayList<>();
    Model<Label> labels = model.castModel(Label.class);
    for (int i = 0; i < labels.getOutputIDInfo().size(); i++) {
      names.add(labels.getOutputIDInfo().getOutput(i).getLabel());
    }
    return names;
  }
}
