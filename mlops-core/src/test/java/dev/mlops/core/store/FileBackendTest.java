package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.StoreBackend;
import dev.mlops.api.store.StoreBackend.Cell;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.store.FaultyFiles.Crash;
import dev.mlops.core.store.FaultyFiles.When;
import dev.mlops.testkit.CoordinationContract;
import dev.mlops.testkit.ManualClock;
import dev.mlops.testkit.StoreBackendContract;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FileBackendTest extends StoreBackendContract {
  private static final Path MOUNT = Path.of("mount").toAbsolutePath();
  private static final Path ROOT = MOUNT.resolve("store");
  private static final String CELL = "leases/fraud";

  private final ManualClock clock = new ManualClock();

  @Override
  protected StoreBackend open(Path folder, InstantSource clock) {
    return FileBackend.open(folder, clock);
  }

  private FileBackend open(FaultyFiles files) {
    return FileBackend.open(ROOT, clock, files);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  /** The files of a cell do not add up, and its versions go on. */
  @Test
  void aCellKeepsFewFilesHoweverOftenItIsWritten() throws IOException {
    FaultyFiles files = new FaultyFiles(MOUNT);
    FileBackend backend = open(files);
    long version = 0;
    for (int i = 1; i <= 200; i++) {
      version = backend.write(CELL, version, bytes("value " + i)).orElseThrow();
      assertThat(version).isEqualTo(i);
    }
    List<String> names = files.list(ROOT.resolve("cells/leases/fraud/@"));
    assertThat(names).hasSizeBetween(17, 33).contains("begun", RecordFiles.name(200));
    assertThat(open(files).cell(CELL)).contains(new Cell(200, bytes("value 200")));
  }

  /** A process that reads slowly is overtaken by others between its look and its link. */
  @Test
  void aWriterWhoWasOvertakenManyTimesNeverWins() {
    for (int from : new int[] {0, 5}) {
      FaultyFiles files = new FaultyFiles(MOUNT);
      FileBackend slow = open(files);
      FileBackend fast = open(files);
      long version = 0;
      for (int i = 1; i <= from; i++) {
        version = fast.write(CELL, version, bytes("before " + i)).orElseThrow();
      }
      long read = version;
      String link = "link store/cells/leases/fraud/@/" + RecordFiles.name(read + 1);
      files.meanwhile = operation -> {
        if (operation.equals(link)) {
          files.meanwhile = none -> {};
          long at = read;
          for (int i = 0; i < 60; i++) {
            at = fast.write(CELL, at, bytes("fast " + i)).orElseThrow();
          }
        }
      };
      assertThatThrownBy(() -> slow.write(CELL, read, bytes("slow")))
          .isInstanceOf(CommitUnknownException.class)
          .hasMessageContaining("cells/leases/fraud");
      for (FileBackend reader : List.of(slow, fast, open(files))) {
        assertThat(reader.cell(CELL)).contains(new Cell(read + 60, bytes("fast 59")));
      }
      assertThat(slow.write(CELL, read + 60, bytes("slow"))).hasValue(read + 61);
      assertThat(fast.cell(CELL)).contains(new Cell(read + 61, bytes("slow")));
    }
  }

  /** Two that start alike: one wins, whatever the order of their operations. */
  @Test
  void aWriterWhoWasOvertakenOnceLoses() {
    FaultyFiles files = new FaultyFiles(MOUNT);
    FileBackend slow = open(files);
    FileBackend fast = open(files);
    files.meanwhile = operation -> {
      if (operation.startsWith("link store/cells")) {
        files.meanwhile = none -> {};
        assertThat(fast.write(CELL, 0, bytes("the same"))).hasValue(1);
      }
    };
    assertThat(slow.write(CELL, 0, bytes("the same"))).isEmpty();
    assertThat(slow.cell(CELL)).contains(new Cell(1, bytes("the same")));
  }

  /** A short life of a cell, far enough for old files to be removed. */
  private static final class Life {
    long version;
    int done;

    void go(FileBackend backend) {
      while (done < 40) {
        if (done % 10 == 9) {
          assertThat(backend.delete(CELL, version)).isTrue();
          version = 0;
        } else {
          version = backend.write(CELL, version, bytes("value " + done)).orElseThrow();
        }
        done++;
      }
    }

    Optional<String> after(int steps) {
      return steps == 0 || steps % 10 == 0 ? Optional.empty() : Optional.of("value " + (steps - 1));
    }
  }

  private Optional<String> value(FaultyFiles files) {
    return open(files).cell(CELL).map(cell -> new String(cell.value(), UTF_8));
  }

  @ParameterizedTest
  @EnumSource(When.class)
  void aCrashOrPowerCutAtAnyOperationLeavesTheOldValueOrTheNew(When when) {
    FaultyFiles clean = new FaultyFiles(MOUNT);
    new Life().go(open(clean));
    int operations = clean.operations;
    assertThat(operations).isGreaterThan(300);
    for (boolean power : new boolean[] {false, true}) {
      for (int n = 0; n < operations; n += 3) {
        FaultyFiles files = new FaultyFiles(MOUNT);
        Life life = new Life();
        files.crashAt(n, when);
        boolean crashed = false;
        try {
          life.go(open(files));
        } catch (Crash e) {
          crashed = true;
        }
        assertThat(crashed).isTrue();
        if (power) {
          files.powerCut();
        } else {
          files.calm();
        }
        assertThat(value(files))
            .as("%s operation %d, power cut %s, after %d steps", when, n, power, life.done)
            .isIn(life.after(life.done), life.after(life.done + 1));
        Optional<Cell> now = open(files).cell(CELL);
        long version = now.map(Cell::version).orElse(0L);
        assertThat(open(files).write(CELL, version, bytes("on"))).isPresent();
        files.powerCut();
        assertThat(value(files)).contains("on");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(When.class)
  void aFaultAtAnyOperationChangesNothingOrIsUnknown(When when) {
    FaultyFiles clean = new FaultyFiles(MOUNT);
    new Life().go(open(clean));
    int unknown = 0;
    for (int n = 0; n < clean.operations; n += 3) {
      FaultyFiles files = new FaultyFiles(MOUNT);
      Life life = new Life();
      files.failAt(n, when);
      try {
        life.go(open(files));
      } catch (CommitUnknownException e) {
        unknown++;
        assertThat(value(files)).isIn(life.after(life.done), life.after(life.done + 1));
      } catch (StoreException e) {
        assertThat(value(files))
            .as("%s operation %d: %s", when, n, e.getMessage())
            .isEqualTo(life.after(life.done));
      }
    }
    assertThat(unknown).isPositive();
  }

  @Test
  void aDamagedCellIsRefusedByName() throws IOException {
    FaultyFiles files = new FaultyFiles(MOUNT);
    open(files).write(CELL, 0, bytes("value"));
    files.plant(ROOT.resolve("cells/leases/fraud/@/" + RecordFiles.name(1)), bytes("{}"));
    assertThatThrownBy(() -> open(files).cell(CELL))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("cells/leases/fraud/@/" + RecordFiles.name(1));
  }

  @Test
  void opensForReadingWhereNothingMayBeWritten() throws IOException {
    FaultyFiles files = new FaultyFiles(MOUNT);
    FileBackend before = open(files);
    byte[] weights = bytes("weights");
    before.put(Digest.of(weights), new ByteArrayInputStream(weights));
    before.append("models/m/versions", 1, bytes("one"));
    before.write(CELL, 0, bytes("value"));
    files.delete(ROOT.resolve("quarantine"));
    files.readOnly = true;
    files.calm();

    List<FileBackend> opened = new ArrayList<>();
    opened.add(FileBackend.openReadOnly(ROOT, clock, files));
    assertThat(files.trace).as("opening for reading").noneMatch(FaultyFiles::writes);
    opened.add(open(files));
    for (FileBackend backend : opened) {
      assertThat(backend.open(Digest.of(weights))).isPresent();
      assertThat(backend.get("models/m/versions", 1)).isEqualTo(bytes("one"));
      assertThat(backend.cell(CELL)).isPresent();
      assertThat(backend.setAside(Digest.of(weights))).isFalse();
      String wanted = backend == opened.get(0) ? "reading only" : "Read-only file system";
      assertThatThrownBy(() -> backend.append("models/m/versions", 2, bytes("two")))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(wanted);
      assertThatThrownBy(() -> backend.write(CELL, 1, bytes("two")))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(wanted);
      assertThatThrownBy(() -> backend.delete(CELL, 1))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(wanted);
      assertThatThrownBy(
              () -> backend.put(Digest.of(new byte[1]), new ByteArrayInputStream(new byte[1])))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(wanted);
    }
    files.readOnly = false;
    assertThat(opened.get(1).append("models/m/versions", 2, bytes("two")))
        .as("once it can be written again")
        .isTrue();
  }

  @Test
  void openingForReadingMakesNoStore() {
    FaultyFiles files = new FaultyFiles(MOUNT);
    assertThatThrownBy(() -> FileBackend.openReadOnly(ROOT, clock, files))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("\"store\"")
        .hasMessageContaining("store.json");
    assertThat(files.trace).noneMatch(FaultyFiles::writes);
  }

  /** Two processes on one folder, as two backends that share nothing but the files. */
  @Nested
  class Leases extends CoordinationContract {
    private final List<FileBackend> opened = new ArrayList<>();

    @Override
    protected Coordination open(Path folder, InstantSource clock) {
      FileBackend backend = FileBackend.open(folder, clock);
      opened.add(backend);
      return Coordination.over(backend);
    }

    @AfterEach
    void close() {
      opened.forEach(FileBackend::close);
    }
  }

  @Test
  void aLeaseOutlivesTheProcessThatTookItAndEndsByTheClock() {
    FaultyFiles files = new FaultyFiles(MOUNT);
    Lease lease = Coordination.over(open(files))
        .acquire("fraud/rollout", "replica-a", Duration.ofMinutes(1))
        .orElseThrow();
    files.powerCut();
    Coordination after = Coordination.over(open(files));
    assertThat(after.holder("fraud/rollout")).contains(lease);
    assertThat(after.acquire("fraud/rollout", "replica-b", Duration.ofMinutes(1)))
        .isEmpty();
    clock.advance(Duration.ofMinutes(1));
    assertThat(after.acquire("fraud/rollout", "replica-b", Duration.ofMinutes(1)))
        .get()
        .extracting(Lease::token)
        .isEqualTo(lease.token() + 1);
  }
}
