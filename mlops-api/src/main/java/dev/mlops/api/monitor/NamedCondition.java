package dev.mlops.api.monitor;

/** A condition over a snapshot that says what it is. */
record NamedCondition(String name, Condition question) implements Condition {
  @Override
  public Finding test(Evidence evidence) {
    return question.test(evidence);
  }

  @Override
  public String toString() {
    return name;
  }
}
