package dev.mlops.core.loop;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Version;
import java.util.Locale;

/**
 * What came of a training that was done again as its package records it; see {@link MaintenanceLoop#replay}.
 *
 * <p>Immutable.
 *
 * @param version whose training was done again
 * @param recorded the digest of the rows that it was trained on
 * @param found the digest of the rows that were chosen now
 * @param rows how many rows both models were asked, trained on and held back
 * @param differing how many of them the two answered otherwise
 * @since 0.1
 */
@Beta
public record TrainingReplay(
    Version version, Digest recorded, Digest found, int rows, int differing) {
  /** {@return whether the same rows gave a model that answers all of them as the first did} */
  public boolean same() {
    return recorded.equals(found) && differing == 0;
  }

  /** {@return such as {@code fraud:8 trained again: the same rows, 500 of 500 predictions equal}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s trained again: %s, %d of %d predictions equal",
        version,
        recorded.equals(found)
            ? "the same rows"
            : "other rows, " + found + " instead of " + recorded,
        rows - differing,
        rows);
  }
}
