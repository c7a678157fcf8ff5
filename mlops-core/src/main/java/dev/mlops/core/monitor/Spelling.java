package dev.mlops.core.monitor;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Names;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Notices the first label of a truth that is spelt as none of the version's predictions or test rows is.
 *
 * <p>With scores, a prediction names every label that it knows. Without, it names one; so the labels of the test rows count too,
 * and nothing is said before {@value #ENOUGH} predictions are known. Of more than {@value #MOST} labels nothing is said either.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Spelling {
  static final int ENOUGH = 100;
  static final int MOST = 1_000;

  private final Set<String> known = new LinkedHashSet<>();
  private long predictions;
  private boolean tooMany;
  private @Nullable String newest;
  private @Nullable String strange;
  private boolean scored;

  Spelling(Baseline baseline) {
    baseline.labels().ifPresent(labels -> labels.counts().keySet().forEach(this::learn));
    baseline.schema().positiveLabel().ifPresent(this::learn);
  }

  private void learn(String label) {
    tooMany |= known.size() >= MOST;
    if (!tooMany) {
      known.add(label);
    }
  }

  /** Learns how a prediction spells its label. */
  void predicted(Prediction prediction) {
    if (strange == null && prediction instanceof Classification said) {
      predictions++;
      String label = said.label();
      if (!label.equals(newest)) {
        newest = label;
        learn(label);
      }
    }
  }

  /** Looks at a truth for a prediction. */
  void look(Prediction prediction, Truth truth) {
    if (strange != null || !(prediction instanceof Classification said)) {
      return;
    }
    String label = truth.label().orElse("");
    if (said.score().isPresent()) {
      if (said.score(label).isEmpty()) {
        strange = label;
        scored = true;
        said.labels().forEach(this::learn);
      }
    } else if (predictions >= ENOUGH && !tooMany && !known.contains(label)) {
      strange = label;
    }
  }

  /** The first label that is spelt as none is; null if there is none. */
  @Nullable
  String strange() {
    return strange;
  }

  /** Whether the prediction had scores, and none for that label. */
  boolean scored() {
    return scored;
  }

  /** The label that may be meant. */
  Optional<String> meant() {
    return strange == null ? Optional.empty() : Names.nearest(strange, List.copyOf(known));
  }
}
