package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.Kind;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.core.internal.guard.Answers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Decides what people are told of what stands: silences, inhibition, the storm limit, groups, reminders.
 *
 * <p>Not thread-safe: guarded by the lock of its engine.
 */
final class Notifier {
  private static final Duration LOSSES_ARE_OVER = Duration.ofHours(1);

  private final AlertEngine.Setup setup;
  private final List<Outlet> outlets;
  private final AlertRule held;
  private final AlertRule lost;
  private final Map<List<String>, Group> groups = new LinkedHashMap<>();
  private final ArrayDeque<Instant> storm = new ArrayDeque<>();
  private final AtomicBoolean arrivals = new AtomicBoolean();
  private List<EngineState.Gone> gone = List.of();
  /** What the engine tells of itself and has not told to be over, by name. */
  private final Map<String, AlertEvent> own = new LinkedHashMap<>();

  private boolean heldTold;
  private Instant heldSince = Instant.EPOCH;
  private @Nullable Instant lostAt;
  private Instant lostSince = Instant.EPOCH;
  private long losses;
  private boolean changed;

  /** Events that wait for others with the same labels. */
  private static final class Group {
    private Notice waiting = new Notice();
    private Instant began = Instant.EPOCH;
    private @Nullable Instant told;
  }

  Notifier(AlertEngine.Setup setup, List<Outlet> outlets) {
    this.setup = setup;
    this.outlets = outlets;
    this.held = AlertRule.of(AlertEngine.HELD, evidence -> Finding.inconclusive("not asked"))
        .severity(AlertRule.Severity.PAGE);
    this.lost = AlertRule.of(AlertEngine.LOST, evidence -> Finding.inconclusive("not asked"))
        .severity(AlertRule.Severity.PAGE);
  }

  /** Whether the newest call changed anything that outlives a restart. */
  boolean changed() {
    return changed;
  }

  /** Whether a notice has arrived since this was asked. */
  boolean arrivals() {
    return arrivals.getAndSet(false);
  }

  /** What is to be told now. */
  List<Notice> notices(
      Map<Standing, Finding> found, List<Silence> silences, Evidence evidence, long losses) {
    changed = false;
    List<Notice> notices = new ArrayList<>();
    if (outlets.isEmpty()) {
      return notices;
    }
    Instant now = evidence.at();
    goneRules(evidence, notices);
    List<String> waiting = new ArrayList<>();
    List<Inhibiting> firing = inhibiting(found.keySet());
    found.forEach((standing, finding) -> {
      if (standing.state == null) {
        over(standing, finding, evidence, notices);
      } else if (standing.state != standing.told || standing.owedFromBefore) {
        if (isSilent(standing.rule.name(), silences, firing, now)) {
          return;
        }
        if (standing.state == State.FIRING && !withinStormLimit(now)) {
          waiting.add(standing.rule.name());
          return;
        }
        AlertEvent event = event(standing, Kind.CHANGE, finding, evidence);
        standing.heardPending |= standing.told == State.PENDING;
        standing.told = standing.state;
        standing.toldAt = now;
        tell(standing, event, notices);
      } else if (standing.state == State.FIRING) {
        if (standing.newest == null) { // the first evaluation after a restart
          standing.newest = event(standing, Kind.CHANGE, finding, evidence);
        }
        if (!setup.reminder.isZero()
            && standing.acknowledgedBy == null
            && (now.isBefore(standing.toldAt)
                || Standing.reached(standing.toldAt, now, setup.reminder))
            && !isSilent(standing.rule.name(), silences, firing, now)
            && withinStormLimit(now)) {
          standing.toldAt = now;
          tell(standing, event(standing, Kind.REMINDER, finding, evidence), notices);
        }
      }
    });
    flush(now, notices);
    tellHeld(waiting, evidence, notices);
    tellLost(losses, evidence, notices);
    return notices;
  }

  /** Tells that an alert is over to those who were told of it. */
  private void over(Standing standing, Finding finding, Evidence evidence, List<Notice> notices) {
    if (standing.told != null || standing.owedFromBefore) {
      AlertEvent event = event(standing, Kind.CHANGE, finding, evidence);
      standing.told = null;
      tell(standing, event, notices);
      standing.newest = null;
    }
    if (standing.acknowledgedBy != null) {
      standing.acknowledgedBy = null;
      standing.note = "";
      changed = true;
    }
  }

  /** An inhibition that has a source which fires; of those that are no target, too. */
  private record Inhibiting(AlertEngine.Setup.Inhibition of, boolean byOthers) {}

