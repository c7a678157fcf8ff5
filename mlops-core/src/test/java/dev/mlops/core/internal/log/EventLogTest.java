package dev.mlops.core.internal.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.log.EventLog.Tail;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventLogTest {
  @TempDir
  Path folder;

  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("journal.log");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private void append(String... events) {
    try (EventLog log = EventLog.open(file)) {
      for (String event : events) {
        log.append(bytes(event));
      }
    }
  }

  private List<String> events() {
    List<String> events = new ArrayList<>();
    EventLog.read(file, event -> events.add(new String(event, UTF_8)));
    return events;
  }

  @Test
  void eventsComeBackInOrderAfterOpeningAgain() {
    append("one", "", "three");
    try (EventLog log = EventLog.open(file)) {
      log.append(List.of(bytes("four"), bytes("five")));
      log.append(List.of());
      List<String> own = new ArrayList<>();
      log.read(event -> own.add(new String(event, UTF_8)));

      assertThat(own).containsExactly("one", "", "three", "four", "five");
      assertThat(log.tail().ignored()).isZero();
    }
    assertThat(events()).containsExactly("one", "", "three", "four", "five");
  }

  /** The format of release 0.1, byte for byte; CRC32C by its definition (RFC 3720, B.4), computed with Python. */
  @Test
  void theFormatIsTheOneThatIsReadForEver() throws IOException {
    append("hi");

    assertThat(Files.readAllBytes(file)).isEqualTo(HexFormat.of().parseHex(FORMAT));
  }

  /** Logs that release 0.1 wrote: events of any bytes, and one torn within its last. */
  @ParameterizedTest
  @ValueSource(strings = {"events", "events-torn"})
  void aLogOfTheFirstReleaseIsReadAndAppendedTo(String name) throws Exception {
    URL expectedAt = requireNonNull(EventLogTest.class.getResource("/formats/0.1/expected.txt"));
    Properties expected = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(expectedAt.toURI()))) {
      expected.load(reader);
    }
    Files.copy(Path.of(expectedAt.toURI()).resolveSibling(name + ".log"), file);
    List<String> wanted = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(expected.getProperty(name + ".count")); i++) {
      wanted.add(expected.getProperty(name + "." + i));
    }

    List<String> found = new ArrayList<>();
    Tail tail = EventLog.read(file, event -> found.add("hex:" + HexFormat.of().formatHex(event)));
    assertThat(found).isEqualTo(wanted);
    assertThat(tail).hasToString(expected.getProperty(name + ".tail"));

    append("one more");
    wanted.add("hex:" + HexFormat.of().formatHex(bytes("one more")));
    found.clear();
    EventLog.read(file, event -> found.add("hex:" + HexFormat.of().formatHex(event)));
    assertThat(found).isEqualTo(wanted);
  }

  private static final String FORMAT =
      "6d6c6f70736c6f67000000019a5179620000000682e333661cb98097000000026869";

  @Test
  void aTailTornAtAnyByteIsIgnoredReportedAndCutOff() throws IOException {
    append("one", "two");
    int whole = (int) Files.size(file);
    append("the third");
    byte[] bytes = Files.readAllBytes(file);
    for (int length = whole; length < bytes.length; length++) {
      Files.write(file, Arrays.copyOf(bytes, length));

      Tail seen = EventLog.read(file, event -> {});
      assertThat(seen).isEqualTo(new Tail(whole, length - whole));
      assertThat(seen).hasToString((length - whole) + " bytes ignored at byte " + whole);
      try (EventLog log = EventLog.open(file)) {
        assertThat(log.tail()).isEqualTo(seen);
        assertThat(Files.size(file)).isEqualTo(whole);
        log.append(bytes("again"));
      }
      assertThat(events()).containsExactly("one", "two", "again");
    }
  }

  /** A file whose header was never whole was never acknowledged. */
  @Test
  void aHeaderTornAtAnyByteIsWrittenAgain() throws IOException {
    append();
    byte[] header = Files.readAllBytes(file);
    for (int length = 0; length <= header.length; length++) {
      for (boolean zeros : new boolean[] {false, true}) {
        Files.write(file, zeros ? new byte[length] : Arrays.copyOf(header, length));
        append("one");
        assertThat(events()).as(length + " bytes, zeros " + zeros).containsExactly("one");
      }
    }
  }

  @Test
  void zerosOrNoiseAtTheEndAreATornTail() throws IOException {
    append("one", "two");
    byte[] bytes = Files.readAllBytes(file);
    byte[] noise = new byte[100_000];
    for (int seed = 0; seed < 10; seed++) {
      if (seed > 0) {
        new Random(seed).nextBytes(noise);
      }
      Files.write(file, bytes);
      Files.write(file, noise, StandardOpenOption.APPEND);
      assertThat(EventLog.read(file, event -> {}))
          .as("seed " + seed)
          .isEqualTo(new Tail(bytes.length, noise.length));
      append("three");
      assertThat(events()).as("seed " + seed).containsExactly("one", "two", "three");
    }
  }

  /** Whichever byte: the events before it are given, none is ever changed or skipped. */
  @Test
  void aDamagedByteIsNeverSkipped() throws IOException {
    append("one", "two", "three");
    byte[] bytes = Files.readAllBytes(file);
    long last = bytes.length - EventLog.FRAME - 4 - "three".length();
    for (int at = EventLog.HEADER; at < bytes.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = bytes.clone();
        damaged[at] ^= (byte) (1 << bit);
        Files.write(file, damaged);
        List<String> seen = new ArrayList<>();
        String where = "byte " + at + ", bit " + bit;
        if (at >= last) {
          Tail tail = EventLog.read(file, event -> seen.add(new String(event, UTF_8)));
          assertThat(tail).as(where).isEqualTo(new Tail(last, bytes.length - last));
          assertThat(seen).as(where).containsExactly("one", "two");
        } else {
          assertThatThrownBy(() -> EventLog.read(file, event -> seen.add(new String(event, UTF_8))))
              .as(where)
              .isInstanceOf(StoreException.class);
          assertThat(seen).as(where).isEqualTo(at < 35 ? List.of() : List.of("one"));
          assertThatThrownBy(() -> EventLog.open(file)).isInstanceOf(StoreException.class);
          assertThat(Files.readAllBytes(file)).as(where).isEqualTo(damaged);
        }
      }
    }
  }

  @Test
  void damageInTheMiddleSaysWhereAndChangesNothing() throws IOException {
    append("one", "two", "three");
    byte[] bytes = Files.readAllBytes(file);
    bytes[EventLog.HEADER + EventLog.FRAME + 4] ^= 1;
    Files.write(file, bytes);

    assertThatThrownBy(() -> EventLog.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("journal.log", "byte 16", "byte 35", "no whole frame");
    assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
  }

  /** A frame names its offset: what looks like one elsewhere is none. */
  @Test
  void aTornEventThatHoldsALogIsATornTail() throws IOException {
    append("one", "two");
    byte[] log = Files.readAllBytes(file);
    try (EventLog opened = EventLog.open(file)) {
      opened.append(log);
    }
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));

    assertThat(EventLog.read(file, event -> {}).position()).isEqualTo(log.length);
  }

  @Test
  void refusesWhatIsNoLogOrANewerOne() throws IOException {
    Files.writeString(file, "a text that is long enough");
    assertThatThrownBy(() -> EventLog.open(file))
        .hasMessageContainingAll(
            "journal.log", "nothing was changed", "wanted an event log", "other bytes");
    Files.writeString(file, "short");
    assertThatThrownBy(() -> EventLog.open(file))
        .hasMessageContainingAll(
            "journal.log", "nothing was changed", "wanted an event log", "other bytes");
    assertThat(Files.readString(file)).isEqualTo("short");

    Files.write(file, HexFormat.of().parseHex(NEWER));
    assertThatThrownBy(() -> EventLog.open(file))
        .hasMessageContainingAll("journal.log", "version 2", "reads 1 to 1", "nothing was changed");

    Path directory = Files.createDirectory(folder.resolve("directory"));
    assertThatThrownBy(() -> EventLog.open(directory))
        .hasMessageContainingAll("nothing was changed", "must be a regular file", "directory");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertThatThrownBy(() -> EventLog.open(link))
        .hasMessageContainingAll("nothing was changed", "must be a regular file", "link");
    assertThatThrownBy(() -> EventLog.read(folder.resolve("absent"), event -> {}))
        .isInstanceOf(StoreException.class)
        .hasMessageStartingWith("absent could not be read (No such file");
  }

  private static final String NEWER = "6d6c6f70736c6f670000000289018a96";

  @Test
  void boundsWhatIsAppended() {
    try (EventLog log = EventLog.open(file)) {
      log.append(new byte[EventLog.LARGEST - 4]);
      assertThatThrownBy(() -> log.append(new byte[EventLog.LARGEST - 3]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("most 4194304 bytes", "had 4194305", "events");
      log.append(bytes("after"));
    }
    List<Integer> lengths = new ArrayList<>();
    EventLog.read(file, event -> lengths.add(event.length));
    assertThat(lengths).containsExactly(EventLog.LARGEST - 4, 5);
  }

  @Test
  void answersNothingOnceClosedAndMayBeClosedTwice() {
    EventLog log = EventLog.open(file);
    log.close();
    log.close();
    assertThatThrownBy(() -> log.append(bytes("x")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("journal.log is closed");
    assertThatThrownBy(() -> log.read(event -> {})).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anInterruptedThreadAppendsAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    append("one");
    assertThat(Thread.interrupted()).isTrue();
    try (EventLog log = EventLog.open(file)) {
      Thread.currentThread().interrupt();
      log.append(bytes("two"));
      assertThat(Thread.interrupted()).isTrue();
      log.append(bytes("three"));
    }
    assertThat(events()).containsExactly("one", "two", "three");
  }

  @Test
  void aSecondOpenerInThisProcessIsRefused() {
    try (EventLog log = EventLog.open(file)) {
      assertThatThrownBy(() -> EventLog.open(
              folder.resolve("..").resolve(folder.getFileName()).resolve("journal.log")))
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll("journal.log", "nothing was written", "in this process");
      log.append(bytes("one"));
    }
    append("two");
    assertThat(events()).containsExactly("one", "two");
  }

  /** POSIX drops a lock when anything in the process closes the file: refusing a second opener must not. */
  @Test
  @Timeout(60)
  void aSecondProcessIsRefusedAlsoAfterASecondOpenerWas() throws Exception {
    try (EventLog log = EventLog.open(file)) {
      assertThatThrownBy(() -> EventLog.open(file)).isInstanceOf(StoreException.class);
      EventLog.read(file, event -> {});
      Process child = child();
      assertThat(child.inputReader().readLine())
          .isEqualTo("journal.log is open for appending in another process; wanted one writer;"
              + " nothing was written");
      assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
      log.append(bytes("mine"));
    }

    Process child = child();
    BufferedReader said = child.inputReader();
    assertThat(said.readLine()).isEqualTo("open");
    assertThatThrownBy(() -> EventLog.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("in another process");
    child.destroyForcibly().waitFor();
    append("again");
    assertThat(events()).containsExactly("mine", "theirs", "again");
  }

  private Process child() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName(),
            file.toString())
        .redirectErrorStream(true)
        .start();
  }

  /** Opens a log and keeps it open until it is killed. */
  static final class Child {
    public static void main(String[] arguments) throws IOException {
      try (EventLog log = EventLog.open(Path.of(arguments[0]))) {
        log.append(bytes("theirs"));
        System.out.println("open");
        System.in.read();
      } catch (StoreException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void refusesToAppendBehindWhatSomebodyElseWrote() throws IOException {
    try (EventLog log = EventLog.open(file)) {
      log.append(bytes("one"));
      Files.write(file, new byte[] {7}, StandardOpenOption.APPEND);
      assertThatThrownBy(() -> log.append(bytes("two")))
          .isInstanceOf(StoreException.class)
          .hasMessageContainingAll("journal.log wanted 35 bytes", "got 36", "nothing was appended");
    }
  }

  /** A disk in memory that fails at the operation a test names, and keeps only what was forced. */
  private static final class FaultyFile implements LogFile {
    byte[] bytes = new byte[0];
    byte[] forced = new byte[0];
    boolean named;
    int operations;
    int failFrom = Integer.MAX_VALUE;
    int failures = Integer.MAX_VALUE;

    private void step() throws IOException {
      int now = operations++;
      if (now >= failFrom && now - failFrom < failures) {
        throw new IOException("No space left on device");
      }
    }

    @Override
    public long length() throws IOException {
      step();
      return bytes.length;
    }

    @Override
    public int read(long position, byte[] into, int offset, int count) throws IOException {
      step();
      if (position >= bytes.length) {
        return -1;
      }
      // Never more than 7 at once: readers must ask again.
      int length = (int) Math.min(Math.min(7, count), bytes.length - position);
      System.arraycopy(bytes, (int) position, into, offset, length);
      return length;
    }

    @Override
    public void write(long position, byte[] written) throws IOException {
      // A write that fails has come half way.
      put(position, Arrays.copyOf(written, written.length / 2));
      step();
      put(position, written);
    }

    private void put(long position, byte[] written) {
      bytes = Arrays.copyOf(bytes, (int) Math.max(bytes.length, position + written.length));
      System.arraycopy(written, 0, bytes, (int) position, written.length);
    }

    @Override
    public void truncate(long length) throws IOException {
      step();
      bytes = Arrays.copyOf(bytes, (int) length);
    }

    @Override
    public void force() throws IOException {
      step();
      forced = bytes.clone();
    }

    @Override
    public void forceName() throws IOException {
      step();
      named = true;
    }

    @Override
    public void close() {}
  }

  private EventLog open(FaultyFile disk) throws IOException {
    if (!Files.exists(file)) {
      Files.createFile(file);
    }
    return EventLog.open(file, (path, write) -> disk);
  }

  private List<String> events(byte[] content) throws IOException {
    Path copy = folder.resolve("copy");
    Files.write(copy, content);
    List<String> events = new ArrayList<>();
    EventLog.read(copy, event -> events.add(new String(event, UTF_8)));
    return events;
  }

  /** {@return what was acknowledged when each operation from one on, or only one, fails} */
  private List<String> life(FaultyFile disk, String where) throws IOException {
    List<String> acknowledged = new ArrayList<>();
    try (EventLog log = open(disk)) {
      for (String event : List.of("one", "two", "three", "four")) {
        try {
          log.append(bytes(event));
          acknowledged.add(event);
        } catch (StoreException e) {
          assertThat(e.getMessage()).as(where).contains("No space left on device");
          assertThat(events(disk.bytes)).as(where).isEqualTo(acknowledged);
        } catch (CommitUnknownException e) {
          acknowledged.add("perhaps " + event);
        }
      }
    } catch (StoreException e) {
      assertThat(acknowledged).as(where).isEmpty();
    }
    return acknowledged;
  }

  @Test
  void oneFaultAtAnyOperationLosesNoOtherEvent() throws IOException {
    FaultyFile calm = new FaultyFile();
    life(calm, "calm");
    for (int n = 0; n < calm.operations; n++) {
      String where = "operation " + n + " fails";
      FaultyFile disk = new FaultyFile();
      disk.failFrom = n;
      disk.failures = 1;
      List<String> acknowledged = life(disk, where);
      assertThat(events(disk.bytes)).as(where).isEqualTo(acknowledged);
      assertThat(events(disk.forced)).as(where + ", then power").isEqualTo(acknowledged);
      if (!acknowledged.isEmpty()) {
        assertThat(acknowledged).as(where).hasSizeGreaterThanOrEqualTo(3);
      }
    }
  }

  @Test
  void aDiskThatStaysFullTakesNothingAndGoesOnWhenThereIsSpace() throws IOException {
    FaultyFile calm = new FaultyFile();
    life(calm, "calm");
    for (int n = 0; n < calm.operations; n++) {
      String where = "from operation " + n + " on";
      FaultyFile disk = new FaultyFile();
      disk.failFrom = n;
      List<String> acknowledged = new ArrayList<>();
      EventLog log = null;
      try {
        log = open(disk);
        for (String event : List.of("one", "two", "three", "four")) {
          log.append(bytes(event));
          acknowledged.add(event);
        }
      } catch (MlopsException e) {
        List<String> left = events(disk.bytes);
        assertThat(left).as(where).hasSizeBetween(acknowledged.size(), acknowledged.size() + 1);
        assertThat(left.subList(0, acknowledged.size())).as(where).isEqualTo(acknowledged);
      }
      disk.failFrom = Integer.MAX_VALUE;
      try (EventLog next = log == null ? open(disk) : log) {
        next.append(bytes("space"));
      }
      acknowledged.add("space");
      assertThat(events(disk.bytes)).as(where).isEqualTo(acknowledged);
    }
  }

  /** When neither fsync nor taking back works, nobody can tell; and the log says so. */
  @Test
  void anUnknownOutcomeIsCalledUnknown() throws IOException {
    FaultyFile disk = new FaultyFile();
    try (EventLog log = open(disk)) {
      disk.failFrom = disk.operations + 2; // length, write, then force
      assertThatThrownBy(() -> log.append(bytes("one")))
          .isInstanceOf(CommitUnknownException.class)
          .hasMessage("journal.log could not be forced after an append (No space left on device),"
              + " nor cut back; whether the events outlive a crash is not known, the next append"
              + " that works cuts them off");
      disk.failFrom = Integer.MAX_VALUE;
      log.append(bytes("two"));
      assertThat(events(disk.forced)).containsExactly("two");
    }
  }

  @Test
  void everyAppendIsForcedAndANewFileNamed() throws IOException {
    FaultyFile disk = new FaultyFile();
    try (EventLog log = open(disk)) {
      assertThat(disk.named).isTrue();
      assertThat(disk.forced).hasSize(EventLog.HEADER);
      for (int i = 0; i < 3; i++) {
        log.append(bytes("event " + i));
        assertThat(disk.forced).isEqualTo(disk.bytes);
      }
    }
    disk.bytes = Arrays.copyOf(disk.bytes, disk.bytes.length - 1);
    open(disk).close();
    assertThat(disk.forced).as("the cut").isEqualTo(disk.bytes);
  }

  /** What the device itself does cannot be seen; that it is asked can. */
  @Test
  void theDiskIsAskedToForce() throws IOException {
    LogFile disk = LogFile.open(file, true);
    disk.write(0, bytes("x"));
    disk.force();
    disk.close();
    assertThatThrownBy(disk::force).isInstanceOf(IOException.class);

    Path gone = Files.createDirectory(folder.resolve("gone"));
    LogFile other = LogFile.open(gone.resolve("x"), true);
    assertThatCode(other::forceName).doesNotThrowAnyException();
    Files.delete(gone.resolve("x"));
    Files.delete(gone);
    assertThatThrownBy(other::forceName).isInstanceOf(IOException.class);
    other.close();
  }
}
