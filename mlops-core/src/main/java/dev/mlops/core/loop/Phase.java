package dev.mlops.core.loop;

/** What a loop is at; it advances itself, on the thread of a tick. */
interface Phase {
  /**
   * Goes one step, without waiting.
   *
   * @return what the loop is at then; this phase if nothing can be done yet
   */
  Phase advance();

  /** {@return what {@link #advance} does, in the words of a fault: "could not …"} */
  String attempt();

  /** {@return what the loop is at, for people} */
  @Override
  String toString();
}