  /** Which inhibitions are at work, found once for all rules. */
  private List<Inhibiting> inhibiting(Collection<Standing> standings) {
    List<Inhibiting> all = new ArrayList<>();
    for (AlertEngine.Setup.Inhibition each : setup.inhibitions) {
      boolean fires = false;
      boolean byOthers = false;
      for (Standing standing : standings) {
        String name = standing.rule.name();
        if (standing.state == State.FIRING && Names.match(each.source(), name)) {
          fires = true;
          byOthers |= !Names.match(each.target(), name);
        }
      }
      if (fires) {
        all.add(new Inhibiting(each, byOthers));
      }
    }
    return all;
  }

  private static boolean isSilent(
      String rule, List<Silence> silences, List<Inhibiting> firing, Instant now) {
    for (Silence silence : silences) {
      if (silence.covers(rule, now)) {
        return true;
      }
    }
    for (Inhibiting each : firing) {
      // What matches both sides is kept silent only by what does not.
      if (Names.match(each.of().target(), rule)
          && (each.byOthers() || !Names.match(each.of().source(), rule))) {
        return true;
      }
    }
    return false;
  }

  private boolean withinStormLimit(Instant now) {
    if (setup.stormEvents == 0) {
      return true;
    }
    while (!storm.isEmpty()
        && (now.isBefore(storm.peekLast())
            || Standing.reached(storm.peekFirst(), now, setup.stormTime))) {
      storm.removeFirst();
    }
    if (storm.size() >= setup.stormEvents) {
      return false;
    }
    storm.add(now);
    changed = true;
    return true;
  }

  private void tell(Standing standing, AlertEvent event, List<Notice> notices) {
    changed = true;
    boolean again = standing.owedFromBefore;
    standing.owedFromBefore = false;
    standing.newest = event;
    long number = standing.noticed();
    Runnable arrived = () -> {
      standing.arrived(number);
      arrivals.set(true);
    };
    if (!setup.grouped || event.state() == State.PENDING) {
      notices.add(alone(event, arrived));
      return;
    }
    List<String> key = setup.groupLabels.stream()
        .map(label -> event.labels().getOrDefault(label, ""))
        .toList();
    Group group = groups.computeIfAbsent(key, any -> new Group());
    if (event.state() == State.RESOLVED) {
      boolean unheard = group.waiting.events().stream()
          .anyMatch(other -> other.rule().equals(event.rule()) && other.kind() == Kind.CHANGE);
      group.waiting.withdraw(event.rule());
      boolean heard = standing.heardBefore || standing.heardPending;
      standing.heardBefore = false;
      standing.heardPending = false;
      if (unheard && !heard) {
        arrived.run(); // nobody was told that it fired
        return;
      }
    } else if (again) {
      standing.heardBefore = true;
    }
    if (group.waiting.events().isEmpty()) {
      group.began = event.at();
    }
    group.waiting.add(event, arrived);
  }

  private static Notice alone(AlertEvent event, Runnable arrived) {
    Notice notice = new Notice();
    notice.add(event, arrived);
    return notice;
  }

  private void flush(Instant now, List<Notice> notices) {
    for (Group group : groups.values()) {
      if (group.waiting.events().isEmpty()) {
        continue;
      }
      boolean waited =
          now.isBefore(group.began) || Standing.reached(group.began, now, setup.groupWait);
      boolean apart = group.told == null
          || now.isBefore(group.told)
          || Standing.reached(group.told, now, setup.groupInterval);
      if (waited && apart) {
        notices.add(group.waiting);
        group.waiting = new Notice();
        group.told = now;
      }
    }
  }

  private void tellHeld(List<String> waiting, Evidence evidence, List<Notice> notices) {
    if (waiting.isEmpty() == !heldTold) {
      return;
    }
    if (!heldTold) {
      heldSince = evidence.at();
    }
    heldTold = !heldTold;
    changed = true;
    String limit =
        "the limit of " + setup.stormEvents + " in " + MlopsException.shown(setup.stormTime);
    Finding finding = heldTold
        ? Finding.builder(
                Verdict.FAIL,
                waiting.size() + " alerts fire and wait for " + limit + ": "
                    + String.join(", ", waiting.subList(0, Math.min(10, waiting.size())))
                    + (waiting.size() > 10 ? ", …" : ""))
            .value((double) waiting.size())
            .limit((double) setup.stormEvents)
            .build()
        : Finding.pass("no alert waits for " + limit + " any more");
    notices.add(own(held, heldTold, heldSince, finding, evidence));
  }

