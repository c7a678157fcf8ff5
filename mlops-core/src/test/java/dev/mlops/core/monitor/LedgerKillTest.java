package dev.mlops.core.monitor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} while the ledger is written: nothing that a tick had taken is lost, and nothing counts twice. */
class LedgerKillTest {
  @TempDir
  private Path folder;

  @Test
  void aKilledProcessLosesAtMostOneTick() throws Exception {
    killed(3, 7);
  }

  @Test
  @Tag("slow")
  void twentyFiveKilledProcessesLoseAtMostOneTickEach() throws Exception {
    killed(25, 8);
  }

  private void killed(int times, long seed) throws Exception {
    Random random = new Random(seed);
    Set<Integer> predictions = new LinkedHashSet<>();
    Set<Integer> joined = new LinkedHashSet<>();
    int began = 0;
    for (int kill = 1; kill <= times; kill++) {
      Process child = LedgerChild.start(folder, began);
      int ticks;
      try (BufferedReader out = child.inputReader(UTF_8)) {
        assertThat(LedgerChild.ticks(out, 1)).as("the child began").isEqualTo(1);
        int wanted = random.nextInt(40);
        ticks = 1 + LedgerChild.ticks(out, wanted);
        // At a random moment of what the next tick does.
        long until = System.nanoTime() + random.nextInt(8_000_000);
        while (System.nanoTime() < until) {
          Thread.onSpinWait();
        }
        child.toHandle().destroyForcibly(); // leaves what was printed to be read
        ticks += LedgerChild.ticks(out, Integer.MAX_VALUE);
      }
      assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
      for (int tick = 0; tick < ticks; tick++) {
        int first = began + tick * LedgerChild.EACH_TICK;
        for (int key = first; key < first + LedgerChild.EACH_TICK; key++) {
          predictions.add(key);
        }
        joined.addAll(LedgerChild.truths(first, began));
      }
      check(kill, predictions.size(), joined.size());
      began += (ticks + 10) * LedgerChild.EACH_TICK;
    }
    try (MicrometerMonitor monitor = LedgerChild.open(folder)) {
      long before = monitor.evidence().truths(TruthState.JOINED);
      joined.forEach(key -> monitor.truth("k" + key, LedgerChild.truth(key)));
      monitor.tick();
      assertThat(monitor.evidence().truths(TruthState.JOINED))
          .as("no truth that a tick had taken is lost")
          .isEqualTo(before);
      assertThat(monitor.evidence().duplicates()).isEqualTo(joined.size());
      predictions.stream()
          .filter(key -> !joined.contains(key))
          .forEach(key -> monitor.truth("k" + key, LedgerChild.truth(key)));
      monitor.tick();
      Evidence evidence = monitor.evidence();
      assertThat(evidence.orphans())
          .as("no prediction that a tick had taken is lost")
          .isZero();
      assertThat(evidence.truths(TruthState.JOINED) + evidence.duplicates() - joined.size())
          .isBetween(
              (long) predictions.size(), predictions.size() + (long) times * LedgerChild.EACH_TICK);
    }
  }

  /** The counts of a life that begins after the kill. */
  private void check(int kill, int predictions, int joined) {
    try (MicrometerMonitor monitor = LedgerChild.open(folder)) {
      Evidence evidence = monitor.evidence();
      VersionEvidence section = evidence.champion().orElseThrow();
      String which = "kill " + kill;
      long unsaid = (long) kill * LedgerChild.EACH_TICK;
      assertThat(section.recorded()).as(which).isBetween((long) predictions, predictions + unsaid);
      assertThat(section.joined())
          .as(which)
          .isEqualTo(evidence.truths(TruthState.JOINED))
          .isBetween((long) joined, joined + unsaid);
      assertThat(section.joined() + section.expired() + section.waiting())
          .as(which)
          .isEqualTo(section.recorded());
      assertThat(section.expired()).as(which).isZero();
      List<Outcome> outcomes = monitor.outcomes().between(0, monitor.outcomes().end());
      assertThat(outcomes).as(which).hasSize((int) section.matured());
      assertThat(outcomes.stream().map(Outcome::id).distinct()).as(which).hasSameSizeAs(outcomes);
      outcomes.forEach(outcome -> {
        int key = (int) outcome.row().number(0);
        assertThat(outcome.truth()).as(which).isEqualTo(LedgerChild.truth(key));
        assertThat(outcome.row().category(1)).as(which).isEqualTo("c" + key % 5);
      });
    }
  }
}
