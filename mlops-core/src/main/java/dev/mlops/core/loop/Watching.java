package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.Examination;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.gate.Trial;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.optimise.Diagnosis;
import dev.mlops.core.optimise.Situation;
import dev.mlops.core.pack.Provenance;
import dev.mlops.core.serve.Prepared;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** No candidate: asks the policy, and begins one when it says so and there are rows to train on. */
final class Watching implements Phase {
  /** After a candidate that was kept, so large a part of its rows must be new before the next. */
  private static final long NEW_PART = 10;

  private final Workshop loop;

  /** Where the outcomes ended when they turned out to be too few; none yet. */
  private OptionalLong tooFewAt = OptionalLong.empty();

  /** The change that was advised on last, until the policy has no reason any more. */
  private @Nullable OptionalLong advised;

  Watching(Workshop loop) {
    this.loop = loop;
  }

  @Override
  public Phase advance() {
    Evidence evidence = loop.deployment.evidence();
    Version champion = loop.deployment.champion();
    if (loop.rests()) {
      return this;
    }
    long end = loop.outcomes.end();
    RetrainDecision answer = loop.decide(evidence, champion);
    if (!answer.retrain()) {
      loop.waitForNothing();
      advised = null;
      return this;
    }
    if (loop.mode == MaintenanceLoop.Mode.ADVISE) {
      return advise(champion, answer);
    }
    OptionalLong change = answer.changePosition();
    if (change.isPresent()) {
      loop.outOfReach.serves(champion);
      Optional<String> reach = loop.outOfReach.waitsFor(evidence, end);
      if (reach.isPresent()) {
        loop.waitFor(reach.get());
        return this;
      }
      if (loop.outOfReach.reached(change, end)) {
        return outOfReach(evidence, champion, change, end);
      }
    }
    long kept = Math.min(end - loop.outcomes.begin(), loop.window.most());
    Optional<String> wait = waitsForNews(answer)
        .or(() -> loop.window().waitsFor(kept, end, change))
        .or(() -> waitsToBeSure(answer, end));
    if (wait.isPresent()) {
      loop.waitFor(wait.get());
      return this;
    }
    if (tooFewAt.isPresent() && tooFewAt.getAsLong() == end) {
      return this;
    }
    List<Outcome> rows = loop.between(end - kept, end);
    wait = loop.window().waitsFor(rows.size(), end, change);
    if (wait.isPresent()) {
      loop.waitFor(wait.get());
      tooFewAt = OptionalLong.of(
          end); // fewer are kept than the counts said; copied again once there are more
      return this;
    }
    wait = loop.waitsForRoom(rows.size());
    if (wait.isPresent()) {
      loop.waitFor(wait.get());
      return this;
    }
    loop.waitForNothing();
    return begin(evidence, champion, answer, rows, end);
  }

  /** No more candidates: the baseline is out of reach of this trainer on these rows. */
  private Phase outOfReach(Evidence evidence, Version champion, OptionalLong change, long end) {
    LoopEvent.Builder step =
        loop.steps.event(LoopEvent.Kind.OUT_OF_REACH).champion(champion).position(end);
    change.ifPresent(step::change);
    loop.outOfReach.tell(step, evidence);
    loop.steps.write(step);
    return this;
  }

  /** Says once for each reason that a candidate is due. */
  private Phase advise(Version champion, RetrainDecision answer) {
    if (!answer.changePosition().equals(advised)) {
      LoopEvent.Builder step = loop.steps.event(LoopEvent.Kind.ADVISED).champion(champion);
      answer.changePosition().ifPresent(step::change);
      Steps.beginning(answer.toString()).lines().forEach(step::because);
      loop.steps.write(step);
      advised = answer.changePosition();
      remedy(champion, answer.changePosition());
    }
    return this;
  }

