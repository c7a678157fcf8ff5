package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.log.Warnings;
import java.util.Optional;

/**
 * Moves a loop through its phases: whether it is at work or waits while another loop is, which phase comes next, and at which
 * one a loop that is halted stays.
 *
 * <p>Guarded by the loop's lock; {@link #now}, {@link #workshop} and {@link #activity} may be asked by any thread.
 */
final class Phases {
  private final MaintenanceLoop.Parts parts;
  private final Steps steps;
  private final Warnings warnings = Warnings.of(MaintenanceLoop.class);
  private volatile Workshop workshop;
  private volatile Phase phase;

  Phases(MaintenanceLoop.Parts parts, Steps steps) {
    this.parts = parts;
    this.steps = steps;
    JournalReplay past = JournalReplay.of(steps.events());
    this.workshop = new Workshop(parts, steps, past);
    this.phase =
        parts.leadership().shared() ? new Following(workshop) : new Recovering(workshop, past);
  }

  /** {@return the phase by the newest tick} */
  Phase now() {
    return phase;
  }

  /** {@return what the phases work with; another one once the lease was taken anew} */
  Workshop workshop() {
    return workshop;
  }

  /** Whether this loop is at work; one that has just taken the lease begins with what the journal says. */
  boolean lead() {
    Leadership leadership = parts.leadership();
    switch (leadership.ask()) {
      case LEADS -> {
        return true;
      }
      case BEGINS -> {
        standDown();
        JournalReplay past = JournalReplay.of(steps.events());
        workshop = new Workshop(parts, steps, past).after(workshop);
        phase = new Recovering(workshop, past);
        leadership.begun();
        return true;
      }
      case FOLLOWS -> {
        standDown();
        workshop.follows();
        workshop.waitQuietlyFor(leadership.holder());
        return false;
      }
    }
    return false;
  }

  /** Gives up what only a loop at work holds. */
  private void standDown() {
    if (!(phase instanceof Following)) {
      close();
      phase = new Following(workshop);
    }
  }

  /** Gives up the candidate and what else only a loop at work holds. */
  void close() {
    workshop.close();
    if (!(phase instanceof Working working) || working.giveUp()) {
      workshop.closeCandidate();
    }
  }

  /** Goes as far as it can without waiting, at most to the end of one candidate. */
  void advance() {
    boolean halted = !workshop.operators.mayGoOn();
    boolean further = true;
    if (!(phase instanceof Recovering)
        && !(phase instanceof Promoting)
        && (!halted || workshop.reserves.returning())) {
      workshop.reserves.advance();
      further = !workshop.reserves.returning();
    }
    if (further) {
      workshop.served(parts.deployment().champion());
    }
    while (further && !(halted && held(phase))) {
      further = step();
    }
  }

  /** One step; whether another may follow at once. */
  @SuppressWarnings("ReferenceEquality") // whether the phase stays, not whether another is like it
  private boolean step() {
    Phase now = phase;
    Phase next = now.advance();
    phase = next;
    boolean ended = next instanceof Watching && !(now instanceof Recovering);
    return next != now && !ended;
  }

  /** What a loop that is halted stays at: nothing is begun or promoted, and what was begun beside another champion ends. */
  private static boolean held(Phase phase) {
    return phase instanceof Watching
        || (phase instanceof Comparing shadow && shadow.timely())
        || (phase instanceof RollingOut rollout && rollout.holds())
        || (phase instanceof Awaiting waits && waits.timely());
  }

  /** {@return where the retraining is; empty while another loop is at work} */
  Optional<Activity> activity() {
    Phase now = phase;
    if (now instanceof Following) {
      return Optional.empty();
    }
    Optional<LoopEvent> halt = workshop.operators.halted();
    if (halt.isPresent()) {
      return activity(Activity.State.HALTED, String.join("; ", halt.get().reasons()));
    }
    if (now instanceof Comparing || now instanceof RollingOut) {
      return activity(Activity.State.COMPARING, now.toString());
    }
    if (now instanceof Awaiting) {
      return activity(Activity.State.AWAITING, now.toString());
    }
    if (!(now instanceof Watching || now instanceof Recovering)) {
      return activity(Activity.State.RUNNING, now.toString());
    }
    return Optional.of(workshop.ended());
  }

  private static Optional<Activity> activity(Activity.State state, String reason) {
    return Optional.of(new Activity(state, reason));
  }

  /** {@return the candidate that waits for a word} */
  Awaiting waiting(Version version) {
    if (phase instanceof Awaiting waits && waits.version().equals(version)) {
      return waits;
    }
    throw new IllegalStateException(version + " must wait for approval, but the loop on "
        + parts.deployment().alias() + " is " + phase + "; nothing was done");
  }

  /** Keeps the champion instead of the candidate that waits. */
  void reject(Version version, String by, String because) {
    phase = waiting(version).reject(by, because);
  }

  /** Lets another loop be at work at once. */
  void giveLeaseBack() {
    try {
      parts.leadership().release();
    } catch (Throwable e) { // it ends by itself
      warnings.once(
          "lease",
          "the lease of the loop on " + parts.deployment().alias() + " was not given back",
          e);
    }
  }
}
