package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Beta;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Coordination.Guarded;
import dev.mlops.api.store.Lease;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of {@link Coordination}: one test, or several, per clause of its Javadoc, named after the clause.
 *
 * <p>A subclass says how a coordination is opened, and closes what it opens.
 *
 * @since 0.1
 */
@Beta
@DisplayName("A coordination")
public abstract class CoordinationContract {
  private static final String ROLLOUT = "fraud/rollout";
  private static final String RECORD = "fraud/plan";
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final ManualClock clock = new ManualClock();

  /** A folder of this test's own. */
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path folder;

  /** For a subclass. */
  protected CoordinationContract() {}

  /**
   * {@return a coordination; another one on the same folder knows the same leases and records}
   *
   * @param folder an existing folder, empty the first time; one that needs none knows its content by it
   * @param clock what leases run out by
   */
  protected abstract Coordination open(Path folder, InstantSource clock);

  private Coordination open() {
    return open(folder, clock);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static Lease acquire(Coordination leases, String owner) {
    return leases.acquire(ROLLOUT, owner, MINUTE).orElseThrow();
  }

  @Test
  @DisplayName("gives a lease to one owner at a time")
  void exclusive() {
    Coordination leases = open();
    assertThat(leases.holder(ROLLOUT)).isEmpty();
    Lease lease = acquire(leases, "a");
    assertThat(lease.name()).isEqualTo(ROLLOUT);
    assertThat(lease.owner()).isEqualTo("a");
    assertThat(lease.until()).isEqualTo(clock.instant().plus(MINUTE));
    assertThat(leases.acquire(ROLLOUT, "b", MINUTE)).isEmpty();
    clock.advance(MINUTE.minusNanos(1));
    assertThat(leases.acquire(ROLLOUT, "b", MINUTE)).isEmpty();
    assertThat(leases.holder(ROLLOUT)).contains(lease);
    assertThat(leases.acquire("fraud/loop", "b", MINUTE)).as("another name").isPresent();
  }

  @Test
  @DisplayName("gives a lease to exactly one of several owners that acquire it at once")
  void exclusive_ofSeveralExactlyOne() {
    Coordination leases = open();
    for (int round = 0; round < 10; round++) {
      String name = "round/r" + round;
      List<Optional<Lease>> got =
          Together.run(4, thread -> () -> leases.acquire(name, "owner " + thread, MINUTE));
      assertThat(got.stream().filter(Optional::isPresent)).as(name).hasSize(1);
      assertThat(got).contains(leases.holder(name));
    }
  }

  @Test
  @DisplayName("gives the owner that holds a lease a new one, after which the old one is stale")
  void sameOwner() {
    Coordination leases = open();
    Lease before = acquire(leases, "a");
    clock.advance(Duration.ofSeconds(10));
    Lease after = acquire(leases, "a");
    assertThat(after.token()).isGreaterThan(before.token());
    assertThat(leases.holder(ROLLOUT)).contains(after);
    assertThat(leases.renew(before, MINUTE)).isEmpty();
    assertThat(leases.release(before)).isFalse();
    assertThat(leases.write(before, RECORD, 0, bytes("x"))).isEmpty();
    assertThat(leases.holder(ROLLOUT)).contains(after);
  }

  @Test
  @DisplayName("ends a lease at its instant")
  void expires() {
    Coordination leases = open();
    Lease lease = acquire(leases, "a");
    clock.advance(MINUTE);
    assertThat(leases.holder(ROLLOUT)).isEmpty();
    assertThat(leases.write(lease, RECORD, 0, bytes("x"))).isEmpty();
    assertThat(leases.acquire(ROLLOUT, "b", MINUTE)).isPresent();
  }

  @Test
  @DisplayName("gives each lease a higher token, however the one before ended")
  void tokensGrow() {
    Coordination leases = open();
    long highest = 0;
    for (int i = 0; i < 20; i++) {
      Lease lease = acquire(leases, "owner " + i);
      assertThat(lease.token()).as("lease " + i).isGreaterThan(highest);
      highest = lease.token();
      if (i % 2 == 0) {
        assertThat(leases.release(lease)).isTrue();
      } else {
        clock.advance(MINUTE);
      }
    }
  }

  @Test
  @DisplayName("renews a lease for its holder and for nobody else")
  void renewedByItsHolder() {
    Coordination leases = open();
    Lease lease = acquire(leases, "a");
    clock.advance(Duration.ofSeconds(50));
    Lease renewed = leases.renew(lease, MINUTE).orElseThrow();
    assertThat(renewed)
        .isEqualTo(new Lease(ROLLOUT, "a", lease.token(), clock.instant().plus(MINUTE)));
    assertThat(leases.holder(ROLLOUT)).contains(renewed);
    clock.advance(Duration.ofSeconds(50));
    assertThat(leases.renew(lease, MINUTE))
        .as("by the lease as it was first given")
        .isPresent();

    clock.advance(MINUTE);
    assertThat(leases.renew(renewed, MINUTE)).as("run out").isEmpty();
    Lease next = acquire(leases, "b");
    assertThat(leases.renew(renewed, MINUTE)).as("taken by another").isEmpty();
    assertThat(leases.holder(ROLLOUT)).contains(next);
    assertThat(leases.release(next)).isTrue();
    assertThat(leases.renew(next, MINUTE)).as("released").isEmpty();
    assertThat(leases.holder(ROLLOUT)).isEmpty();
  }

  @Test
  @DisplayName("releases a lease for its holder and for nobody else")
  void releasedByItsHolder() {
    Coordination leases = open();
    Lease lease = acquire(leases, "a");
    assertThat(leases.release(lease)).isTrue();
    assertThat(leases.release(lease)).as("released already").isFalse();
    Lease next = leases.acquire(ROLLOUT, "b", MINUTE).orElseThrow();
    assertThat(leases.release(lease)).as("another's").isFalse();
    assertThat(leases.holder(ROLLOUT)).contains(next);
    clock.advance(MINUTE);
    assertThat(leases.release(next)).as("run out").isFalse();
  }

  @Test
  @DisplayName(
      "writes a guarded record only under the lease that is held, at the version that was read")
  void fencing() {
    Coordination leases = open();
    assertThat(leases.read(RECORD)).isEmpty();
    Lease old = acquire(leases, "a");
    Guarded first = leases.write(old, RECORD, 0, bytes("first")).orElseThrow();
    assertThat(first.token()).isEqualTo(old.token());
    assertThat(first.value()).isEqualTo(bytes("first"));
    assertThat(leases.read(RECORD)).contains(first);
    assertThat(leases.write(old, RECORD, 0, bytes("x")))
        .as("not at this version")
        .isEmpty();
    assertThat(leases.write(old, RECORD, first.version() + 1, bytes("x"))).isEmpty();

    clock.advance(MINUTE);
    Lease now = acquire(leases, "b");
    assertThat(leases.write(old, RECORD, first.version(), bytes("stale")))
        .as("by a holder that slept")
        .isEmpty();
    assertThat(leases.read(RECORD)).contains(first);
    Guarded second = leases.write(now, RECORD, first.version(), bytes("second")).orElseThrow();
    assertThat(second.token()).isEqualTo(now.token());
    assertThat(leases.write(old, RECORD, second.version(), bytes("stale"))).isEmpty();
    assertThat(leases.read(RECORD)).contains(second);

    Lease other = leases.acquire("churn/rollout", "b", MINUTE).orElseThrow();
    assertThatThrownBy(() -> leases.write(other, RECORD, second.version(), bytes("x")))
        .as("under a lease of another name")
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(leases.read(RECORD)).contains(second);
  }

  @Test
  @DisplayName("refuses the old holder's write also when the clock makes its lease look held")
  void fencing_whateverTheClockDoes() {
    Coordination leases = open();
    Lease old = acquire(leases, "a");
    Guarded first = leases.write(old, RECORD, 0, bytes("first")).orElseThrow();
    Instant before = clock.instant();
    clock.advance(MINUTE);
    Lease now = acquire(leases, "b");
    Guarded second = leases.write(now, RECORD, first.version(), bytes("second")).orElseThrow();
    clock.set(before);
    assertThat(leases.write(old, RECORD, first.version(), bytes("stale"))).isEmpty();
    assertThat(leases.write(old, RECORD, second.version(), bytes("stale"))).isEmpty();
    assertThat(leases.read(RECORD)).contains(second);
  }

  @Test
  @DisplayName("lets exactly one of several writers that read one version write")
  void fencing_ofSeveralExactlyOne() {
    Coordination leases = open();
    Lease lease = acquire(leases, "a");
    AtomicInteger made = new AtomicInteger();
    long version = 0;
    for (int round = 0; round < 10; round++) {
      long from = version;
      made.set(0);
      Together.run(4, thread -> () -> {
        leases
            .write(lease, RECORD, from, bytes("the same"))
            .ifPresent(written -> made.incrementAndGet());
        return true;
      });
      assertThat(made.get()).as("round " + round).isEqualTo(1);
      version = leases.read(RECORD).orElseThrow().version();
    }
  }

  @Test
  @DisplayName(
      "ends a lease early when the clock jumps forward, and after at most twice its time when it jumps back")
  void clockJumps() {
    Coordination leases = open();
    acquire(leases, "a");
    clock.set(clock.instant().plus(Duration.ofDays(1)));
    Lease second = acquire(leases, "b");
    clock.set(clock.instant().minus(Duration.ofSeconds(30)));
    assertThat(leases.acquire(ROLLOUT, "c", MINUTE)).as("a small step back").isEmpty();
    assertThat(leases.holder(ROLLOUT)).contains(second);
    clock.set(clock.instant().minus(Duration.ofDays(30)));
    Lease third = acquire(leases, "c");
    assertThat(third.token()).as("a jump of a month back").isGreaterThan(second.token());
    assertThat(leases.renew(second, MINUTE)).isEmpty();

    clock.set(clock.instant().minus(MINUTE));
    assertThat(leases.acquire(ROLLOUT, "d", MINUTE))
        .as("a step of its whole time")
        .isEmpty();
    clock.advance(MINUTE.multipliedBy(2));
    assertThat(leases.acquire(ROLLOUT, "d", MINUTE)).isPresent();
  }

  @Test
  @DisplayName("refuses names, owners and times that are out of range, and changes nothing")
  void refusesNames() {
    Coordination leases = open();
    Lease lease = acquire(leases, "a");
    for (String name : List.of("", "a//b", "../a", "A")) {
      refused(name, () -> leases.acquire(name, "b", MINUTE));
      refused(name, () -> leases.holder(name));
      refused(name, () -> leases.read(name));
      refused(name, () -> leases.write(lease, name, 0, bytes("x")));
    }
    for (String owner : List.of("", "  ", "o".repeat(201))) {
      refused(owner, () -> leases.acquire("free", owner, MINUTE));
    }
    for (Duration ttl : List.of(Duration.ZERO, MINUTE.negated(), Duration.ofDays(366))) {
      refused(ttl.toString(), () -> leases.acquire("free", "b", ttl));
      refused(ttl.toString(), () -> leases.renew(lease, ttl));
    }
    assertThat(leases.holder("free")).isEmpty();
    assertThat(leases.holder(ROLLOUT)).contains(lease);
  }

  private static void refused(String what, ThrowingCallable call) {
    assertThatThrownBy(call).as("\"%s\"", what).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("shares leases and records with another coordination over the same content")
  void shared() {
    Coordination here = open();
    Coordination there = open();
    Lease lease = acquire(here, "here");
    assertThat(there.acquire(ROLLOUT, "there", MINUTE)).isEmpty();
    assertThat(there.holder(ROLLOUT)).contains(lease);
    Guarded written = here.write(lease, RECORD, 0, bytes("plan")).orElseThrow();
    assertThat(there.read(RECORD)).contains(written);
    assertThat(there.release(lease))
        .as("any caller that has the lease may release it")
        .isTrue();
    Lease next = acquire(there, "there");
    assertThat(here.write(lease, RECORD, written.version(), bytes("stale"))).isEmpty();
    assertThat(there.write(next, RECORD, written.version(), bytes("next"))).isPresent();
    assertThat(here.read(RECORD)).isEqualTo(there.read(RECORD));
  }
}