  /** Says beside an advice what helps, and leaves a redesign's document with the champion. */
  private void remedy(Version champion, OptionalLong change) {
    Remedying remedying = loop.remedying;
    if (remedying == null) {
      return;
    }
    try {
      long end = loop.outcomes.end();
      List<Outcome> rows =
          loop.between(Math.max(loop.outcomes.begin(), end - loop.window.most()), end);
      Situation situation = remedying.situation(
          loop.deployment.store().open(champion), loop.deployment.evidence(), rows, change);
      Diagnosis found = remedying.diagnose(situation);
      loop.steps.write(remedying.step(champion, found, change));
      remedying.document(situation, found, champion, end, loop.warnings);
    } catch (RuntimeException e) { // what is advised was said
      loop.warnings.once("remedy", "what helps " + champion + " could not be found", e);
    }
  }

  /** What earlier candidates for an alarm came to says how much the next one must know; a follow-up knows more anyway. */
  private Optional<String> waitsToBeSure(RetrainDecision answer, long end) {
    return answer.changePosition().isEmpty() || answer.followUp()
        ? Optional.empty()
        : loop.alarms.waitsFor(answer.changePosition().getAsLong(), loop.history(), end);
  }

  /** After a candidate that was kept, the same rows would give the same one. */
  private Optional<String> waitsForNews(RetrainDecision answer) {
    RetrainHistory past = loop.history();
    Optional<LoopEvent> last = loop.begun();
    if (last.isEmpty()
        || answer.followUp()
        || !(loop.wasCancelled()
            || past.lastResult().filter(RetrainHistory.Result.KEPT::equals).isPresent())) {
      return Optional.empty();
    }
    if (answer.changePosition().isPresent()
        && !answer.changePosition().equals(last.get().change())) {
      return Optional.empty();
    }
    long wanted = Math.max(1, (long) last.get().number("rows").orElse(0.0) / NEW_PART);
    long fresh = loop.sinceCandidate();
    return fresh >= wanted
        ? Optional.empty()
        : Optional.of("the newest candidate was "
            + (loop.wasCancelled() ? "cancelled" : "kept back") + " and " + fresh
            + " outcomes are new since: waiting for " + (wanted - fresh)
            + " more, or for another change");
  }

  private Phase begin(
      Evidence evidence, Version champion, RetrainDecision answer, List<Outcome> rows, long end) {
    OneTraining training = loop.training(champion, rows.size(), end);
    Working working = Working.of(loop, training);
    LoopEvent.Builder step = loop.steps
        .event(LoopEvent.Kind.RETRAIN)
        .champion(champion)
        .position(end)
        .number("rows", rows.size());
    answer.changePosition().ifPresent(step::change);
    Steps.beginning(answer.toString()).lines().forEach(step::because);
    LoopEvent begun = step.build();
    loop.steps.write(begun);
    loop.begin(begun, answer, evidence, end);
    try {
      return working.doing(() -> train(champion, evidence, rows, answer, training));
    } catch (Throwable e) { // an executor of the host; the journal has the candidate
      return working.failed(e);
    }
  }

  // --- on the host's executor
  // ------------------------------------------------------------------------------

