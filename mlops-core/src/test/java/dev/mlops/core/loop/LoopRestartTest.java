package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.testkit.CapturedLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a loop finds that starts on the journal of another process. */
@Timeout(120)
class LoopRestartTest {
  @TempDir
  Path folder;

  /** Journal and store as they were when a process ended. */
  private record Dead(LoopScene scene, Path journal, int written) {}

  /**
   * Runs a whole cycle and ends the process at a journal write.
   *
   * @param at number of the event, from 1
   * @param before whether the process ends just before the event is in the journal, else just after
   */
  private Dead killedAt(int at, boolean before) throws IOException {
    Path home = Files.createDirectory(folder.resolve("killed-" + before + at));
    LoopScene scene = new LoopScene(home);
    Path copy = home.resolve("copy");
    int[] count = {0};
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .to(event -> {
          count[0]++;
          try {
            if (count[0] == (before ? at - 1 : at)) {
              Files.copy(scene.journal, copy);
            }
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          if (count[0] == at) {
            scene.faulty.failEveryCall(); // nothing takes effect any more
          }
        })
        .build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    if (at > 4) {
      scene.serve(100);
      loop.tick();
    }
    assertThat(count[0] >= at).as("events: " + count[0]).isTrue();
    scene.faulty.heal();
    if (!Files.exists(copy)) {
      Files.createFile(copy); // before the first event
    }
    return new Dead(scene, copy, before ? at - 1 : at);
  }

  @Test
  void aProcessThatEndsAtAnyJournalWriteLeavesOneChampion() throws IOException {
    for (int at = 1; at <= 6; at++) {
      for (boolean before : new boolean[] {true, false}) {
        Dead dead = killedAt(at, before);
        String where = (before ? "before" : "after") + " event " + at;
        LoopScene scene = dead.scene;
        boolean moved = scene.moves().size() > 1;
        scene.heard.clear();
        scene.restart(scene.behind);
        try (MaintenanceLoop loop =
            scene.loop(LoopScene.whileFirst()).journal(dead.journal).build()) {
          assertThat(loop.events().size()).as(where).isEqualTo(dead.written);
          loop.tick();
          if (dead.written == 0 || dead.written == 6) {
            assertThat(scene.kinds().stream().filter(k -> !k.equals("WAITING")).toList())
                .as(where)
                .isEmpty();
          } else if (moved) {
            assertThat(scene.heard.get(0).kind().name())
                .as(where + ": the move was made")
                .isEqualTo("PROMOTED");
            assertThat(scene
                    .heard
                    .get(0)
                    .text()
                    .startsWith("found after a restart: the move had been made, "))
                .isTrue();
          } else {
            assertThat(scene.heard.get(0).kind().name()).as(where).isEqualTo("ABANDONED");
            assertThat(scene.heard.get(0).text())
                .as(where)
                .isEqualTo("the process ended before the candidate was decided"
                    + (dead.written == 5 ? "; the move was not made" : "")
                    + "; the champion stays");
          }
          scene.serve(200);
          loop.tick();
          scene.serve(100);
          loop.tick();
          List<LoopEvent> events = loop.events();
          assertThat(scene.moves().size())
              .as(where + ": one promotion, " + events)
              .isEqualTo(2);
          assertThat(events.stream()
                  .filter(e -> e.kind() == LoopEvent.Kind.PROMOTED)
                  .count())
              .as(where)
              .isEqualTo(1);
          assertThat(scene.deployment.champion())
              .as(where)
              .isEqualTo(scene.behind.current(LoopScene.ALIAS).orElseThrow().to());
        }
      }
    }
  }

  @Test
  void theCooldownSurvivesARestart() throws IOException {
    Dead dead = killedAt(2, false);
    LoopScene scene = dead.scene;
    scene.restart(scene.behind);
    scene.serve(200);
    scene.clock.advance(Duration.ofMinutes(59));
    try (MaintenanceLoop loop = scene
        .loop(LoopScene.always().atMostEvery(Duration.ofHours(1)))
        .journal(dead.journal)
        .build()) {
      loop.tick();
      assertThat(scene.last().kind().name()).isEqualTo("ABANDONED");
      assertThat(loop.decision().orElseThrow().outcome())
          .isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
      scene.clock.advance(Duration.ofMinutes(1));
      loop.tick();
      assertThat(scene.last().kind().name()).isEqualTo("GATED");
    }
  }

  @Test
  void theCooldownOfCandidatesThatFailedOrWereKeptSurvivesARestart() throws IOException {
    for (String ended : List.of("FAILED", "KEPT")) {
      LoopScene scene = new LoopScene(Files.createDirectory(folder.resolve(ended)));
      if (ended.equals("FAILED")) {
        scene.trainer.script = rows -> {
          throw new IllegalStateException("no memory");
        };
      }
      MaintenanceLoop.Builder builder = scene
          .loop(LoopScene.always().atMostEvery(Duration.ofHours(1)))
          .gate(evidence -> Finding.fail("no"));
      scene.serve(200);
      try (MaintenanceLoop loop = builder.build()) {
        loop.tick();
        assertThat(scene.last().kind().name()).isEqualTo(ended);
      }
      scene.clock.advance(Duration.ofMinutes(59));
      scene.heard.clear();
      try (MaintenanceLoop loop = builder.build()) {
        loop.tick();
        loop.tick();
        assertThat(scene.kinds()).as(ended).isEmpty();
        scene.clock.advance(Duration.ofMinutes(1));
        scene.serve(20);
        loop.tick();
        assertThat(scene.heard.get(0).kind().name()).as(ended).isEqualTo("RETRAIN");
      }
    }
  }

  /** Three candidates threw, so the fourth is four minutes later, also if the process was restarted meanwhile. */
  @Test
  void theBackOffSurvivesARestart() {
    LoopScene scene = new LoopScene(folder);
    scene.trainer.script = rows -> {
      throw new IllegalStateException("no memory");
    };
    scene.serve(200);
    try (MaintenanceLoop loop = scene.loop(LoopScene.always()).build()) {
      for (int minutes : new int[] {0, 1, 2}) {
        scene.clock.advance(Duration.ofMinutes(minutes));
        loop.tick();
      }
    }
    assertThat(scene.heard.size()).as(scene.kinds().toString()).isEqualTo(6);
    scene.clock.advance(Duration.ofMinutes(4).minusMillis(1));
    try (MaintenanceLoop loop = scene.loop(LoopScene.always()).build()) {
      loop.tick();
      loop.tick();
      assertThat(scene.heard.size()).as("four minutes are not over").isEqualTo(6);
      scene.clock.advance(Duration.ofMillis(1));
      loop.tick();
      assertThat(scene.heard.size()).as("four minutes are over").isEqualTo(8);
      scene.clock.advance(Duration.ofMinutes(8).minusMillis(1));
      loop.tick();
      assertThat(scene.heard.size()).as("it goes on doubling").isEqualTo(8);
    }
  }

  /** A restart while the store cannot be asked waits: it guesses nothing. */
  @Test
  void aMoveIsNotGuessedWhileTheStoreIsDown() throws IOException {
    Dead dead = killedAt(6, true);
    LoopScene scene = dead.scene;
    scene.heard.clear();
    scene.restart(scene.faulty);
    scene.faulty.failEveryCall();
    try (MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst()).journal(dead.journal).build()) {
      loop.tick();
      assertThat(scene.heard).isEmpty();
      assertThat(loop.trouble().orElse("").contains("history, failed on purpose"))
          .isTrue();
      scene.faulty.heal();
      loop.tick();
      assertThat(scene.heard.get(0).kind().name()).isEqualTo("PROMOTED");
      assertThat(loop.trouble()).isEmpty();
    }
  }

