package dev.mlops.core.monitor;

import dev.mlops.api.model.Names;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Dependence;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.profile.Skill;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What a monitor tells its host through the log: each cause once, with the remedy.
 *
 * <p>Thread-safe.
 */
final class MonitorWarnings {
  private final Warnings warnings = Warnings.of(MicrometerMonitor.class);
  /** Apart, and anew for each release, so that many releases leave room for other causes. */
  private final Warnings releases = Warnings.of(MicrometerMonitor.class);

  /** How many ways in which segments cannot be read are told. */
  private static final int MOST_CAUSES = 16;

  private final String model;
  // Read before the text is made: these may come with every prediction, outcome or tick.
  private volatile boolean saidFull;
  private volatile boolean saidContended;
  private volatile boolean saidOverflow;
  private volatile boolean saidStrange;
  private final Set<String> saidUnsegmented = ConcurrentHashMap.newKeySet();

  MonitorWarnings(String model) {
    this.model = Warnings.shown(model);
  }

  /** For what others warn of. */
  Warnings log() {
    return warnings;
  }

  /** Predictions found no slot; a remedy follows. */
  void full(String remedy) {
    if (!saidFull) {
      saidFull = true;
      warnings.once(
          "full", "predictions of " + model + " are dropped and counted: " + remedy, null);
    }
  }

  /** Predictions found no slot though some were free. */
  void contended() {
    if (!saidContended) {
      saidContended = true;
      warnings.once(
          "contended",
          "predictions of " + model
              + " are dropped and counted: too many threads record at once, and slots are free;"
              + " record from fewer threads",
          null);
    }
  }

  /** Truths found no room; a remedy follows. */
  void lost(String remedy) {
    warnings.once("lost", "truths of " + model + " are lost and counted: " + remedy, null);
  }

  /** Taking a prediction or a truth threw. */
  void missed(String what, Throwable thrown) {
    warnings.once(what + " " + thrown.getClass(), what, thrown);
  }

  /** A truth came for a prediction of another kind. */
  void otherKind(Prediction prediction) {
    warnings.once(
        "kind",
        "a truth came for a " + prediction.getClass().getSimpleName() + " of " + model
            + " that is of another kind; such truths are counted as conflicts, and the prediction goes on waiting",
        null);
  }

  /** A truth came whose label is spelt as none of the version's is. */
  void unspelt(Spelling spelling) {
    String label = spelling.strange();
    if (!saidStrange && label != null) {
      saidStrange = true;
      warnings.once(
          "label",
          "a truth of " + model + " has the label " + Warnings.shown(label)
              + (spelling.scored()
                  ? ", which its prediction has no score for"
                  : ", which no prediction and no test row had")
              + "; it counts as a wrong prediction, but is it spelt as the model spells it?"
              + spelling
                  .meant()
                  .map(near -> " Is \"" + Warnings.shown(near) + "\" meant?")
                  .orElse(""),
          null);
    }
  }

  /** The segment of a row could not be read. */
  void unsegmented(String segmentation, String how, @Nullable Throwable thrown) {
    if (saidUnsegmented.size() < MOST_CAUSES && saidUnsegmented.add(segmentation + '\n' + how)) {
      warnings.once(
          "segment " + segmentation + " " + how,
          "segments of " + model + " by " + Warnings.shown(segmentation) + ": "
              + Warnings.shown(how)
              + "; such rows are recorded, in no segment, and counted as unassigned",
          thrown);
    }
  }

  /** More predictions waited than a limit; a remedy follows. */
  void overflow(int most, Ledger ledger) {
    if (!saidOverflow) {
      saidOverflow = true;
      warnings.once(
          "overflow",
          "more than " + most + " predictions of " + model
              + " waited: the oldest of them were ended before their horizon, those with a truth as matured, the others as"
              + " expired; let more wait (MonitorConfig.awaiting), or one in so many (MonitorConfig.samplingOneIn)"
              + ledger.wouldWait(),
          null);
    }
  }

  /** Rows or predictions of a version could not be read. */
  void unreadable(String version, Throwable fault) {
    warnings.once(
        "fault " + fault.getClass().getName(),
        "a row or prediction of version " + Warnings.shown(version) + " could not be read ("
            + fault.getClass().getName() + "); such predictions are dropped and counted",
        fault);
  }