  private Supplier<Phase> train(
      Version champion,
      Evidence evidence,
      List<Outcome> rows,
      RetrainDecision answer,
      OneTraining training) {
    OptionalLong change = answer.changePosition();
    TrainingContext context = training.context();
    loop.doing("trained on " + rows.size() + " outcomes");
    Dependence dependence = loop.dependence();
    ModelTrainer helps = loop.trainer;
    ModelPackage serves = loop.deployment.store().open(champion);
    Remedying remedying = loop.remedying;
    if (remedying != null) {
      loop.doing("diagnosed");
      Situation situation = remedying.situation(serves, evidence, rows, change);
      Diagnosis found = remedying.diagnose(situation);
      loop.steps.write(remedying.step(champion, found, change));
      Optional<ModelTrainer> taken = remedying.taken(found, serves);
      if (taken.isEmpty()) {
        long end = rows.get(rows.size() - 1).position() + 1;
        remedying.document(situation, found, champion, end, loop.warnings);
        return () -> proposed(champion, found, change);
      }
      helps = taken.get();
      loop.doing("trained on " + rows.size() + " outcomes");
    }
    ModelTrainer trainer = CandidateTrainer.of(helps, loop.about, serves);
    RowSelection.Selected selection = requireNonNull(
        loop.window.under(dependence).select(rows, change, trainer, context),
        "the selection of rows wanted to give rows, got null");
    Trained trained = selection.trained(trainer, context);
    TestPhase tested;
    StandingStill still;
    String picture;
    ModelPackage made;
    try {
      loop.doing("tested on " + selection.heldBack().size() + " rows held back");
      tested = selection.tested(trained).measuring(loop.metrics());
      still = loop.deployment.using(serving -> StandingStill.of(
          selection.heldBack(),
          tested,
          Long.toString(champion.number()),
          serving,
          Losses.of(loop.trainer.schema()),
          dependence,
          loop.lead));
      if (!still.beaten()) {
        return () -> stoodStill(champion, still, change);
      }
      loop.doing("packaged");
      Trained candidate = trained.testedOn(tested);
      picture = PictureOfToday.of(selection.training(), selection.heldBack())
          + PictureOfToday.live(evidence);
      ModelPackage plain = candidate.asPackage(champion.model());
      made = plain.digest().equals(champion.digest())
          ? plain // the champion again, which came from elsewhere
          : candidate.asPackage(champion.model(), about -> {
            origin(about, champion, selection, picture, answer);
            chosen(about, rows, change, training, dependence);
          });
    } finally {
      Closing.close(trained); // the package is loaded instead
    }
    training.commit();
    loop.steps.write(loop.steps
        .event(LoopEvent.Kind.PUBLISHING)
        .champion(champion)
        .digest(made.digest())
        .number("rows", selection.training().size())
        .number("held_back", selection.heldBack().size())
        .number("fits", selection.fits())
        .number("block_length", dependence.blockLength())
        .number("inflation", dependence.inflation())
        .because(selection.toString())
        .because(still.toString())
        .because(dependence.toString())
        .because(picture));
    Version version = loop.deployment.store().publish(made);
    loop.steps.write(loop.steps
        .event(LoopEvent.Kind.PUBLISHED)
        .champion(champion)
        .candidate(version)
        .digest(made.digest())
        .because(made.digest().abbreviated()));
    loop.doing("loaded");
    Prepared ready = loop.deployment.prepare(version);
    loop.doing("tried by the gate");
    loop.hold(ready);
    ReleaseGate.Judgement judgement = ready.using(model -> {
      Evidence trial = loop.deployment.using(serving -> Trial.of(
          evidence,
          Long.toString(champion.number()),
          loop.gate.readsLatency() ? serving : null,
          ready.source(),
          model,
          Long.toString(version.number()),
          tested,
          selection.heldBack(),
          loop.ticker,
          loop.gate.divisions()));
      return loop.gate.judgement(Examination.builder(ready.source(), trial)
          .model(model)
          .rows(selection.heldBack().stream().map(Outcome::labelled).toList())
          .version(version)
          .champion(champion)
          .cancelledWhen(loop::closed)
          .build());
    });
    if (!version.equals(champion)) {
      loop.keep(judgement.report(), version);
    }
    long end = rows.get(rows.size() - 1).position() + 1;
    return () -> judged(new Candidate(loop, champion, ready, change), judgement, end);
  }

  /** Says in the package what it was trained on and why. */
  private static void origin(
      PackageDraft about,
      Version champion,
      RowSelection.Selected selection,
      String picture,
      RetrainDecision answer) {
    List<Outcome> rows = selection.training();
    Outcome first = rows.get(0);
    Outcome last = rows.get(rows.size() - 1);
    about
        .provenance(Provenance.PARENT, champion.toString())
        .provenance(Provenance.PARENT_DIGEST, champion.digest().toString())
        .provenance(Provenance.DECISION, Steps.beginning(answer.toString()))
        .provenance(Provenance.ROWS, rows.size())
        .provenance(Provenance.ROWS_DIGEST, Provenance.digest(selection.rows()).toString())
        .provenance(Provenance.FIRST, Long.toString(first.position()))
        .provenance(Provenance.LAST, Long.toString(last.position()))
        .provenance(Provenance.SINCE, first.servedAt().toString())
        .provenance(Provenance.UNTIL, last.servedAt().toString())
        .provenance(Provenance.PICTURE, picture)
        .provenance(Provenance.HELD_BACK, selection.heldBack().size());
    if (selection.rows().stream().anyMatch(row -> row.weight() != 1.0)) {
      about.provenance(Provenance.EFFECTIVE_ROWS, selection.effectiveRows());
    }
  }

