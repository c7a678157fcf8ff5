package dev.mlops.api.monitor;

/** A criterion that says what it is. */
record NamedCriterion(String name, Criterion question) implements Criterion {
  @Override
  public Finding test(Evidence evidence) {
    return question.test(evidence);
  }

  @Override
  public String toString() {
    return name;
  }
}
