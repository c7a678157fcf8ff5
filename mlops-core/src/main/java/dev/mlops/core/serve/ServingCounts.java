package dev.mlops.core.serve;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.InputRule;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a deployment did with requests besides answering them, since it was opened.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class ServingCounts {
  private final Map<InputRule, Long> rejected;
  private final Map<InputRule, Long> imputed;
  private final long refused;
  private final long timedOut;
  private final long byStandby;
  private final long fixed;

  ServingCounts(
      Map<InputRule, Long> rejected,
      Map<InputRule, Long> imputed,
      long refused,
      long timedOut,
      long byStandby,
      long fixed) {
    this.rejected = copy(rejected);
    this.imputed = copy(imputed);
    this.refused = refused;
    this.timedOut = timedOut;
    this.byStandby = byStandby;
    this.fixed = fixed;
  }

  private static Map<InputRule, Long> copy(Map<InputRule, Long> counts) {
    Map<InputRule, Long> copy = new EnumMap<>(InputRule.class);
    copy.putAll(counts);
    return Collections.unmodifiableMap(copy);
  }

  /**
   * {@return how many values each rule rejected}
   *
   * <p>Every use of a model counts, also one that is no request, as that of a shadow. A value that loses digits is refused before any
   * model, and is counted for requests.
   */
  public Map<InputRule, Long> rejected() {
    return rejected;
  }

  /** {@return how many values were imputed by each rule, counted as those that were rejected} */
  public Map<InputRule, Long> imputed() {
    return imputed;
  }

  /** {@return how many requests were refused at once} */
  public long refused() {
    return refused;
  }

  /** {@return how many calls of a model were given up at the deadline of their request} */
  public long timedOut() {
    return timedOut;
  }

  /** {@return how many requests the standby answered} */
  public long byStandby() {
    return byStandby;
  }

  /** {@return how many requests got the fixed answer} */
  public long fixed() {
    return fixed;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ServingCounts that
        && rejected.equals(that.rejected)
        && imputed.equals(that.imputed)
        && refused == that.refused
        && timedOut == that.timedOut
        && byStandby == that.byStandby
        && fixed == that.fixed;
  }

  @Override
  public int hashCode() {
    return rejected.hashCode() * 31 + Long.hashCode(refused + timedOut + byStandby + fixed);
  }

  @Override
  public String toString() {
    return "rejected " + rejected + ", imputed " + imputed + ", refused " + refused + ", timed out "
        + timedOut + ", by standby " + byStandby + ", fixed " + fixed;
  }
}