  /** Says in the package what the rows were chosen from and how, so that the training can be done again. */
  private void chosen(
      PackageDraft about,
      List<Outcome> rows,
      OptionalLong change,
      OneTraining training,
      Dependence dependence) {
    about
        .provenance(Provenance.WINDOW, Steps.beginning(loop.window.toString()))
        .provenance(Provenance.WINDOW_FIRST, Long.toString(rows.get(0).position()))
        .provenance(Provenance.CUT, Long.toString(rows.get(rows.size() - 1).position() + 1))
        .provenance(Provenance.BLOCK_LENGTH, dependence.blockLength())
        .provenance(Provenance.INFLATION, dependence.inflation());
    change.ifPresent(at -> about.provenance(Provenance.CHANGE, Long.toString(at)));
    training.seed().ifPresent(seed -> about.provenance(Provenance.SEED, Long.toString(seed)));
  }

  // --- on the thread of a tick
  // -----------------------------------------------------------------------------

  /** The champion that stays is as good as what was trained: nothing is published. */
  private Phase stoodStill(Version champion, StandingStill still, OptionalLong change) {
    loop.judged();
    String why = "nothing is gained by another model: " + still;
    LoopEvent.Builder kept =
        loop.steps.event(LoopEvent.Kind.KEPT).champion(champion).because(why);
    still.numbers().forEach(kept::number);
    change.ifPresent(kept::change);
    loop.steps.write(kept);
    loop.ended(RetrainHistory.Result.KEPT);
    loop.clearSignals(why);
    return new Watching(loop);
  }

  /** Nothing is trained: what helps is for people, or nothing but a note. */
  private Phase proposed(Version champion, Diagnosis found, OptionalLong change) {
    loop.judged();
    String why = found.rung() + " is proposed: " + found.reading();
    LoopEvent.Builder kept =
        loop.steps.event(LoopEvent.Kind.KEPT).champion(champion).because(why);
    change.ifPresent(kept::change);
    loop.steps.write(kept);
    loop.ended(RetrainHistory.Result.KEPT);
    loop.clearSignals(why);
    return new Watching(loop);
  }

  private Phase judged(Candidate candidate, ReleaseGate.Judgement judgement, long end) {
    Finding finding = judgement.finding();
    loop.judged();
    Version version = candidate.version();
    if (version.equals(candidate.champion())) {
      return candidate.keep(Map.of(), version + " was trained again, byte for byte");
    }
    return switch (finding.verdict()) {
      case FAIL ->
        candidate.keep(Map.of(), "cannot promote " + version + ": gate " + finding.text());
      case PASS, INCONCLUSIVE -> gated(candidate, judgement, end);
    };
  }

  private Phase gated(Candidate candidate, ReleaseGate.Judgement judgement, long end) {
    Finding finding = judgement.finding();
    Phase next = Comparing.of(candidate, judgement, end);
    if (!(next instanceof Comparing || next instanceof RollingOut)) {
      return next;
    }
    loop.steps.write(candidate
        .event(
            LoopEvent.Kind.GATED,
            Map.of(),
            finding.verdict() + " (" + finding.text() + "); " + MlopsException.named(loop.plan))
        .position(end));
    return next;
  }

  @Override
  public String attempt() {
    return "decide whether " + loop.alias() + " is trained again";
  }

  @Override
  public String toString() {
    return "watching";
  }
}
