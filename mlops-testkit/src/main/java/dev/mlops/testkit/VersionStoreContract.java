package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.api.store.VersionStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of {@link VersionStore}: one test, or several, per clause of its Javadoc, named after the clause.
 *
 * <p>A subclass says how a store is opened, and which packages it takes.
 *
 * @since 0.1
 */
@DisplayName("A version store")
public abstract class VersionStoreContract {
  private static final String MODEL = "fraud";
  private static final String CHAMPION = MODEL + "@champion";

  private final ManualClock clock = new ManualClock();
  private final List<VersionStore> opened = new ArrayList<>();

  /** A folder of this test's own. */
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path folder;

  /** For a subclass. */
  protected VersionStoreContract() {}

  /**
   * {@return a store; another store on the same folder holds the same versions and aliases}
   *
   * @param folder an existing folder, empty the first time; a store that needs none knows its content by it
   * @param clock what versions and changes are dated by
   */
  protected abstract VersionStore open(Path folder, InstantSource clock);

  /**
   * {@return a package with a baseline and golden examples}
   *
   * @param model name of the model
   * @param variant packages of one variant have one digest, of two variants two
   */
  protected ModelPackage packageOf(String model, int variant) {
    return InMemoryPackage.of(PackageContents.sample(model, variant));
  }

  @AfterEach
  void closeStores() {
    opened.forEach(VersionStore::close);
  }

  private VersionStore open() {
    VersionStore store = open(folder, clock);
    opened.add(store);
    return store;
  }

  @Test
  @DisplayName("numbers the versions of each model 1, 2, 3 …")
  void numbered() {
    VersionStore store = open();

    List<Version> versions =
        IntStream.range(0, 3).mapToObj(i -> store.publish(packageOf(MODEL, i))).toList();
    Version other = store.publish(packageOf("churn", 0));

    assertThat(versions).extracting(Version::number).containsExactly(1L, 2L, 3L);
    assertThat(other.number()).isEqualTo(1);
    assertThat(versions).allSatisfy(version -> assertThat(version.model()).isEqualTo(MODEL));
    assertThat(store.versions(MODEL)).isEqualTo(versions);
    assertThat(store.versions("churn")).containsExactly(other);
  }

  @Test
  @DisplayName("gives a package that is published again the version that it has")
  void idempotent() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    Version second = store.publish(packageOf(MODEL, 1));
    clock.advance(Duration.ofHours(1));

