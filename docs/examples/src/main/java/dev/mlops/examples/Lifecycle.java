package dev.mlops.examples;

/** Runs the whole life of a model; stands in for the program that is being written. */
public final class Lifecycle {
  private Lifecycle() {}

  /**
   * Prints what it was asked for.
   *
   * @param args what to run on
   */
  public static void main(String[] args) {
    System.out.println("lifecycle: " + String.join(" ", args));
  }
}
