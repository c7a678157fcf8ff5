package dev.mlops.core.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of an engine outlives a restart, a full disk, and a crash at any of its steps. */
class KeptAlertsTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @TempDir
  Path folder;

  private final Map<String, Verdict> says = new HashMap<>();
  private final List<AlertEvent> told = new ArrayList<>();
  private int minute;

  private AlertRule rule(String name) {
    return AlertRule.of(
        name, evidence -> Finding.of(says.getOrDefault(name, Verdict.PASS), "as told"));
  }

  private AlertEngine.Setup setup(AlertRule... rules) {
    return AlertEngine.of(rules).to(told::add).keptIn(folder.resolve("alerts.json"));
  }

  private void evaluate(AlertEngine engine) {
    engine.evaluate(
        Evidence.builder("fraud", NOON.plus(MINUTE.multipliedBy(minute++))).build());
  }

  private List<String> said() {
    List<String> all =
        told.stream().map(event -> event.rule() + " " + event.state()).toList();
    told.clear();
    return all;
  }

  @Test
  void clocksSilencesAndAcknowledgementsGoOnAfterARestart() {
    AlertRule[] rules = {
      rule("held").holding(MINUTE.multipliedBy(3)),
      rule("kept").keepFiring(MINUTE.multipliedBy(3)),
      rule("quiet"),
      rule("mine")
    };
    says.putAll(Map.of(
        "held", Verdict.FAIL, "kept", Verdict.FAIL, "quiet", Verdict.FAIL, "mine", Verdict.FAIL));
    AlertEngine first = setup(rules).reminding(MINUTE).on(Runnable::run);
    first.silence("quiet", NOON.plus(Duration.ofHours(1)), "ana", "known");
    evaluate(first); // 0
    assertThat(first.acknowledge("mine", "ben", "mine")).isTrue();
    says.put("kept", Verdict.PASS);
    evaluate(first); // 1: the clock of keepFiring begins
    said();

    AlertEngine second = setup(rules).reminding(Duration.ofHours(9)).on(Runnable::run);
    assertThat(second.silences()).singleElement().asString().contains("quiet", "ana", "known");
    assertThat(second.acknowledged()).isEqualTo(Map.of("mine", "ben"));
    evaluate(second); // 2
    assertThat(said()).as("nobody is told twice").isEmpty();
    evaluate(second); // 3: held since 0
    assertThat(said()).containsExactly("held FIRING");
    evaluate(second); // 4: kept passes since 1
    assertThat(said()).containsExactly("kept RESOLVED");
    assertThat(second.states().get("quiet")).isEqualTo(State.FIRING);
    says.put("mine", Verdict.PASS);
    evaluate(second);
    assertThat(said()).containsExactly("mine RESOLVED");
    assertThat(second.silence("x", Instant.MAX, "ana", "y").id()).isEqualTo("s2");
  }

  @Test
  void aRuleThatIsNoMoreOrHasOtherLabelsIsResolvedUnderItsOldKey() {
    says.putAll(Map.of("gone", Verdict.FAIL, "moved", Verdict.FAIL, "same", Verdict.FAIL));
    AlertRule gone = rule("gone").severity(AlertRule.Severity.PAGE).label("region", "eu");
    evaluate(setup(gone, rule("moved"), rule("same")).on(Runnable::run));
    Map<String, String> keys = new HashMap<>();
    told.forEach(event -> keys.put(event.rule(), event.key()));
    told.clear();

    evaluate(setup(rule("moved").owner("risk"), rule("same")).on(Runnable::run));
    Map<String, String> resolved = new HashMap<>();
    told.stream()
        .filter(event -> event.state() == State.RESOLVED)
        .forEach(event -> resolved.put(event.rule(), event.key()));
    assertThat(resolved)
        .containsOnlyKeys("gone", "moved")
        .containsEntry("gone", keys.get("gone"))
        .containsEntry("moved", keys.get("moved"));
    assertThat(told)
        .filteredOn(event -> event.state() == State.FIRING)
        .singleElement()
        .satisfies(event -> assertThat(event.labels()).containsEntry("owner", "risk"));
    said();
    evaluate(setup(rule("moved").owner("risk"), rule("same")).on(Runnable::run));
    assertThat(said()).isEmpty();
  }

  /** What was to be told, and had perhaps not arrived, is told again by the next life; what had arrived is not. */
  @Test
  void whatHadNotArrivedIsToldAgainAfterARestart() {
    boolean[] down = {true};
    AlertEngine.Setup setup = AlertEngine.of(rule("a"), rule("b"))
        .to(event -> {
          if (down[0]) {
            throw new IOException("503");
          }
          told.add(event);
        })
        .keptIn(folder.resolve("alerts.json"));
    says.put("a", Verdict.FAIL);
    evaluate(setup.on(Runnable::run));
    down[0] = false;
    AlertEngine second = setup.on(Runnable::run);
    evaluate(second);
    assertThat(said()).containsExactly("a FIRING");
    evaluate(second); // that it has arrived is kept
    AlertEngine third = setup.on(Runnable::run);
    evaluate(third);
    assertThat(said()).isEmpty();

    down[0] = true;
    says.put("a", Verdict.PASS);
    evaluate(third);
    down[0] = false;
    evaluate(setup.on(Runnable::run));
    assertThat(said()).as("also that it is over").containsExactly("a RESOLVED");
  }

  /**
   * The disk is full from one operation on, whichever that is; then it is not, and then the process dies. Nothing is forced: no
   * machine goes down here.
   */
  @Test
  void aFullDiskHarmsNoEvaluationAndNothingAcknowledgedIsLost() {
    for (int full = 0; full < 30; full++) {
      Path file = folder.resolve("full-" + full);
      int[] left = {full};
      StateFile.Disk disk = new StateFile.Disk() {
        @Override
        public void write(FileChannel channel, ByteBuffer bytes) throws IOException {
          spend();
          channel.write(bytes);
        }

        @Override
        public void force(FileChannel channel) throws IOException {
          spend();
        }

        @Override
        public void forceNames(Path names) throws IOException {
          spend();
        }

        private void spend() throws IOException {
          if (left[0]-- <= 0) {
            throw new IOException("No space left on device");
          }
        }
      };
      AlertEngine.Setup setup =
          AlertEngine.of(rule("a"), rule("b")).to(told::add).keptIn(file);
      AlertEngine engine = setup.on(Runnable::run, disk);
      told.clear();
      says.clear();
      TreeSet<String> acknowledged = new TreeSet<>();
      for (int i = 0; i < 6; i++) {
        says.put("a", i % 2 == 0 ? Verdict.FAIL : Verdict.PASS);
        evaluate(engine);
        try {
          acknowledged.add(
              engine.silence("other" + i, Instant.MAX, "ana", "because").id());
        } catch (StoreException e) {
          assertThat(e).hasMessageContaining("full-" + full).hasMessageContaining("No space left");
        }
        assertThat(engine.silences())
            .extracting(Silence::id)
            .containsExactlyElementsOf(acknowledged);
      }
      assertThat(said())
          .as("full at %d", full)
          .containsExactly(
              "a FIRING", "a RESOLVED", "a FIRING", "a RESOLVED", "a FIRING", "a RESOLVED");
      AlertEngine next = setup.on(Runnable::run);
      assertThat(next.silences())
          .as("full at %d", full)
          .extracting(Silence::id)
          .containsAll(acknowledged);
      if (full < 15) {
        assertThat(engine.unkept()).as("full at %d", full).isPositive();
      }
    }
  }

  /** Killed before each operation on the disk in turn: the file is as it was or as it should be, and is read. */
  @Test
  void aCrashAtAnyStepLeavesTheOldOrTheNewState() throws Exception {
    int steps = 0;
    for (int crash = 0; ; crash++) {
      Path file = folder.resolve("crash-" + crash);
      int[] left = {crash};
      boolean[] dead = {false};
      StateFile.Disk disk = new StateFile.Disk() {
        @Override
        public void write(FileChannel channel, ByteBuffer bytes) throws IOException {
          if (left[0] == 0 && !dead[0]) { // half of it is written
            ByteBuffer half = bytes.duplicate();
            channel.write(half.limit(half.position() + half.remaining() / 2));
          }
          step(left, dead);
          channel.write(bytes);
        }

        @Override
        public void force(FileChannel channel) throws IOException {
          step(left, dead);
        }

        @Override
        public void move(Path from, Path to) throws IOException {
          step(left, dead);
          StateFile.Disk.super.move(from, to);
        }

        @Override
        public void forceNames(Path names) throws IOException {
          step(left, dead);
        }
      };
      AlertEngine.Setup setup = AlertEngine.of(rule("a")).to(told::add).keptIn(file);
      AlertEngine engine = setup.on(Runnable::run, disk);
      List<String> kept = new ArrayList<>();
      says.clear();
      for (int i = 0; i < 3 && !dead[0]; i++) {
        says.put("a", i % 2 == 0 ? Verdict.FAIL : Verdict.PASS);
        evaluate(engine);
        try {
          kept.add(engine.silence("x", Instant.MAX, "ana", "because").id());
        } catch (StoreException | Death e) {
          assertThat(dead[0]).isTrue();
        }
      }
      AlertEngine next = setup.on(Runnable::run);
      assertThat(next.silences())
          .as("killed before step %d", crash)
          .extracting(Silence::id)
          .containsAll(kept)
          .hasSizeBetween(kept.size(), kept.size() + 1);
      told.clear();
      says.put("a", Verdict.FAIL);
      evaluate(next);
      evaluate(next);
      assertThat(next.states()).isEqualTo(Map.of("a", State.FIRING));
      if (!dead[0]) {
        break;
      }
      steps++;
    }
    assertThat(steps).isGreaterThan(20);
    assertThat(Files.list(folder).toList()).isNotEmpty();
  }

  private static final class Death extends Error {
    private static final long serialVersionUID = 1;
  }

  private static void step(int[] left, boolean[] dead) {
    if (dead[0] || left[0]-- <= 0) {
      dead[0] = true;
      throw new Death();
    }
  }

  @Test
  void aFileThatHoldsSomethingElseIsRefused() throws Exception {
    Path file = folder.resolve("alerts.json");
    for (String content : List.of(
        "",
        "not json",
        "{\"format\":2,\"rules\":{},\"silences\":[],\"silencesMade\":0,\"storm\":[]}",
        "{\"format\":1,\"rules\":{\"a\":{\"standing\":{\"since\":\"yesterday\",\"toldAt\":\"x\"}}},"
            + "\"silences\":[],\"silencesMade\":0,\"storm\":[]}")) {
      Files.writeString(file, content);
      assertThatThrownBy(() -> setup(rule("a")).on(Runnable::run))
          .as(content)
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll("alerts.json", "not made", "Move the file away");
      assertThat(Files.readString(file)).isEqualTo(content);
    }
  }

  /** A larger one would be refused at the next start, and with it the engine. */
  @Test
  void aStateThatCouldNotBeReadAgainIsNotWritten() throws Exception {
    Path path = folder.resolve("alerts.json");
    StateFile file = new StateFile(path, StateFile.Disk.SYSTEM);
    file.write(Json.of(Map.of("x", "small")));
    byte[] before = Files.readAllBytes(path);
    assertThatThrownBy(() -> file.write(Json.of(Map.of("x", "a".repeat(17 << 20)))))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("alerts.json", "at most 16777216 bytes", "holds what it held");
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    file.write(Json.of(Map.of("x", "a".repeat(16_777_216 - 8))));
    assertThat(file.read()).isPresent();
  }

  /** Written by the first release that kept alerts. It is read for ever. */
  @Test
  void aFileOfFormat1IsRead() throws Exception {
    Files.writeString(
        folder.resolve("alerts.json"),
        "{\"format\":1,\"held\":\"2026-01-01T11:00:00Z\",\"rules\":{\"a\":{\"labels\":{\"severity\":"
            + "\"ticket\"},\"standing\":{\"acknowledgedBy\":\"ben\",\"note\":\"\",\"owed\":true,\"passing\":"
            + "\"2026-01-01T11:59:00Z\",\"since\":\"2026-01-01T11:00:00Z\",\"state\":\"FIRING\",\"told\":"
            + "\"FIRING\",\"toldAt\":\"2026-01-01T11:00:00Z\"}}},\"silences\":[{\"because\":\"known\",\"by\":"
            + "\"ana\",\"id\":\"s1\",\"rules\":\"b\",\"until\":\"2026-01-02T00:00:00Z\"}],\"silencesMade\":1,"
            + "\"storm\":[\"2026-01-01T11:00:00Z\"]}");
    AlertEngine engine = setup(rule("a").keepFiring(MINUTE), rule("b")).on(Runnable::run);
    assertThat(engine.acknowledged()).isEqualTo(Map.of("a", "ben"));
    assertThat(engine.silences()).hasSize(1);
    evaluate(engine); // a passes since 11:59
    assertThat(said()).containsExactly("a RESOLVED", AlertEngine.HELD + " RESOLVED");
  }
}
