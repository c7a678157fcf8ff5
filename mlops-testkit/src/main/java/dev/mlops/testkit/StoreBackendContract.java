package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.StoreBackend;
import dev.mlops.api.store.StoreBackend.Cell;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of {@link StoreBackend}: one test, or several, per clause of its Javadoc, named after the clause.
 *
 * <p>A subclass says how a backend is opened.
 *
 * @since 0.1
 */
@Beta
@DisplayName("A store backend")
public abstract class StoreBackendContract {
  private static final String STREAM = "models/fraud/versions";
  private static final String CELL = "leases/fraud/rollout";

  private final ManualClock clock = new ManualClock();
  private final List<StoreBackend> opened = new ArrayList<>();

  /** A folder of this test's own. */
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path folder;

  /** For a subclass. */
  protected StoreBackendContract() {}

  /**
   * {@return a backend; another backend on the same folder holds the same}
   *
   * @param folder an existing folder, empty the first time; a backend that needs none knows its content by it
   * @param clock what the backend tells the time by
   */
  protected abstract StoreBackend open(Path folder, InstantSource clock);

  /** {@return whether a backend can be opened again; true by default} */
  protected boolean reopens() {
    return true;
  }

  @AfterEach
  void closeBackends() {
    opened.forEach(StoreBackend::close);
  }