  /**
   * A version became the champion: says what is known of its skill, and of each watch its limit, the smallest fall that it can
   * find and how soon.
   */
  void released(Section section) {
    String version = "version " + Warnings.shown(section.version) + " of " + model;
    releases.again();
    Skill.doubt(section.baseline)
        .ifPresent(doubt -> releases.once(
            "skill",
            version + " is not known to be better than a model that knows nothing: " + doubt,
            null));
    section
        .baseline
        .unseenPositive()
        .ifPresent(unseen -> releases.once("positive", version + ": " + unseen, null));
    section.watchers.forEach((watch, watcher) -> {
      if (watcher.findsNothing()) {
        releases.once(
            "finds nothing " + watch,
            "the watch \"" + watch + "\" of " + version + " can find nothing: " + watcher.note()
                + "; test on more rows, measure the metric in the test phase"
                + " (TestPhase.measuring), or allow a smaller tolerance or more false alarms",
            null);
      } else if (!watcher.note().isEmpty()) {
        say(version + " is watched, \"" + watch + "\": " + watcher.note());
      }
    });
  }

  /** A watch of latency found that it grew: says where to look, if anybody knows. */
  void slower(Section section, Watch watch, DriftReading reading) {
    releases.again();
    releases.once(
        "slower " + watch,
        "predictions of version " + Warnings.shown(section.version) + " of " + model
            + " are slower, \"" + watch + "\": " + reading + "; "
            + section
                .responses
                .growth()
                .map(Object::toString)
                .orElse(
                    "their mean has not grown since they were first served: look at the slowest ones,"
                        + " or at the machine that the test phase ran on"),
        null);
  }

  /** Truths came, and none had the positive label; told once for a section. */
  void positiveNeverTrue(Section section) {
    if (section.saidNeverPositive) {
      return;
    }
    section.saidNeverPositive = true;
    releases.again();
    LabelCounts labels = section.labels;
    section
        .baseline
        .schema()
        .positiveLabel()
        .ifPresent(positive -> releases.once(
            "never positive",
            "none of " + labels.trueLabels() + " truths of version "
                + Warnings.shown(section.version) + " of " + model + " has the positive label \""
                + Warnings.shown(positive) + "\""
                + Names.nearest(positive, labels.others())
                    .map(near -> "; is \"" + Warnings.shown(near) + "\" meant?")
                    .orElse(""),
            null));
  }

  /** Losses depend on those before them, and the baseline does not say so; told once for a section. */
  void dependent(Section section) {
    Dependence found = section.beside.untold();
    if (found == null || section.saidDependent) {
      return;
    }
    section.saidDependent = true;
    releases.again();
    releases.once(
        "dependent",
        "losses of version " + Warnings.shown(section.version) + " of " + model
            + " depend on those before them (" + found
            + "), and its baseline was told of no dependence: intervals of its quality are too narrow"
            + " by a factor of "
            + String.format(Locale.ROOT, "%.2g", Math.sqrt(found.inflation()))
            + ", and a promise about false alarms may break; test on rows in order of time (TestPhase"
            + " measures the dependence), or give it to the baseline (Baseline.Builder.dependence)",
        null);
  }

  /** The log of the ledger cannot be used. */
  void noLog(Throwable thrown) {
    warnings.once(
        "log",
        "the ledger of " + model + " is kept in memory alone, and a restart forgets it: "
            + Warnings.shown(thrown),
        thrown);
  }

  /** Something in the log of the ledger could not be read. */
  void damagedLog(List<String> damages) {
    warnings.once(
        "damaged log",
        "the log of the ledger of " + model + " could not be read as a whole: "
            + Warnings.shown(String.join("; ", damages)).replace('\n', ' ')
            + "; the rest of it was, and what is missing is not open any more",
        null);
  }

  /** Predictions were open by the counts in the log, and are not in it. */
  void missingInLog(long count) {
    say(count + " predictions of " + model
        + " that waited before the restart are not in the log of the ledger, since their segment has gone or"
        + " they could not be written; they count as expired");
  }

  /** A version has columns of which the log can write nothing by their policy. */
  void unsuitedPolicies(String version, Set<String> columns) {
    warnings.once(
        "policies " + columns,
        "the policies of columns " + Warnings.shown(String.join(", ", columns)) + " of version "
            + Warnings.shown(version) + " of " + model
            + " do not suit their type (bucket is of numbers, prefix of categories); the log writes nothing of them",
        null);
  }

  /** Someone decided to keep the champion though there were signals. */
  void cleared(String because) {
    say("drift signals of " + model + " cleared, the champion is kept: " + Warnings.shown(because));
  }

  /** Someone took new rows for the normal input of the champion. */
  void accepted(String version, AcceptedFeatures accepted) {
    say("version " + Warnings.shown(version) + " of " + model + ": " + accepted);
  }

  private static void say(String message) {
    try {
      System.getLogger(MicrometerMonitor.class.getName()).log(System.Logger.Level.INFO, message);
    } catch (RuntimeException loggerThrew) {
      // The host's logger; nothing depends on it.
    }
  }
}
