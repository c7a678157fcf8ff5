package dev.mlops.api.model;

/** A model around one that holds a resource, which it closes; what that throws passes, whatever it is. */
@SuppressWarnings("try")
record WrappedModel(Model outer, AutoCloseable held) implements Model, AutoCloseable {
  @Override
  public Prediction predict(Row row) {
    return outer.predict(row);
  }

  @Override
  public void close() throws Exception {
    held.close();
  }
}
