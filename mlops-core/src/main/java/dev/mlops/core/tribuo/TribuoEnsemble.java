package dev.mlops.core.tribuo;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.optimise.Ensemble;
import dev.mlops.core.pack.TrainedModel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.tribuo.ensemble.WeightedEnsembleModel;
import org.tribuo.protos.core.ModelProto;
import org.tribuo.protos.core.TransformedModelProto;
import org.tribuo.protos.core.WeightedEnsembleModelProto;
import org.tribuo.transform.TransformedModel;

/**
 * A Tribuo ensemble, such as a random forest, a bagging or a boosted one, alone or inside a transformation.
 *
 * <p>Fewer members are chosen in Tribuo's own message: it gives neither combiner nor weights of a model in memory. A member of an
 * ensemble inside a transformation is that member inside the same transformation.
 *
 * <p>Immutable and thread-safe.
 */
final class TribuoEnsemble implements Ensemble {
  private final Schema schema;
  /** From the outside in, the ensemble last. */
  private final List<ModelProto> layers;

  private final WeightedEnsembleModelProto parts;
  private final List<Model> members;

  private TribuoEnsemble(
      Schema schema,
      List<ModelProto> layers,
      WeightedEnsembleModelProto parts,
      List<Model> members) {
    this.schema = schema;
    this.layers = layers;
    this.parts = parts;
    this.members = members;
  }

  /** The members of a model that was loaded from verified bytes; empty if it has none. */
  static Optional<Ensemble> of(org.tribuo.Model<?> model, Schema schema) {
    List<ModelProto> layers = new ArrayList<>();
    org.tribuo.Model<?> inner = model;
    while (inner instanceof TransformedModel<?> transformed) {
      layers.add(transformed.serialize());
      inner = transformed.getInnerModel();
    }
    if (!(inner instanceof WeightedEnsembleModel<?> ensemble)) {
      return Optional.empty();
    }
    ModelProto whole = ensemble.serialize();
    layers.add(whole);
    WeightedEnsembleModelProto parts = unpacked(whole, WeightedEnsembleModelProto.class);
    List<Model> members = new ArrayList<>();
    for (org.tribuo.Model<?> member : ensemble.getModels()) {
      members.add(TribuoModel.of(
          layers.size() == 1
              ? member
              : org.tribuo.Model.deserialize(inside(layers, member.serialize())),
          schema));
    }
    return Optional.of(
        new TribuoEnsemble(schema, List.copyOf(layers), parts, List.copyOf(members)));
  }

  /** A model in the place of the innermost one. */
  private static ModelProto inside(List<ModelProto> layers, ModelProto innermost) {
    ModelProto made = innermost;
    for (int i = layers.size() - 2; i >= 0; i--) {
      ModelProto layer = layers.get(i);
      TransformedModelProto around = unpacked(layer, TransformedModelProto.class);
      made = layer.toBuilder()
          .setSerializedData(Any.pack(around.toBuilder().setModel(made).build()))
          .build();
    }
    return made;
  }

  private static <T extends Message> T unpacked(ModelProto of, Class<T> as) {
    try {
      return of.getSerializedData().unpack(as);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("Tribuo wrote a model that it cannot read", e);
    }
  }

  @Override
  public int size() {
    return members.size();
  }

  @Override
  public Model member(int index) {
    return members.get(index);
  }

  @Override
  public double weight(int index) {
    double weight = parts.getWeights(index);
    return weight > 0 ? weight : Float.MIN_VALUE;
  }

  @Override
  public TrainedModel keeping(List<Integer> kept, TrainingContext context) {
    if (kept.isEmpty()
        || new HashSet<>(kept).size() < kept.size()
        || !kept.stream().allMatch(each -> each >= 0 && each < size())) {
      throw new IllegalArgumentException("wanted indexes of members from 0 to " + (size() - 1)
          + ", each once and at least one, got " + kept);
    }
    WeightedEnsembleModelProto.Builder fewer = parts.toBuilder().clearModels().clearWeights();
    kept.forEach(each -> fewer.addModels(parts.getModels(each)).addWeights(parts.getWeights(each)));
    ModelProto whole = layers.get(layers.size() - 1);
    org.tribuo.Model<?> pruned = org.tribuo.Model.deserialize(inside(
        layers, whole.toBuilder().setSerializedData(Any.pack(fewer.build())).build()));
    return TrainedModel.of(
        requireNonNull(schema),
        TribuoModel.of(pruned, schema),
        draft -> TribuoPackage.fill(draft, pruned),
        context);
  }
}
