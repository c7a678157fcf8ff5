package dev.mlops.core.serve;

import dev.mlops.api.model.Beta;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The answers to several requests, in their order: one that failed fails no other.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class ServedBatch {
  private final @Nullable Served[] served;
  private final @Nullable Throwable[] failures;

  /** Takes the arrays over: in each place one of them is null. */
  ServedBatch(@Nullable Served[] served, @Nullable Throwable[] failures) {
    this.served = served;
    this.failures = failures;
  }

  /** {@return how many requests there were} */
  public int size() {
    return served.length;
  }

  /**
   * {@return the answer to a request; empty if it failed}
   *
   * @param request from 0
   * @throws IndexOutOfBoundsException if there is no such request
   */
  public Optional<Served> served(int request) {
    return Optional.ofNullable(served[request]);
  }

  /**
   * {@return what the request would have thrown alone; empty if it was answered}
   *
   * @param request from 0
   * @throws IndexOutOfBoundsException if there is no such request
   */
  public Optional<Throwable> failure(int request) {
    return Optional.ofNullable(failures[request]);
  }

  /** {@return the answers of those that were answered, in their order} */
  public List<Served> answered() {
    List<Served> all = new ArrayList<>();
    for (Served each : served) {
      if (each != null) {
        all.add(each);
      }
    }
    return List.copyOf(all);
  }

  /** {@return such as {@code 98 of 100 answered}} */
  @Override
  public String toString() {
    return answered().size() + " of " + size() + " answered";
  }
}
