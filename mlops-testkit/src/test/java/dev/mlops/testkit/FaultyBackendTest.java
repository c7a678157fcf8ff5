package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is built on a backend lives through a backend that goes wrong, and the script does what it says. */
class FaultyBackendTest {
  private final ManualClock clock = new ManualClock();
  private final Faults faults = new Faults();
  private final InMemoryVersionStore store =
      new InMemoryVersionStore(clock, memory -> new FaultyBackend(memory, faults));

  private static InMemoryPackage sample(int variant) {
    return InMemoryPackage.of(PackageContents.sample("fraud", variant));
  }

  /** Whatever ends unknown or fails: the same again, until it is made, makes it once. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whatIsDoneAgainIsMadeOnce(long seed) {
    faults.loseSome(0.2, seed).failSome(0.03, seed + 100);
    for (int i = 0; i < 10; i++) {
      int variant = i;
      Version version = insist(() -> store.publish(sample(variant)));
      assertThat(version.number()).isEqualTo(i + 1);
      String intent = "move " + i;
      AliasChange change = insist(() -> {
        VersionStore open = store;
        var now = open.current("fraud@champion");
        return now.filter(made -> made.intent().equals(intent))
            .orElseGet(() -> now.map(open.move("fraud@champion")::from)
                .orElseGet(open.move("fraud@champion")::fromNothing)
                .to(version)
                .intent(intent)
                .commit());
      });
      assertThat(change.generation()).isEqualTo(i + 1);
      Document document =
          insist(() -> store.attach(version, "card.md", new byte[] {(byte) variant}));
      assertThat(document.revision()).isEqualTo(1);
    }
    assertThat(faults.failures()).isGreaterThan(100);
    faults.heal();
    InMemoryVersionStore again = store.reopened();
    assertThat(again.versions("fraud")).hasSize(10);
    assertThat(again.history("fraud@champion"))
        .extracting(AliasChange::intent)
        .hasSize(10)
        .doesNotHaveDuplicates();
    for (Version version : again.versions("fraud")) {
      assertThat(again.documents(version)).hasSize(1);
      assertThat(again.open(version).files()).isNotEmpty();
    }
    assertThat(faults.calls()).isGreaterThan(faults.failures());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aLeaseThatWasAcquiredAgainIsHeldOnce(long seed) {
    InMemoryBackend memory = new InMemoryBackend(clock);
    Coordination leases = Coordination.over(new FaultyBackend(memory, faults));
    faults.loseSome(0.5, seed);
    long before = 0;
    for (int i = 0; i < 10; i++) {
      String owner = "replica " + i;
      Lease lease =
          insist(() -> leases.acquire("fraud", owner, Duration.ofMinutes(1)).orElseThrow());
      assertThat(lease.token()).isGreaterThan(before);
      before = lease.token();
      assertThat(Coordination.over(memory).holder("fraud")).contains(lease);
      clock.advance(Duration.ofMinutes(1));
    }
    assertThat(faults.failures()).isPositive();
  }

  private static <T> T insist(Supplier<T> call) {
    for (int attempt = 0; attempt < 1_000; attempt++) {
      try {
        return call.get();
      } catch (StoreException | CommitUnknownException e) {
        assertThat(e.getMessage()).contains("on purpose");
      }
    }
    throw new AssertionError("not made in 1,000 attempts");
  }

  /** A writer who is overtaken between its look and its append finds out and takes the next number. */
  @Test
  void whatHappensBeforeACallHappensThere() {
    Version first = store.publish(sample(0));
    InMemoryVersionStore other = store.reopened();
    boolean raced = false;
    for (int call = 1; call <= 20 && !raced; call++) {
      int variant = 10 * call;
      List<Version> overtaking = new ArrayList<>();
      faults.before(call, () -> overtaking.add(other.publish(sample(variant))));
      Version mine = store.publish(sample(variant + 1));
      faults.heal();
      raced = !overtaking.isEmpty() && overtaking.get(0).number() < mine.number();
      assertThat(store.versions("fraud")).contains(first, mine).containsAll(overtaking);
    }
    assertThat(raced).isTrue();
    assertThat(store.versions("fraud"))
        .extracting(Version::number)
        .doesNotHaveDuplicates()
        .isSorted();
  }

  @Test
  void eachFaultIsOfTheKindThatWasAskedFor() {
    InMemoryBackend memory = new InMemoryBackend(clock);
    FaultyBackend backend = new FaultyBackend(memory, faults);
    faults.failCall(2);
    assertThat(backend.newest("own")).isZero();
    assertThatThrownBy(() -> backend.append("own", 1, new byte[1]))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("append");
    assertThat(memory.newest("own")).isZero();
    faults.loseNextAnswer();
    assertThat(backend.newest("own")).as("reads keep their answers").isZero();
    assertThatThrownBy(() -> backend.append("own", 1, new byte[1]))
        .isInstanceOf(CommitUnknownException.class)
        .hasMessageContaining("append");
    assertThat(memory.newest("own")).isEqualTo(1);

    faults.loseSome(1, 7);
    int made = 0;
    for (int i = 0; i < 100; i++) {
      String cell = "own/c" + i;
      assertThatThrownBy(() -> backend.write(cell, 0, new byte[1]))
          .isInstanceOf(MlopsException.class);
      made += memory.cell(cell).isPresent() ? 1 : 0;
    }
    // 100 writes, half of them made: 5 standard deviations either way.
    assertThat(made).isBetween(25, 75);
    faults.heal();
    assertThat(backend.write("own/c", 0, new byte[1])).isPresent();
    assertThatThrownBy(() -> faults.loseSome(1.1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> faults.before(0, () -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