  private StoreBackend open() {
    StoreBackend backend = open(folder, clock);
    opened.add(backend);
    return backend;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static Digest put(StoreBackend backend, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    backend.put(digest, new ByteArrayInputStream(bytes));
    return digest;
  }

  private static byte[] blob(StoreBackend backend, Digest digest) {
    try (InputStream in = Channels.newInputStream(backend.open(digest).orElseThrow())) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  @DisplayName(
      "gives the bytes of a blob as often as it is asked, and nothing for a blob that is not there")
  void blobs() {
    StoreBackend backend = open();
    byte[] large = new byte[300_000];
    for (int i = 0; i < large.length; i++) {
      large[i] = (byte) (i * 31);
    }
    for (byte[] content : List.of(bytes("weights"), new byte[0], large)) {
      Digest digest = Digest.of(content);
      assertThat(backend.open(digest)).isEmpty();
      for (int again = 0; again < 2; again++) {
        put(backend, content);
        assertThat(blob(backend, digest)).isEqualTo(content);
        assertThat(blob(backend, digest)).isEqualTo(content);
      }
    }
    assertThat(backend.open(Digest.of(bytes("other")))).isEmpty();
  }

  @Test
  @DisplayName("gives a channel that can be positioned and not be written to")
  void blobs_byPosition() throws IOException {
    StoreBackend backend = open();
    Digest digest = put(backend, bytes("0123456789"));
    try (SeekableByteChannel channel = backend.open(digest).orElseThrow()) {
      assertThat(channel.size()).isEqualTo(10);
      ByteBuffer three = ByteBuffer.allocate(3);
      channel.position(6).read(three);
      assertThat(three.array()).isEqualTo(bytes("678"));
      assertThat(channel.position()).isEqualTo(9);
      assertThat(channel.position(10).read(three.clear())).isEqualTo(-1);
      assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1)))
          .isInstanceOf(NonWritableChannelException.class);
      assertThatThrownBy(() -> channel.truncate(1)).isInstanceOf(NonWritableChannelException.class);
    }
    assertThat(blob(backend, digest)).isEqualTo(bytes("0123456789"));
  }

  @Test
  @DisplayName("stores nothing of bytes with another digest")
  void verified() {
    StoreBackend backend = open();
    Digest wanted = Digest.of(bytes("weights"));
    for (String wrong : List.of("weightz", "weight", "weights!", "")) {
      assertThatThrownBy(() -> backend.put(wanted, new ByteArrayInputStream(bytes(wrong))))
          .as("putting \"%s\" for the digest of \"weights\"", wrong)
          .isInstanceOf(PackageIntegrityException.class);
      assertThat(backend.open(wanted)).isEmpty();
      assertThat(backend.open(Digest.of(bytes(wrong)))).isEmpty();
    }
    put(backend, bytes("weights"));
    assertThat(blob(backend, wanted)).isEqualTo(bytes("weights"));
  }

  @Test
  @DisplayName("stores nothing of bytes that could not be read")
  void verified_whatCouldNotBeRead() {
    StoreBackend backend = open();
    Digest wanted = Digest.of(bytes("weights"));
    InputStream failing =
        new SequenceInputStream(new ByteArrayInputStream(bytes("wei")), new BrokenStream());
    assertThatThrownBy(() -> backend.put(wanted, failing)).isInstanceOf(UncheckedIOException.class);
    assertThat(backend.open(wanted)).isEmpty();
  }

  @Test
  @DisplayName("numbers the records of a stream 1, 2, 3 … without a hole")
  void numbered() {
    StoreBackend backend = open();
    for (String stream : List.of(STREAM, "models/fraud/aliases/champion", "keys/a/b", "own")) {
      assertThat(backend.newest(stream)).as(stream).isZero();
      for (long number = 1; number <= 5; number++) {
        assertThat(backend.append(stream, number, bytes(stream + number)))
            .as(stream)
            .isTrue();
        assertThat(backend.newest(stream)).as(stream).isEqualTo(number);
      }
      for (long number = 1; number <= 5; number++) {
        assertThat(backend.get(stream, number)).as(stream).isEqualTo(bytes(stream + number));
      }
    }
    for (long number : new long[] {-1, 0, 7}) {
      assertThatThrownBy(() -> backend.append(STREAM, number, bytes("x")))
          .as("appending number %d after 5", number)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> backend.append("new", 2, bytes("x")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(backend.newest(STREAM)).isEqualTo(5);
    assertThat(backend.newest("new")).isZero();
  }

  @Test
  @DisplayName("keeps records of any bytes as they are")
  void numbered_anyBytes() {
    StoreBackend backend = open();
    List<byte[]> records = records();
    for (int i = 0; i < records.size(); i++) {
      assertThat(backend.append(STREAM, i + 1, records.get(i))).isTrue();
      assertThat(backend.get(STREAM, i + 1)).isEqualTo(records.get(i));
    }
  }

  private static List<byte[]> records() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    return List.of(
        new byte[0],
        all,
        bytes("Zażółć\n\t\"\\"),
        bytes("{\"number\":4,\"text\":\"x\"}"),
        bytes("{\"number\":7}"),
        bytes("{\"number\": 6}"),
        bytes("{\"number\":7,\"x\":1e400}"),
        bytes("{\"number\":"));
  }

  @Test
  @DisplayName("never gives a number to a second record, and takes the same record again")
  void appendIfAbsent() {
    StoreBackend backend = open();
    assertThat(backend.append(STREAM, 1, bytes("one"))).isTrue();
    assertThat(backend.append(STREAM, 1, bytes("two"))).isFalse();
    assertThat(backend.append(STREAM, 1, bytes("one"))).as("the same again").isTrue();
    assertThat(backend.get(STREAM, 1)).isEqualTo(bytes("one"));
    assertThat(backend.newest(STREAM)).isEqualTo(1);
    assertThat(backend.append(STREAM, 2, bytes("one"))).isTrue();
    assertThat(backend.append(STREAM, 1, bytes("two"))).isFalse();
  }

  @Test
  @DisplayName("makes exactly one of several appends of a number")
  void appendIfAbsent_ofSeveralExactlyOne() {
    StoreBackend backend = open();
    for (int round = 1; round <= 10; round++) {
      long number = round;
      List<Boolean> made = Together.run(
          4, thread -> () -> backend.append(STREAM, number, bytes("thread " + thread)));
      assertThat(made).as("round " + round).containsOnlyOnce(true);
      assertThat(backend.get(STREAM, number)).isEqualTo(bytes("thread " + made.indexOf(true)));
    }
  }

  @Test
  @DisplayName("replaces and deletes a cell only at the version that was given")
  void compareAndSet() {
    StoreBackend backend = open();
    assertThat(backend.cell(CELL)).isEmpty();
    assertThat(backend.write(CELL, 1, bytes("x"))).isEmpty();
    assertThat(backend.delete(CELL, 1)).isFalse();
    long one = backend.write(CELL, 0, bytes("one")).orElseThrow();
    assertThat(backend.cell(CELL)).contains(new Cell(one, bytes("one")));
    assertThat(backend.write(CELL, 0, bytes("x"))).isEmpty();
    assertThat(backend.write(CELL, one + 1, bytes("x"))).isEmpty();
    long two = backend.write(CELL, one, bytes("two")).orElseThrow();
    assertThat(backend.write(CELL, one, bytes("x"))).isEmpty();
    assertThat(backend.delete(CELL, one)).isFalse();
    assertThat(backend.cell(CELL)).contains(new Cell(two, bytes("two")));
    assertThat(backend.delete(CELL, two)).isTrue();
    assertThat(backend.cell(CELL)).isEmpty();
    assertThat(backend.delete(CELL, two)).isFalse();
    assertThat(backend.write(CELL, two, bytes("x"))).isEmpty();
    assertThat(backend.cell(CELL)).isEmpty();
    assertThat(backend.write(CELL, 0, bytes("again"))).isPresent();
    assertThat(backend.cell(CELL).orElseThrow().value()).isEqualTo(bytes("again"));
  }

  @Test
  @DisplayName("makes exactly one of several writes from one version, also of equal values")
  void compareAndSet_ofSeveralExactlyOne() {
    StoreBackend backend = open();
    long version = 0;
    for (int round = 0; round < 10; round++) {
      long from = version;
      List<OptionalLong> made =
          Together.run(4, thread -> () -> backend.write(CELL, from, bytes("the same")));
      assertThat(made.stream().filter(OptionalLong::isPresent))
          .as("round " + round)
          .hasSize(1);
      version = backend.cell(CELL).orElseThrow().version();
      assertThat(made).contains(OptionalLong.of(version));
    }
  }

  @Test
  @DisplayName(
      "gives a cell a higher version with each write, however often it is deleted and however long ago it was begun")
  void versionsGrow() {
    StoreBackend backend = open();
    long highest = 0;
    for (int i = 0; i < 80; i++) {
      long version = backend.cell(CELL).map(Cell::version).orElse(0L);
      long written = backend.write(CELL, version, bytes("value " + i)).orElseThrow();
      assertThat(written).as("write " + i).isGreaterThan(highest);
      highest = written;
      assertThat(backend.cell(CELL)).contains(new Cell(written, bytes("value " + i)));
      if (i % 7 == 6) {
        assertThat(backend.delete(CELL, written)).isTrue();
      }
    }
  }

  @Test
  @DisplayName("lists the streams with records and the cells that exist below a name, ordered")
  void lists() {
    StoreBackend backend = open();
    for (String stream : List.of(
        "models/fraud/versions",
        "models/fraud/aliases/champion",
        "models/fraud/aliases/canary",
        "models/fraudster/versions",
        "own/b",
        "own/a",
        "own/a/b")) {
      assertThat(backend.append(stream, 1, bytes("x"))).isTrue();
    }
    assertThat(backend.newest("models/fraud/aliases/asked")).isZero();
    assertThat(backend.streams("models"))
        .containsExactly(
            "models/fraud/aliases/canary",
            "models/fraud/aliases/champion",
            "models/fraud/versions",
            "models/fraudster/versions");
    assertThat(backend.streams("models/fraud/aliases"))
        .containsExactly("models/fraud/aliases/canary", "models/fraud/aliases/champion");
    assertThat(backend.streams("own")).containsExactly("own/a", "own/a/b", "own/b");
    assertThat(backend.streams("own/a")).containsExactly("own/a/b");
    assertThat(backend.streams("nothing")).isEmpty();

    for (String cell : List.of("leases/b", "leases/a", "leases/a/c", "other/a")) {
      assertThat(backend.write(cell, 0, bytes("x"))).isPresent();
    }
    assertThat(backend.cell("leases/asked")).isEmpty();
    assertThat(backend.cells("leases")).containsExactly("leases/a", "leases/a/c", "leases/b");
    assertThat(backend.delete("leases/b", backend.cell("leases/b").orElseThrow().version()))
        .isTrue();
    assertThat(backend.cells("leases")).containsExactly("leases/a", "leases/a/c");
    assertThat(backend.cells("models")).isEmpty();
  }

  @Test
  @DisplayName("holds everything when it is opened again, closed before or not")
  void durable() {
    if (!reopens()) {
      return;
    }
    for (int round = 1; round <= 2; round++) {
      StoreBackend before = open();
      Digest blob = put(before, bytes("weights " + round));
      assertThat(before.append(STREAM, round, bytes("record " + round))).isTrue();
      long version = before
          .write(CELL, before.cell(CELL).map(Cell::version).orElse(0L), bytes("value " + round))
          .orElseThrow();
      long gone = before.write("leases/gone", 0, bytes("x")).orElseThrow();
      assertThat(before.delete("leases/gone", gone)).isTrue();
      if (round == 1) {
        before.close();
      }
      StoreBackend after = open();
      assertThat(blob(after, blob)).isEqualTo(bytes("weights " + round));
      assertThat(after.newest(STREAM)).isEqualTo(round);
      assertThat(after.get(STREAM, round)).isEqualTo(bytes("record " + round));
      assertThat(after.cell(CELL)).contains(new Cell(version, bytes("value " + round)));
      assertThat(after.cell("leases/gone")).isEmpty();
    }
  }

  @Test
  @DisplayName("holds records of any bytes as they were when it is opened again")
  void durable_anyBytes() {
    if (!reopens()) {
      return;
    }
    StoreBackend before = open();
    List<byte[]> records = records();
    for (int i = 0; i < records.size(); i++) {
      assertThat(before.append(STREAM, i + 1, records.get(i))).isTrue();
    }
    StoreBackend after = open();
    assertThat(after.newest(STREAM)).isEqualTo(records.size());
    for (int i = 0; i < records.size(); i++) {
      // That records are what was appended is numbered_anyBytes: here nothing but the reopening may
      // fail.
      assertThat(after.get(STREAM, i + 1)).isEqualTo(before.get(STREAM, i + 1));
    }
  }

  @Test
  @DisplayName("copies the arrays that it is given and gives")
  void copies() {
    StoreBackend backend = open();
    byte[] given = bytes("given");
    backend.append(STREAM, 1, given);
    backend.write(CELL, 0, given);
    given[0] ^= 1;
    assertThat(backend.get(STREAM, 1)).isEqualTo(bytes("given"));
    assertThat(backend.cell(CELL).orElseThrow().value()).isEqualTo(bytes("given"));
    backend.get(STREAM, 1)[0] ^= 1;
    backend.cell(CELL).orElseThrow().value()[0] ^= 1;
    assertThat(backend.get(STREAM, 1)).isEqualTo(bytes("given"));
    assertThat(backend.cell(CELL).orElseThrow().value()).isEqualTo(bytes("given"));
  }

  @Test
  @DisplayName("refuses names outside the grammar and writes nothing")
  void refusesNames() {
    StoreBackend backend = open();
    for (String name : List.of(
        "", "/", "a/", "/a", "a//b", "../a", "a/../b", "A", "a/@", "con", "a\u0000", "a b")) {
      refused(name, () -> backend.newest(name));
      refused(name, () -> backend.append(name, 1, bytes("x")));
      refused(name, () -> backend.streams(name));
      refused(name, () -> backend.cell(name));
      refused(name, () -> backend.write(name, 0, bytes("x")));
      refused(name, () -> backend.cells(name));
    }
    assertThat(backend.streams("a")).isEmpty();
    assertThat(backend.cells("a")).isEmpty();
  }

  private static void refused(String name, ThrowingCallable call) {
    assertThatThrownBy(call).as("\"%s\"", name).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("tells the time by the clock that it was given")
  void time() {
    StoreBackend backend = open();
    assertThat(backend.now()).isEqualTo(clock.instant());
    clock.advance(Duration.ofDays(1));
    assertThat(backend.now()).isEqualTo(clock.instant());
    clock.set(clock.instant().minus(Duration.ofDays(2)));
    assertThat(backend.now()).isEqualTo(clock.instant());
  }

  @Test
  @DisplayName("answers nothing but IllegalStateException once closed, and may be closed twice")
  void closed() {
    StoreBackend backend = open();
    Digest blob = put(backend, bytes("weights"));
    backend.append(STREAM, 1, bytes("x"));
    long version = backend.write(CELL, 0, bytes("x")).orElseThrow();
    backend.close();
    assertThatCode(backend::close).doesNotThrowAnyException();
    Map<String, ThrowingCallable> calls = Map.ofEntries(
        Map.entry("put", () -> put(backend, bytes("other"))),
        Map.entry("open", () -> backend.open(blob)),
        Map.entry("newest", () -> backend.newest(STREAM)),
        Map.entry("get", () -> backend.get(STREAM, 1)),
        Map.entry("append", () -> backend.append(STREAM, 2, bytes("x"))),
        Map.entry("streams", () -> backend.streams("models")),
        Map.entry("cell", () -> backend.cell(CELL)),
        Map.entry("write", () -> backend.write(CELL, version, bytes("x"))),
        Map.entry("delete", () -> backend.delete(CELL, version)),
        Map.entry("cells", () -> backend.cells("leases")),
        Map.entry("now", backend::now));
    calls.forEach((name, call) -> assertThatThrownBy(call)
        .as("%s of a backend that is closed", name)
        .isInstanceOf(IllegalStateException.class));
    assertThat(backend.where(STREAM, 1)).isNotBlank();
    assertThat(backend.where(blob)).contains(blob.hex());
  }

  @Test
  @DisplayName("may be called from any thread, several at once")
  void threads() {
    StoreBackend backend = open();
    int each = 10;
    Together.run(4, thread -> () -> {
      String stream = "own/t" + thread;
      String cell = "leases/t" + thread;
      long version = 0;
      for (int i = 1; i <= each; i++) {
        Digest blob = put(backend, bytes("shared " + i));
        assertThat(blob(backend, blob)).isEqualTo(bytes("shared " + i));
        assertThat(backend.append(stream, i, bytes("record " + i))).isTrue();
        assertThat(backend.get(stream, i)).isEqualTo(bytes("record " + i));
        version = backend.write(cell, version, bytes("value " + i)).orElseThrow();
        assertThat(backend.cell(cell)).contains(new Cell(version, bytes("value " + i)));
      }
      return true;
    });
    for (int thread = 0; thread < 4; thread++) {
      assertThat(backend.newest("own/t" + thread)).isEqualTo(each);
    }
  }

  /** Bytes that cannot be read. */
  private static final class BrokenStream extends InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("failed on purpose");
    }

    @Override
    public int read(byte[] into, int offset, int count) throws IOException {
      throw new IOException("failed on purpose");
    }
  }
}
