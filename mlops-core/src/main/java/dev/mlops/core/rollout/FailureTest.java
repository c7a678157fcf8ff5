package dev.mlops.core.rollout;

import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.drift.anytime.ConfidenceSequence;
import java.util.Optional;

/**
 * Whether a version fails more often than a limit, looked at as often as one likes.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class FailureTest {
  private final double limit;
  private final ConfidenceSequence share;

  /** What was counted since the counts of the section began. */
  private long failed;

  private long answered;

  FailureTest(double limit, double alpha) {
    this.limit = limit;
    this.share = ConfidenceSequence.shares().tightAt(1_000).alpha(alpha);
  }

  /** The counts of the section begin at 0, what was seen before stays. */
  void beginsAgain() {
    failed = 0;
    answered = 0;
  }

  private void take(VersionEvidence section) {
    if (section.failures() < failed || section.offered() < answered) {
      beginsAgain();
    }
    for (; failed < section.failures(); failed++) {
      share.update(1);
    }
    for (; answered < section.offered(); answered++) {
      share.update(0);
    }
  }

  /** What is found, in the words of what a snapshot says. */
  Finding finding(Optional<VersionEvidence> section, Finding snapshot) {
    section.ifPresent(this::take); // a look at nothing counts nothing, and begins nothing again
    // only a share above the limit counts against it
    boolean beyond = share.n() > 0 && share.mean() > limit && share.excludes(limit);
    Verdict verdict = beyond
        ? Verdict.FAIL
        : snapshot.verdict() == Verdict.FAIL ? Verdict.INCONCLUSIVE : snapshot.verdict();
    Finding.Builder finding = Finding.builder(verdict, snapshot.text());
    snapshot.quantity().ifPresent(finding::quantity);
    snapshot.value().ifPresent(finding::value);
    snapshot.limit().ifPresent(finding::limit);
    snapshot.n().ifPresent(finding::n);
    return finding.build();
  }
}