    assertThat(store.publish(packageOf(MODEL, 0))).isEqualTo(first);
    assertThat(store.publish(packageOf(MODEL, 1))).isEqualTo(second);
    assertThat(store.versions(MODEL)).containsExactly(first, second);
  }

  @Test
  @DisplayName("gives one version to a package that several threads publish at once")
  void idempotent_fromSeveralThreads() {
    VersionStore store = open();
    for (int round = 0; round < 10; round++) {
      int variant = round;
      List<Version> versions =
          Together.run(4, thread -> () -> store.publish(packageOf(MODEL, variant)));
      assertThat(versions).allMatch(versions.get(0)::equals);
      assertThat(store.versions(MODEL)).hasSize(round + 1);
    }
  }

  @Test
  @DisplayName(
      "holds every version, package, alias and history when it is opened again, closed before or not")
  void durable() {
    clock.advance(Duration.ofNanos(123_456_789)); // an instant is kept to the nanosecond
    for (int round = 0; round < 2; round++) {
      VersionStore before = open();
      Version first = before.publish(packageOf(MODEL, 2 * round));
      Version second = before.publish(packageOf(MODEL, 2 * round + 1));
      AliasChange up = move(before, MODEL + "@round-" + round).to(first).commit();
      AliasChange on =
          before.move(up.alias()).from(up).to(second).because("better").commit();
      Document approval =
          before.attach(first, "approval.txt", bytes("round " + round), "eve", "asked");
      if (round == 0) {
        before.close();
      }

      VersionStore after = open();
      assertThat(after.documents(first)).contains(approval);
      assertThat(after.read(approval)).isEqualTo(bytes("round " + round));
      assertThat(after.versions(MODEL)).contains(first, second);
      assertThat(after.current(up.alias())).contains(on);
      assertThat(after.history(up.alias())).containsExactlyInAnyOrder(up, on);
      ModelPackage source = after.open(first);
      assertThat(source.digest()).isEqualTo(first.digest());
      source
          .files()
          .forEach(file -> assertThat(Digest.of(source.read(file))).isEqualTo(file.digest()));
    }
  }

  @Test
  @DisplayName("holds nothing of a package whose reading failed, at whichever file")
  void wholeOrNothing() {
    VersionStore store = open();
    ModelPackage whole = packageOf(MODEL, 0);
    for (int reads = 0; reads < whole.files().size(); reads++) {
      ModelPackage failing = new PoorPackage(whole, reads, false);
      assertThatThrownBy(() -> store.publish(failing))
          .as("publishing a package whose file %d cannot be read", reads + 1)
          .isInstanceOf(RuntimeException.class);
      assertThat(store.versions(MODEL)).isEmpty();
    }

    Version version = store.publish(whole);
    ModelPackage stored = store.open(version);
    assertThat(stored.files()).isEqualTo(whole.files());
    stored
        .files()
        .forEach(file -> assertThat(Digest.of(stored.read(file))).isEqualTo(file.digest()));
  }

  @Test
  @DisplayName("holds nothing of a package whose bytes are not what its manifest lists")
  void wholeOrNothing_ofADamagedPackage() {
    VersionStore store = open();
    ModelPackage whole = packageOf(MODEL, 0);
    for (int reads = 0; reads < whole.files().size(); reads++) {
      ModelPackage damaged = new PoorPackage(whole, reads, true);
      assertThatThrownBy(() -> store.publish(damaged))
          .as("publishing a package whose file %d has other bytes than listed", reads + 1)
          .isInstanceOf(PackageIntegrityException.class);
      assertThat(store.versions(MODEL)).isEmpty();
    }
  }

  @Test
  @DisplayName("opens a package with the digest, files and sections of the one that was published")
  void opensTheSame() {
    VersionStore store = open();
    ModelPackage given = packageOf(MODEL, 0);

    ModelPackage stored = store.open(store.publish(given));

    assertThat(stored.model()).isEqualTo(given.model());
    assertThat(stored.runtime()).isEqualTo(given.runtime());
    assertThat(stored.digest()).isEqualTo(given.digest());
    assertThat(stored.manifest()).isEqualTo(given.manifest());
    assertThat(stored.files()).isEqualTo(given.files());
    given
        .files()
        .forEach(file -> assertThat(stored.read(file)).as(file.name()).isEqualTo(given.read(file)));
    assertThat(stored.schema()).isEqualTo(given.schema());
    assertThat(stored.baseline()).isEqualTo(given.baseline());
    assertThat(stored.examples()).isEqualTo(given.examples());
  }

  @Test
  @DisplayName(
      "opens no version that it does not hold, nor one with another digest under a known number")
  void opensTheSame_orNothing() {
    VersionStore store = open();
    Version held = store.publish(packageOf(MODEL, 0));

    for (Version version : List.of(
        new Version(MODEL, held.number() + 1_000, held.digest(), held.publishedAt()),
        new Version("churn", held.number(), held.digest(), held.publishedAt()),
        new Version(MODEL, held.number(), packageOf(MODEL, 1).digest(), held.publishedAt()))) {
      assertThatThrownBy(() -> store.open(version))
          .as(version + " " + version.digest())
          .isInstanceOf(VersionNotFoundException.class);
    }
  }

  @Test
  @DisplayName("finds one version by number, alias and digest")
  void findsByAllThree() {
    VersionStore store = open();
    store.publish(packageOf(MODEL, 0));
    Version wanted = store.publish(packageOf(MODEL, 1));
    store.publish(packageOf(MODEL, 2));
    move(store, CHAMPION).to(wanted).commit();

    assertThat(store.find(wanted.toString())).contains(wanted);
    assertThat(store.find(CHAMPION)).contains(wanted);
    assertThat(store.find(MODEL + "@" + wanted.digest())).contains(wanted);
    assertThat(store.require(CHAMPION)).isEqualTo(wanted);
  }

  @Test
  @DisplayName("answers what is absent with nothing, not with an error")
  void findsByAllThree_absentIsEmpty() {
    VersionStore store = open();
    Version held = store.publish(packageOf(MODEL, 0));

    assertThat(store.find(MODEL + ":" + (held.number() + 1_000))).isEmpty();
    assertThat(store.find(MODEL + "@nobody")).isEmpty();
    assertThat(store.find(MODEL + "@" + packageOf(MODEL, 1).digest())).isEmpty();
    assertThat(store.find("churn:1")).isEmpty();
    assertThat(store.versions("churn")).isEmpty();
    assertThat(store.current(MODEL + "@nobody")).isEmpty();
    assertThat(store.history(MODEL + "@nobody")).isEmpty();
  }

  @Test
  @DisplayName("names the newest version when a required one is absent")
  void requireNamesTheNewest() {
    VersionStore store = open();
    store.publish(packageOf(MODEL, 0));
    Version newest = store.publish(packageOf(MODEL, 1));
    assertThat(store.require(newest.toString())).isEqualTo(newest);

    for (String absent : List.of(
        MODEL + ":" + (newest.number() + 1_000),
        MODEL + "@nobody",
        MODEL + "@" + packageOf(MODEL, 2).digest())) {
      assertThatThrownBy(() -> store.require(absent))
          .isInstanceOf(VersionNotFoundException.class)
          .hasMessageContaining(absent)
          .hasMessageContaining("newest is " + newest);
    }
  }

  @Test
  @DisplayName(
      "names the model or the alias that was most likely meant when a required one is unknown")
  void requireNamesTheNearest() {
    VersionStore store = open();
    Version newest = store.publish(packageOf(MODEL, 0));
    move(store, CHAMPION).to(newest).commit();

    assertThatThrownBy(() -> store.require("frad:1"))
        .isInstanceOf(VersionNotFoundException.class)
        .hasMessageContaining("frad:1")
        .hasMessageContaining(MODEL);
    assertThatThrownBy(() -> store.require(MODEL + "@champoin"))
        .isInstanceOf(VersionNotFoundException.class)
        .hasMessageContaining(MODEL + "@champoin")
        .hasMessageContaining(CHAMPION);
    assertThatThrownBy(() -> store.require("weather:1"))
        .isInstanceOf(VersionNotFoundException.class)
        .hasMessageNotContaining(MODEL);
  }

  @Test
  @DisplayName("lists the models that have a version and the aliases that were set, ordered")
  void lists() {
    VersionStore store = open();
    assertThat(store.models()).isEmpty();
    Version fraud = store.publish(packageOf(MODEL, 0));
    store.publish(packageOf("churn", 0));
    move(store, MODEL + "@champion").to(fraud).commit();
    clock.advance(Duration.ofHours(1));
    move(store, MODEL + "@canary").to(fraud).commit();
    assertThat(store.versions("nobody")).isEmpty();
    assertThat(store.current(MODEL + "@nobody")).isEmpty();

    assertThat(store.models()).containsExactly("churn", MODEL);
    assertThat(store.aliases(MODEL)).containsExactly("canary", "champion");
    assertThat(store.aliases("churn")).isEmpty();
    assertThat(store.aliases("nobody")).isEmpty();
  }

  @Test
  @DisplayName("moves an alias only from where the move says it is, and else says where it is")
  void compareAndSet() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    Version second = store.publish(packageOf(MODEL, 1));

    refused(store, store.move(CHAMPION).from(first).to(second));
    assertThat(store.current(CHAMPION)).isEmpty();
    AliasChange up = store.move(CHAMPION).fromNothing().to(first).commit();
    assertThat(store.current(CHAMPION)).contains(up);
    refused(store, store.move(CHAMPION).fromNothing().to(second));
    refused(store, store.move(CHAMPION).from(second).to(second));
    AliasChange on = store.move(CHAMPION).from(first).to(second).commit();
    assertThat(on.to()).isEqualTo(second);
    assertThat(store.current(CHAMPION)).contains(on);
    refused(store, store.move(CHAMPION).from(first).to(second));
  }

  private static void refused(VersionStore store, AliasMove move) {
    Optional<AliasChange> before = store.current(CHAMPION);
    assertThatThrownBy(move::commit)
        .as("a move that expects the alias where it is not")
        .isInstanceOfSatisfying(
            AliasConflictException.class,
            conflict -> assertThat(conflict.current())
                .as("where the conflict says that the alias is")
                .isEqualTo(before));
    assertThat(store.current(CHAMPION)).isEqualTo(before);
  }

  @Test
  @DisplayName("makes exactly one of several moves from one state")
  void compareAndSet_ofSeveralExactlyOne() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    Version second = store.publish(packageOf(MODEL, 1));
    move(store, CHAMPION).to(first).commit();
    for (int round = 0; round < 20; round++) {
      Version from = round % 2 == 0 ? first : second;
      Version to = round % 2 == 0 ? second : first;
      List<Boolean> made = Together.run(4, thread -> () -> {
        try {
          store.move(CHAMPION).from(from).to(to).commit();
          return true;
        } catch (AliasConflictException lost) {
          return false;
        }
      });
      assertThat(made).as("round " + round).containsOnlyOnce(true);
      assertThat(store.history(CHAMPION)).hasSize(round + 2);
    }
  }

  @Test
  @DisplayName("refuses a move from a change when the alias went away and came back")
  void byGeneration() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    Version second = store.publish(packageOf(MODEL, 1));
    AliasChange start = move(store, CHAMPION).to(first).commit();
    AliasChange away = store.move(CHAMPION).from(start).to(second).commit();
    AliasChange back = store.move(CHAMPION).from(away).to(first).commit();

    assertThatThrownBy(store.move(CHAMPION).from(start).to(second)::commit)
        .as("a move from a change that is not the newest")
        .isInstanceOf(AliasConflictException.class);
    assertThat(store.current(CHAMPION)).contains(back);

    AliasChange newest = store.move(CHAMPION).from(back).to(second).commit();
    assertThat(store.current(CHAMPION)).contains(newest);
  }

  @Test
  @DisplayName(
      "gives the change that an intent made, and makes none, when the intent is committed again")
  void intentOnce() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    Version second = store.publish(packageOf(MODEL, 1));
    AliasMove promote = move(store, CHAMPION).to(first).intent("promote-1");
    AliasChange made = promote.commit();
    assertThat(made.intent()).isEqualTo("promote-1");

    assertThat(promote.commit()).isEqualTo(made);
    assertThat(store.history(CHAMPION)).hasSize(1);
    AliasChange on = store.move(CHAMPION).from(made).to(second).commit();
    assertThat(promote.commit()).isEqualTo(made);
    assertThat(store.move(CHAMPION).from(on).to(first).intent("promote-1").commit())
        .isEqualTo(made);
    assertThat(store.current(CHAMPION)).contains(on);
    assertThat(store.history(CHAMPION)).hasSize(2);
  }

  @Test
  @DisplayName("makes an intent once when several threads commit it at once")
  void intentOnce_fromSeveralThreads() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    for (int round = 0; round < 10; round++) {
      String alias = MODEL + "@a" + round;
      AliasMove promote = move(store, alias).to(first).intent("promote");
      List<AliasChange> made = Together.run(4, thread -> promote::commit);
      assertThat(made).allMatch(made.get(0)::equals);
      assertThat(store.history(alias)).hasSize(1);
    }
  }

  @Test
  @DisplayName("keeps every change of an alias, oldest first, generations without a hole")
  void history() {
    VersionStore store = open();
    List<Version> versions =
        IntStream.range(0, 3).mapToObj(i -> store.publish(packageOf(MODEL, i))).toList();
    List<AliasChange> made = new ArrayList<>();
    Optional<Version> from = Optional.empty();
    for (int i = 0; i < 7; i++) {
      Version to = versions.get(i * 2 % 3);
      AliasMove.From move = store.move(CHAMPION);
      AliasChange change = (from.isEmpty() ? move.fromNothing() : move.from(from.get()))
          .to(to)
          .by("bot " + i)
          .because("reason " + i)
          .intent("intent " + i)
          .commit();
      assertThat(change.alias()).isEqualTo(CHAMPION);
      assertThat(change.from()).isEqualTo(from);
      assertThat(change.to()).isEqualTo(to);
      assertThat(change.by()).isEqualTo("bot " + i);
      assertThat(change.because()).isEqualTo("reason " + i);
      assertThat(change.intent()).isEqualTo("intent " + i);
      made.add(change);
      from = Optional.of(to);
      assertThat(store.history(CHAMPION)).isEqualTo(made);
    }
    assertThat(made)
        .extracting(AliasChange::generation)
        .isEqualTo(LongStream.rangeClosed(1, 7).boxed().toList());
    assertThat(store.history(MODEL + "@other")).isEmpty();
  }

  @Test
  @DisplayName(
      "adds a document to a version, with who, when and why, and leaves its package as it is")
  void attach() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    Version second = store.publish(packageOf(MODEL, 1));
    Version third = store.publish(packageOf(MODEL, 2));
    clock.advance(Duration.ofHours(1));
    byte[] bytes = bytes("approved");
    Document approval = store.attach(first, "reviews/approval.txt", bytes, "alice", "audit 7");
    bytes[0] ^= 1;
    Document card = store.attach(first, "card.md", new byte[0]);
    Document same = store.attach(second, "card.md", bytes("of the second"));

    assertThat(approval.version()).isEqualTo(first);
    assertThat(approval.name()).isEqualTo("reviews/approval.txt");
    assertThat(approval.revision()).isEqualTo(1);
    assertThat(approval.digest()).isEqualTo(Digest.of(bytes("approved")));
    assertThat(approval.size()).isEqualTo(8);
    assertThat(approval.at()).isEqualTo(clock.instant());
    assertThat(approval.by()).isEqualTo("alice");
    assertThat(approval.because()).isEqualTo("audit 7");
    assertThat(store.documents(first)).containsExactly(approval, card);
    assertThat(store.documents(second)).containsExactly(same);
    assertThat(store.documents(third)).isEmpty();
    assertThat(store.read(approval)).isEqualTo(bytes("approved"));
    assertThat(store.read(card)).isEmpty();
    assertThat(store.open(first).digest()).isEqualTo(first.digest());
    assertThat(store.versions(MODEL)).containsExactly(first, second, third);
    Document foreign = new Document(
        first, "card.md", 1, same.digest(), same.size(), same.at(), same.by(), same.because());
    assertThatThrownBy(() -> store.read(foreign))
        .as("reading a document that was never attached")
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("keeps every revision of a document, and takes the same bytes under a name once")
  void attachAgain() {
    VersionStore store = open();
    Version version = store.publish(packageOf(MODEL, 0));
    Document one = store.attach(version, "card.md", bytes("one"), "alice", "first");
    Document two = store.attach(version, "card.md", bytes("two"), "bob", "second");
    Document report = store.attach(version, "report.md", bytes("one"));

    assertThat(store.attach(version, "card.md", bytes("one"), "carol", "again")).isEqualTo(one);
    assertThat(store.attach(version, "card.md", bytes("two"))).isEqualTo(two);
    assertThat(two.revision()).isEqualTo(2);
    assertThat(report.revision()).isEqualTo(1);
    assertThat(store.documents(version)).containsExactly(one, two, report);
    assertThat(store.read(one)).isEqualTo(bytes("one"));
    assertThat(store.read(two)).isEqualTo(bytes("two"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("never dates a version or a change before the one below it, whatever the clock does")
  void timeNeverGoesBack() {
    VersionStore store = open();
    Version first = store.publish(packageOf(MODEL, 0));
    AliasChange up = move(store, CHAMPION).to(first).commit();
    Document earlier = store.attach(first, "card.md", bytes("one"));
    assertThat(first.publishedAt()).isEqualTo(clock.instant());
    assertThat(up.at()).isEqualTo(clock.instant());

    clock.set(clock.instant().minus(Duration.ofDays(1)));
    Version second = store.publish(packageOf(MODEL, 1));
    AliasChange on = store.move(CHAMPION).from(up).to(second).commit();
    Document later = store.attach(first, "card.md", bytes("two"));

    assertThat(later.at()).isAfterOrEqualTo(earlier.at());
    assertThat(second.publishedAt()).isAfterOrEqualTo(first.publishedAt());
    assertThat(on.at()).isAfterOrEqualTo(up.at());
    assertThat(store.versions(MODEL).get(1).publishedAt()).isAfterOrEqualTo(first.publishedAt());
    assertThat(store.history(CHAMPION).get(1).at()).isAfterOrEqualTo(up.at());
  }

  @Test
  @DisplayName("refuses names outside the grammar and writes nothing")
  void refusesNames() {
    VersionStore store = open();
    Version held = store.publish(packageOf(MODEL, 0));
    List<String> before = written();

    for (String name : List.of("", "Fraud", "a..b", "../fraud", "con", "a/b", "-a", "a\u0000")) {
      refused(name, () -> store.versions(name));
      refused(name, () -> store.find(name + ":1"));
      refused(name, () -> store.find(MODEL + "@" + name));
      refused(name, () -> store.current(name + "@champion"));
      refused(name, () -> store.history(MODEL + "@" + name));
      refused(name, () -> store.move(MODEL + "@" + name));
      refused(name, () -> store.aliases(name));
      refused(name, () -> store.publish(new RenamedPackage(packageOf(MODEL, 1), name)));
    }
    for (String text :
        List.of(MODEL, MODEL + ":0", MODEL + ":x", MODEL + "@latest", MODEL + "@7")) {
      refused(text, () -> store.find(text));
    }
    for (String name : List.of("", "../card.md", "/card.md", "a//b", "card md")) {
      refused(name, () -> store.attach(held, name, bytes("x")));
    }
    for (String noAlias : List.of(MODEL, MODEL + ":1")) {
      refused(noAlias, () -> store.current(noAlias));
      refused(noAlias, () -> store.history(noAlias));
      refused(noAlias, () -> store.move(noAlias));
    }
    assertThat(written()).isEqualTo(before);
    assertThat(store.versions(MODEL)).hasSize(1);
  }

  private static void refused(String name, ThrowingCallable call) {
    assertThatThrownBy(call).as("\"%s\"", name).isInstanceOf(IllegalArgumentException.class);
  }

  private List<String> written() {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.map(file -> folder.relativize(file).toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  @DisplayName("moves no alias to a version that it does not hold")
  void unknownTarget() {
    VersionStore store = open();
    Version held = store.publish(packageOf(MODEL, 0));

    for (Version absent : List.of(
        new Version(MODEL, held.number() + 1_000, held.digest(), held.publishedAt()),
        new Version(MODEL, held.number(), packageOf(MODEL, 1).digest(), held.publishedAt()))) {
      assertThatThrownBy(() -> store.move(CHAMPION).fromNothing().to(absent).commit())
          .as(absent + " " + absent.digest())
          .isInstanceOf(VersionNotFoundException.class);
      assertThatThrownBy(() -> store.attach(absent, "card.md", bytes("x")))
          .as("a document for " + absent + " " + absent.digest())
          .isInstanceOf(VersionNotFoundException.class);
      assertThatThrownBy(() -> store.documents(absent))
          .isInstanceOf(VersionNotFoundException.class);
    }
    assertThat(store.current(CHAMPION)).isEmpty();
    assertThat(store.documents(held)).isEmpty();
  }

  @Test
  @DisplayName("answers nothing but IllegalStateException once closed, and may be closed twice")
  void closed() {
    VersionStore store = open();
    Version version = store.publish(packageOf(MODEL, 0));
    AliasMove move = store.move(CHAMPION).fromNothing().to(version);
    Document card = store.attach(version, "card.md", bytes("x"));
    store.close();
    assertThatCode(store::close).doesNotThrowAnyException();

    Map<String, ThrowingCallable> calls = Map.ofEntries(
        Map.entry("publish", () -> store.publish(packageOf(MODEL, 1))),
        Map.entry("find", () -> store.find(version.toString())),
        Map.entry("require", () -> store.require(version.toString())),
        Map.entry("versions", () -> store.versions(MODEL)),
        Map.entry("models", store::models),
        Map.entry("aliases", () -> store.aliases(MODEL)),
        Map.entry("open", () -> store.open(version)),
        Map.entry("commit", move::commit),
        Map.entry("current", () -> store.current(CHAMPION)),
        Map.entry("history", () -> store.history(CHAMPION)),
        Map.entry("attach", () -> store.attach(version, "card.md", bytes("x"))),
        Map.entry("documents", () -> store.documents(version)),
        Map.entry("read", () -> store.read(card)));
    calls.forEach((name, call) -> assertThatThrownBy(call)
        .as("%s of a store that is closed", name)
        .isInstanceOf(IllegalStateException.class));
  }

  @Test
  @DisplayName("lets nobody read the packages that it opened once it is closed")
  void closed_packagesToo() {
    VersionStore store = open();
    ModelPackage source = store.open(store.publish(packageOf(MODEL, 0)));
    PackageFile weights = source.files(PackageFile.Role.WEIGHTS).get(0);
    store.close();

    assertThatThrownBy(() -> source.read(weights))
        .as("reading a package that was opened by a store which is closed now")
        .isInstanceOf(RuntimeException.class);
  }

  @Test
  @DisplayName("may be called from any thread, several at once")
  void threads() {
    VersionStore store = open();
    int threads = 4;
    int each = 5;
    Together.run(threads, thread -> () -> {
      String alias = MODEL + "@t" + "abcd".charAt(thread);
      for (int i = 0; i < each; i++) {
        Version version = store.publish(packageOf(MODEL, thread * each + i));
        Optional<AliasChange> now = store.current(alias);
        AliasMove.From move = store.move(alias);
        (now.isEmpty() ? move.fromNothing() : move.from(now.get())).to(version).commit();
        assertThat(store.find(alias)).contains(version);
        assertThat(store.versions(MODEL)).contains(version);
        assertThat(store.history(alias)).hasSize(i + 1);
        assertThat(store.open(version).digest()).isEqualTo(version.digest());
      }
      return true;
    });
    assertThat(store.versions(MODEL)).hasSize(threads * each);
    assertThat(store.versions(MODEL)).extracting(Version::digest).doesNotHaveDuplicates();
  }

  private static AliasMove.To move(VersionStore store, String alias) {
    return store.move(alias).fromNothing();
  }

  /** A package that fails, or gives other bytes, once a number of files were read. */
  private static final class PoorPackage extends RenamedPackage {
    private final int good;
    private final boolean damaged;
    private int reads;

    PoorPackage(ModelPackage source, int good, boolean damaged) {
      super(source, source.model());
      this.good = good;
      this.damaged = damaged;
    }

    @Override
    public byte[] read(PackageFile file) {
      byte[] bytes = super.read(file);
      if (reads++ < good) {
        return bytes;
      }
      if (!damaged) {
        throw new UncheckedIOException(new IOException("read " + reads + " failed on purpose"));
      }
      bytes[bytes.length / 2] ^= 1;
      return bytes;
    }
  }

  /** A package under another name. */
  private static class RenamedPackage extends ForwardingPackage {
    private final String model;

    RenamedPackage(ModelPackage source, String model) {
      super(source);
      this.model = model;
    }

    @Override
    public String model() {
      return model;
    }
  }
}