  @Test
  void aTornEndOfTheJournalIsToldAndIgnored() throws IOException {
    Dead dead = killedAt(3, false);
    try (FileChannel file = FileChannel.open(dead.journal, StandardOpenOption.WRITE)) {
      file.truncate(file.size() - 5);
    }
    dead.scene.restart(dead.scene.behind);
    List<String> lines;
    try (CapturedLog warned = CapturedLog.of(FileJournal.class);
        MaintenanceLoop loop =
            dead.scene.loop(LoopScene.whileFirst()).journal(dead.journal).build()) {
      lines = warned.messages();
      assertThat(loop.events().stream().map(event -> event.kind().name()).toList())
          .isEqualTo(List.of("RETRAIN", "PUBLISHING"));
      loop.tick();
      assertThat(loop.events().get(2).kind()).isEqualTo(LoopEvent.Kind.ABANDONED);
    }
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0))
        .contains("copy had a torn end")
        .containsPattern("\\d+ bytes ignored at byte \\d+");
  }

  @Test
  void aJournalOfAnotherReleaseIsLeftAsItIs() throws IOException {
    LoopScene scene = new LoopScene(folder);
    try (EventLog log = EventLog.open(scene.journal)) {
      log.append("2\tsomething\telse".getBytes(StandardCharsets.UTF_8));
    }
    byte[] bytes = Files.readAllBytes(scene.journal);
    StoreException e = assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> scene.loop(LoopScene.always()).build())
        .actual();
    assertThat(e).hasMessageContainingAll("format \"2\"", "3 fields", "format 1", "left as it is");
    assertThat(ByteBuffer.wrap(Files.readAllBytes(scene.journal)))
        .isEqualTo(ByteBuffer.wrap(bytes));
    EventLog.open(scene.journal).close(); // and it is not held open
  }
}
