package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.core.internal.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where one rule stands, and what people were told of it.
 *
 * <p>Not thread-safe: guarded by the lock of its engine.
 */
final class Standing {
  final AlertRule rule;
  /** PENDING or FIRING; null if neither. */
  @Nullable
  State state;

  Instant since = Instant.EPOCH;
  /** When recovery first PASSed while firing; null if it did not, or has not held since. */
  private @Nullable Instant passing;
  /** Which of the last evaluations FAILed, the newest in the lowest bit; begins anew after a restart. */
  private long failed;

  /** What was told: PENDING or FIRING; null if nothing, or that it is over. */
  @Nullable
  State told;

  Instant toldAt = Instant.EPOCH;
  /** How often it was told, and how many of these have arrived everywhere. */
  private long notices;

  private volatile long arrived;
  /** What was told before a restart had perhaps not arrived. */
  boolean owedFromBefore;
  /** A sink may have heard before a restart that it fires, so it must hear that it is over. */
  boolean heardBefore;

  /** Whether somebody was told that it was about to fire. */
  boolean heardPending;

  @Nullable
  String acknowledgedBy;

  String note = "";
  /** The newest event that was told; null before the first one of this process. */
  @Nullable
  AlertEvent newest;

  Standing(AlertRule rule) {
    this.rule = rule;
  }

  /** Takes one answer; gives whether anything changed that outlives a restart. */
  boolean take(Instant now, Verdict verdict) {
    State before = state;
    Instant wasPassing = passing;
    Instant wasSince = since;
    Verdict counted = verdict;
    if (verdict == Verdict.INCONCLUSIVE) {
      counted = switch (rule.onMissing()) {
        case FAIL -> Verdict.FAIL;
        case PASS -> Verdict.PASS;
        case INCONCLUSIVE, KEEP -> Verdict.INCONCLUSIVE;
      };
    }
    if (rule.ofLast() > 1) {
      counted = ofLast(counted);
    }
    switch (counted) {
      case FAIL -> fail(now);
      case PASS -> pass(now);
      case INCONCLUSIVE -> {
        if (state == State.FIRING) {
          passing = null;
        } else if (rule.onMissing() == AlertRule.Missing.KEEP && state == State.PENDING) {
          fail(now);
        } else {
          state = null;
        }
      }
    }
    if (state == null && before == State.FIRING) {
      failed = 0;
    }
    return state != before
        || !since.equals(wasSince)
        || (passing == null ? wasPassing != null : !passing.equals(wasPassing));
  }

  private Verdict ofLast(Verdict verdict) {
    long all = rule.ofLast() == 64 ? -1L : (1L << rule.ofLast()) - 1;
    failed = (failed << 1 | (verdict == Verdict.FAIL ? 1 : 0)) & all;
    boolean enough = Long.bitCount(failed) >= rule.failing();
    return state == State.FIRING && !enough && verdict != Verdict.FAIL
        ? verdict
        : enough ? Verdict.FAIL : verdict == Verdict.FAIL ? Verdict.PASS : verdict;
  }

  private void fail(Instant now) {
    passing = null;
    if (state == State.FIRING) {
      return;
    }
    if (state == null || now.isBefore(since)) {
      since = now;
    }
    state = reached(since, now, rule.holding()) ? State.FIRING : State.PENDING;
  }

  private void pass(Instant now) {
    if (state == State.FIRING) {
      if (passing == null || now.isBefore(passing)) {
        passing = now;
      }
      if (!reached(passing, now, rule.keepFiring())) {
        return;
      }
    }
    passing = null;
    state = null;
  }

  static boolean reached(Instant start, Instant now, Duration time) {
    return Duration.between(start, now).compareTo(time) >= 0;
  }

  /** Counts one more notice, and gives its number. */
  long noticed() {
    return ++notices;
  }

  /** That a notice has arrived at every sink; called by any thread. */
  void arrived(long notice) {
    synchronized (this) {
      arrived = Math.max(arrived, notice);
    }
  }

  boolean owed() {
    return owedFromBefore || arrived < notices;
  }

  /** Whether there is anything to be kept. */
  boolean isBlank() {
    return state == null && told == null && !owed();
  }

  Json json() {
    Map<String, Object> members = new LinkedHashMap<>();
    if (state != null) {
      members.put("state", state.name());
    }
    members.put("since", since.toString());
    if (passing != null) {
      members.put("passing", passing.toString());
    }
    if (told != null) {
      members.put("told", told.name());
    }
    members.put("toldAt", toldAt.toString());
    if (owed()) {
      members.put("owed", true);
    }
    if (acknowledgedBy != null) {
      members.put("acknowledgedBy", acknowledgedBy);
      members.put("note", note);
    }
    return Json.of(members);
  }

  /** Stands again as it was kept. */
  void restore(Json kept) {
    kept.only("state", "since", "passing", "told", "toldAt", "owed", "acknowledgedBy", "note");
    state = kept.find("state").map(text -> State.valueOf(text.text())).orElse(null);
    since = Instant.parse(kept.get("since").text());
    passing = kept.find("passing").map(text -> Instant.parse(text.text())).orElse(null);
    told = kept.find("told").map(text -> State.valueOf(text.text())).orElse(null);
    toldAt = Instant.parse(kept.get("toldAt").text());
    owedFromBefore = kept.find("owed").map(Json::flag).orElse(false);
    acknowledgedBy = kept.find("acknowledgedBy").map(Json::text).orElse(null);
    note = kept.find("note").map(Json::text).orElse("");
  }
}
