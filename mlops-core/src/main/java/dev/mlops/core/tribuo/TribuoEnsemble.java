package dev.mlops.core.tribuo;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
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
import org.tribuo.protos.core.WeightedEnsembleModelProto;

/**
 * A Tribuo ensemble, such as a random forest, a bagging or a boosted one.
 *
 * <p>Fewer members are chosen in Tribuo's own message: it gives neither combiner nor weights of a model in memory.
 *
 * <p>Immutable and thread-safe.
 */
final class TribuoEnsemble implements Ensemble {
  private final Schema schema;
  private final ModelProto whole;
  private final WeightedEnsembleModelProto parts;
  private final List<Model> members;

  private TribuoEnsemble(
      Schema schema, ModelProto whole, WeightedEnsembleModelProto parts, List<Model> members) {
    this.schema = schema;
    this.whole = whole;
    this.parts = parts;
    this.members = members;
  }

  /** The members of a model that was loaded from verified bytes; empty if it has none. */
  static Optional<Ensemble> of(org.tribuo.Model<?> model, Schema schema) {
    if (!(model instanceof WeightedEnsembleModel<?> ensemble)) {
      return Optional.empty();
    }
    ModelProto whole = ensemble.serialize();
    List<Model> members = new ArrayList<>();
    ensemble.getModels().forEach(member -> members.add(TribuoModel.of(member, schema)));
    return Optional.of(new TribuoEnsemble(schema, whole, parts(whole), List.copyOf(members)));
  }

  private static WeightedEnsembleModelProto parts(ModelProto whole) {
    try {
      return whole.getSerializedData().unpack(WeightedEnsembleModelProto.class);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("Tribuo wrote an ensemble that it cannot read", e);
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
    org.tribuo.Model<?> pruned = org.tribuo.Model.deserialize(
        whole.toBuilder().setSerializedData(Any.pack(fewer.build())).build());
    return TrainedModel.of(
        requireNonNull(schema),
        TribuoModel.of(pruned, schema),
        draft -> TribuoPackage.fill(draft, pruned),
        context);
  }
}
