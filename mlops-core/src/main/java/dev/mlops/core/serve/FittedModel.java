package dev.mlops.core.serve;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A model that is given rows of the host: those columns that it knows, by name, after what the host enforces.
 *
 * <p>Thread-safe, as the model is.
 */
final class FittedModel implements Model {
  private final Model model;

  /** Columns of the model. */
  private final Schema own;

  /** Columns of the host, and where the model's are among them; both are used where they differ. */
  private final Schema host;

  private final int[] from;
  private final boolean same;
  private final @Nullable Enforcer enforcer;

  private FittedModel(Model model, Schema own, Schema host, @Nullable Enforcer enforcer) {
    this.model = model;
    this.own = own;
    this.host = host;
    this.enforcer = enforcer;
    this.from = positions(own, host);
    this.same = own.columns().equals(host.columns());
  }

  /** The model itself where its columns are the host's and nothing is enforced. */
  static Model of(Model model, Schema own, Schema host, @Nullable Enforcer enforcer) {
    if (enforcer == null && own.columns().equals(host.columns())) {
      return model;
    }
    return model.wrappedBy(new FittedModel(model, own, host, enforcer));
  }

  private static int[] positions(Schema own, Schema host) {
    int[] from = new int[own.size()];
    for (int i = 0; i < from.length; i++) {
      from[i] = host.indexOf(own.column(i).name());
    }
    return from;
  }

  @Override
  public Prediction predict(Row row) {
    Row known = known(row);
    return model.predict(enforcer == null ? known : enforcer.enforced(known));
  }

  /** The columns of the model; a row that has them already, as a golden example, is taken as it is. */
  @SuppressWarnings("ReferenceEquality") // nearly all rows share one schema; others are compared
  private Row known(Row row) {
    Schema given = row.schema();
    if (given == host) {
      return same ? row : new Part(own, row, from);
    }
    if (given == own || given.columns().equals(own.columns())) {
      return row;
    }
    if (given.columns().equals(host.columns())) {
      return new Part(own, row, from);
    }
    for (Column column : own.columns()) {
      if (!given.columns().contains(column)) {
        throw new IllegalArgumentException(
            "wanted a row with column " + column + ", got " + given + "; the model was not asked");
      }
    }
    return new Part(own, row, positions(own, given));
  }

  /** Some columns of a row. */
  @SuppressWarnings("ArrayRecordComponent") // neither given out nor compared
  private record Part(Schema schema, Row row, int[] from) implements Row {
    @Override
    public double number(int column) {
      return row.number(from[column]);
    }

    @Override
    public String category(int column) {
      return row.category(from[column]);
    }

    @Override
    public String toString() {
      return Row.copyOf(this).toString();
    }
  }
}