  private void tellLost(long now, Evidence evidence, List<Notice> notices) {
    if (!setup.tellingLosses) {
      return;
    }
    long more = now - losses;
    losses = now;
    if (lostAt != null && evidence.at().isBefore(lostAt)) {
      lostAt = evidence.at(); // time runs backwards: the hour begins again
    }
    if (more > 0) {
      boolean first = lostAt == null;
      lostAt = evidence.at();
      changed = true;
      if (first) {
        lostSince = evidence.at();
        notices.add(own(
            lost,
            true,
            lostSince,
            Finding.builder(
                    Verdict.FAIL,
                    more + " events were dropped or not delivered, " + now + " since the start")
                .value((double) more)
                .build(),
            evidence));
      }
    } else if (lostAt != null && Standing.reached(lostAt, evidence.at(), LOSSES_ARE_OVER)) {
      lostAt = null;
      changed = true;
      notices.add(
          own(lost, false, lostSince, Finding.pass("an hour has passed without a loss"), evidence));
    }
  }

  private Notice own(
      AlertRule rule, boolean fires, Instant since, Finding finding, Evidence evidence) {
    AlertEvent.Builder event = AlertEvent.builder(
            evidence.model(), rule, fires ? State.FIRING : State.RESOLVED, evidence.at(), finding)
        .since(since);
    evidence.champion().map(VersionEvidence::version).ifPresent(event::version);
    AlertEvent told = event.build();
    if (fires) {
      own.put(rule.name(), told);
    } else {
      own.remove(rule.name());
    }
    return alone(told, () -> {});
  }

  /** Alerts that fired before a restart, of rules that are no more, or now have other labels. */
  private void goneRules(Evidence evidence, List<Notice> notices) {
    for (EngineState.Gone each : gone) {
      notices.add(alone(
          AlertEvent.builder(
                  evidence.model(),
                  each.rule(),
                  State.RESOLVED,
                  evidence.at(),
                  Finding.inconclusive("the rule is no more, or has other labels now"))
              .since(each.since())
              .build(),
          () -> {}));
      changed = true;
    }
    gone = List.of();
  }

  /** An event of what a rule stands at. */
  AlertEvent event(Standing standing, Kind kind, Finding finding, Evidence evidence) {
    AlertEvent.Builder event = AlertEvent.builder(
            evidence.model(),
            standing.rule,
            standing.state == null ? State.RESOLVED : standing.state,
            evidence.at(),
            finding)
        .kind(kind)
        .since(standing.since);
    evidence.champion().map(VersionEvidence::version).ifPresent(event::version);
    String by = standing.acknowledgedBy;
    if (by != null) {
      event.by(by);
    }
    if (setup.doing != null) {
      String doing =
          Answers.or(setup.doing, (how, thrown) -> {}, how -> "what is done about it is not known");
      if (!doing.isBlank()) {
        event.action(doing);
      }
    }
    return event.build();
  }

  /** The event that a person has taken an alert on. */
  AlertEvent acknowledged(Standing standing, AlertEvent last, Instant now) {
    AlertEvent.Builder event = AlertEvent.builder(
            last.model(), standing.rule, State.FIRING, now, last.finding())
        .kind(Kind.ACKNOWLEDGED)
        .since(standing.since)
        .by(String.valueOf(standing.acknowledgedBy));
    last.version().ifPresent(event::version);
    if (!standing.note.isEmpty()) {
      event.action(standing.note);
    }
    return event.build();
  }

  /** The newest events of what fires and was told. */
  List<AlertEvent> firing(List<Standing> standings) {
    List<AlertEvent> all = new ArrayList<>();
    Set<String> waiting = waitingInGroups();
    for (Standing standing : standings) {
      AlertEvent newest = standing.newest;
      if (standing.told == State.FIRING
          && newest != null
          && (standing.heardBefore || !waiting.contains(newest.rule()))) {
        all.add(newest);
      }
    }
    all.addAll(own.values());
    return List.copyOf(all);
  }

  /** Rules whose newest change waits for others of its group. */
  private Set<String> waitingInGroups() {
    Set<String> waiting = new HashSet<>();
    for (Group group : groups.values()) {
      for (AlertEvent event : group.waiting.events()) {
        if (event.kind() == Kind.CHANGE) {
          waiting.add(event.rule());
        }
      }
    }
    return waiting;
  }

  // ---- what is kept

  List<Instant> storm() {
    return List.copyOf(storm);
  }

  @Nullable
  Instant heldSince() {
    return heldTold ? heldSince : null;
  }

  @Nullable
  Instant lostSince() {
    return lostAt == null ? null : lostSince;
  }

  void restore(EngineState state) {
    storm.addAll(state.storm());
    state.heldSince().ifPresent(since -> {
      heldTold = true;
      heldSince = since;
    });
    state.lostSince().ifPresent(since -> {
      lostAt = since;
      lostSince = since;
    });
    gone = state.gone();
  }
}
