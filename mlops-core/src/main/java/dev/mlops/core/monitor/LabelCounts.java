package dev.mlops.core.monitor;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How often a version predicted each label, and how often each label was right where each was predicted.
 *
 * <p>The number of labels is bounded, so that they can be tags of meters: the positive label and those that come first have a
 * name of their own, {@value #MOST} in all; the rest, also labels of more than {@value #LONGEST} characters, count as {@value
 * #OTHER}. Counts only grow, as a counter's must: a truth that is corrected later stays counted as what it was.
 *
 * <p>Guarded by the monitor's lock; the counts may be read from any thread.
 */
final class LabelCounts {
  /** The most labels that have a name of their own. */
  static final int MOST = 10;

  /** All other labels. */
  static final String OTHER = "(other)";

  /** A longer label is among the others. */
  static final int LONGEST = 100;

  private final Set<String> named = new LinkedHashSet<>();
  private final Map<String, AtomicLong> predicted = new LinkedHashMap<>();
  private final Map<Pair, AtomicLong> matured = new LinkedHashMap<>();
  private final @Nullable String positive;
  private boolean positiveWasTrue;
  private long trueLabels;

  /** What turned out right, and what was said. */
  record Pair(String truth, String prediction) {}

  LabelCounts(Optional<String> positive) {
    this.positive = positive.orElse(null);
    positive.ifPresent(this::name);
  }

  /** Counts a prediction, if it is a label. */
  void predicted(Prediction prediction) {
    if (prediction instanceof Classification said) {
      predicted.computeIfAbsent(name(said.label()), unseen -> new AtomicLong()).incrementAndGet();
    }
  }

  /** Counts an outcome that has matured, if it is of labels. */
  void matured(Prediction prediction, Truth truth) {
    if (prediction instanceof Classification said) {
      truth.label().ifPresent(label -> {
        trueLabels++;
        positiveWasTrue |= label.equals(positive);
        matured
            .computeIfAbsent(new Pair(name(label), name(said.label())), unseen -> new AtomicLong())
            .incrementAndGet();
      });
    }
  }

  private String name(String label) {
    if (named.contains(label)) {
      return label;
    }
    if (named.size() >= MOST || label.length() > LONGEST || label.equals(OTHER)) {
      return OTHER;
    }
    named.add(label);
    return label;
  }

  /** The counts of predictions by label. */
  Map<String, AtomicLong> predicted() {
    return predicted;
  }

  /** The counts of matured outcomes. */
  Map<Pair, AtomicLong> matured() {
    return matured;
  }

  /** How many matured truths were labels. */
  long trueLabels() {
    return trueLabels;
  }

  /** Whether a matured truth had the positive label; false if there is none. */
  boolean positiveWasTrue() {
    return positiveWasTrue;
  }

  /** The labels that have a name of their own, without the positive one. */
  List<String> others() {
    List<String> others = new ArrayList<>(named);
    others.remove(positive);
    return others;
  }
}
