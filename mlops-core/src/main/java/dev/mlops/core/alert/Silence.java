package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.time.Instant;

/**
 * That a person asked not to be told of some alerts for a while.
 *
 * <p>Immutable.
 *
 * @param id unique in its engine, such as {@code s3}
 * @param rules name of a rule, in which {@code *} stands for any text, such as {@code fraud.*}
 * @param until it ends then, by the evidence's time
 * @param by who asked for it, not blank
 * @param because why, not blank
 * @since 0.1
 */
@Beta
public record Silence(String id, String rules, Instant until, String by, String because) {
  /**
   * Checks the texts.
   *
   * @throws IllegalArgumentException if one is blank or longer than 1,000 characters, or {@code rules} has other characters than a
   *     name of a rule and {@code *}
   */
  public Silence {
    requireNonNull(until, "until");
    requireSaid("id", id);
    requireSaid("by", by);
    requireSaid("because", because);
    Names.require("rules", rules);
  }

  static String requireSaid(String field, String text) {
    if (text.isBlank() || text.length() > 1_000) {
      throw new IllegalArgumentException(
          field + " must say something in at most 1000 characters, but had " + text.length()
              + (text.isBlank() ? ", all blank" : ""));
    }
    return text;
  }

  /** {@return whether it is about a rule at a time} */
  boolean covers(String rule, Instant now) {
    return now.isBefore(until) && Names.match(rules, rule);
  }

  /** {@return such as {@code s3: fraud.* silent until 2026-03-01T09:00:00Z by ana: moving the feed}} */
  @Override
  public String toString() {
    return id + ": " + rules + " silent until " + until + " by " + MlopsException.shown(by) + ": "
        + MlopsException.shown(because);
  }
}
