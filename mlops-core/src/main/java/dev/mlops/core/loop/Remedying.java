package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.optimise.Diagnosis;
import dev.mlops.core.optimise.Diagnosis.Reading;
import dev.mlops.core.optimise.Diagnosis.Rung;
import dev.mlops.core.optimise.Remedies;
import dev.mlops.core.optimise.Situation;
import dev.mlops.core.pack.Provenance;
import dev.mlops.drift.profile.Quality;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Asks a ladder what helps the champion, and knows from the journal what was tried since a candidate won last.
 *
 * <p>Not thread-safe: confine to one candidate at a time.
 */
final class Remedying {
  /** The number that says which rung a step advises begins so. */
  private static final String REMEDY = "remedy_";

  private static final int FEWEST = 100;
  private static final int MOST_TRAINING_ROWS = 500;
  private static final int MOST_STEPS = 20;

  private final Workshop loop;
  private final Remedies remedies;

  Remedying(Workshop loop, Remedies remedies) {
    this.loop = loop;
    this.remedies = remedies;
  }

  /** What a test phase is measured by beside what gate and policy read. */
  Collection<Metric> metrics() {
    return remedies.metrics();
  }

  Situation situation(
      ModelPackage serves, Evidence evidence, List<Outcome> rows, OptionalLong change) {
    Situation.Builder situation = Situation.builder(serves, evidence, rows).tried(tried());
    change.ifPresent(situation::changedAt);
    remedies.life().ifPresent(life -> {
      Instant now = loop.clock.instant();
      situation.changes((int) loop.history().recentChanges().stream()
          .filter(at -> !at.isBefore(now.minus(life)))
          .count());
    });
    training(serves, rows).ifPresent(situation::training);
    return situation.build();
  }

  Diagnosis diagnose(Situation situation) {
    return remedies.diagnose(situation);
  }

  /** The rungs that were begun since a candidate won last, oldest first. */
  private List<Rung> tried() {
    List<Rung> tried = new ArrayList<>();
    boolean ended = false; // the candidate of the advice that is met next, read backwards
    List<LoopEvent> events = loop.steps.events();
    for (int i = events.size() - 1; i >= 0; i--) {
      LoopEvent event = events.get(i);
      if (event.kind() == LoopEvent.Kind.PROMOTED || event.kind() == LoopEvent.Kind.RETURNED) {
        break;
      }
      if (event.kind() == LoopEvent.Kind.RETRAIN) {
        ended = false; // it is written before its advice
      } else if (event.kind().endsCandidate()) {
        ended = true;
      } else if (ended && event.kind() == LoopEvent.Kind.ADVISED) {
        for (Rung rung : Rung.values()) {
          if (rung != Rung.RECORD && event.number(number(rung)).isPresent()) {
            tried.add(rung);
          }
        }
      }
    }
    Collections.reverse(tried);
    return tried;
  }

  private static String number(Rung rung) {
    return REMEDY + rung.name().toLowerCase(Locale.ROOT);
  }

  /** How good the champion is on the rows that it was trained on, if they are kept. */
  private Optional<Estimate> training(ModelPackage serves, List<Outcome> rows) {
    Object first = serves.provenance().values().get(Provenance.FIRST);
    Object last = serves.provenance().values().get(Provenance.LAST);
    if (!(first instanceof String from && last instanceof String to)
        || !from.matches("[0-9]{1,18}")
        || !to.matches("[0-9]{1,18}")) {
      return Optional.empty();
    }
    List<Outcome> known = rows.stream()
        .filter(
            row -> row.position() >= Long.parseLong(from) && row.position() <= Long.parseLong(to))
        .toList();
    if (known.size() < FEWEST) {
      return Optional.empty();
    }
    List<Outcome> asked =
        known.subList(Math.max(0, known.size() - MOST_TRAINING_ROWS), known.size());
    TestPhase phase = loop.deployment.using(
        model -> TestPhase.of(model, asked.stream().map(Outcome::labelled).toList(), loop.ticker));
    List<Prediction> said = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < phase.size(); i++) {
      if (phase.prediction(i).isPresent()) {
        said.add(phase.prediction(i).get());
        truths.add(phase.rows().get(i).truth());
      }
    }
    return Optional.ofNullable(
        Quality.of(serves.schema(), said, truths).get(Metric.plainest(serves.schema())));
  }

  /** Writes down what helps, and which rung that is. */
  LoopEvent.Builder step(Version champion, Diagnosis found, OptionalLong change) {
    LoopEvent.Builder step =
        loop.steps.event(LoopEvent.Kind.ADVISED).champion(champion).number(number(found.rung()), 1);
    change.ifPresent(step::change);
    Steps.beginning(found.toString()).lines().forEach(line -> step.because(line.strip()));
    return step;
  }

  /**
   * What the loop itself trains by. It compares labels and errors, so what brings cost or time is proposed and not taken; where
   * nothing is found the policy has its way.
   */
  Optional<ModelTrainer> taken(Diagnosis found, ModelPackage serves) {
    if (found.reading() == Reading.NOTHING || found.reading() == Reading.TOO_LITTLE) {
      return Optional.of(loop.trainer);
    }
    return found.rung() == Rung.MOVE_THRESHOLD || found.rung() == Rung.FASTER
        ? Optional.empty()
        : remedies.trainer(found, serves, loop.deployment);
  }

  /** Leaves people what they need with the champion. */
  void document(
      Situation situation, Diagnosis found, Version champion, long end, Warnings warnings) {
    if (found.rung() != Rung.REDESIGN) {
      return;
    }
    List<LoopEvent> events = loop.steps.events();
    List<String> brought =
        events.subList(Math.max(0, events.size() - MOST_STEPS), events.size()).stream()
            .filter(event -> event.kind().endsCandidate())
            .map(LoopEvent::toString)
            .toList();
    try {
      loop.deployment
          .store()
          .attach(
              champion,
              "redesign-advised-" + end + ".md",
              Remedies.document(situation, found, remedies.clusters(), brought).getBytes(UTF_8),
              "maintenance-loop",
              found.reading().toString());
    } catch (Throwable e) { // the journal has it all the same
      warnings.once("redesign", "the advice to redesign " + champion + " could not be attached", e);
    }
  }
}
