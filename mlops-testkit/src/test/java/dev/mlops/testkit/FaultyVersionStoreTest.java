package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class FaultyVersionStoreTest {
  private final InMemoryVersionStore behind = new InMemoryVersionStore();
  private final FaultyVersionStore store = new FaultyVersionStore(behind);

  private static ModelPackage sample(int variant) {
    return InMemoryPackage.of(PackageContents.sample("fraud", variant));
  }

  @Test
  void everyCallFailsBeforeItReachesTheStoreUntilHealed() {
    Version version = store.publish(sample(0));
    AliasMove move = store.move("fraud@champion").fromNothing().to(version);
    store.failEveryCall();
    List<ThrowingCallable> calls = List.of(
        () -> store.publish(sample(1)),
        () -> store.find("fraud:1"),
        () -> store.require("fraud:1"),
        () -> store.versions("fraud"),
        () -> store.open(version),
        move::commit,
        () -> store.current("fraud@champion"),
        () -> store.history("fraud@champion"));

    for (ThrowingCallable call : calls) {
      assertThatThrownBy(call).isInstanceOf(StoreException.class);
    }
    assertThat(store.calls()).isEqualTo(1 + calls.size());
    assertThat(store.failures()).isEqualTo(calls.size());
    assertThat(behind.versions("fraud")).containsExactly(version);
    assertThat(behind.current("fraud@champion")).isEmpty();

    store.heal();
    assertThat(move.commit().to()).isEqualTo(version);
    assertThat(store.failures()).isEqualTo(calls.size());
  }

  @Test
  void theNthCallFailsAndNoOther() {
    store.find("fraud:1");
    store.failCall(3);

    List<Boolean> failed = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      failed.add(fails(() -> store.find("fraud:1")));
    }
    assertThat(failed).containsExactly(false, false, true, false, false);
    assertThatThrownBy(() -> store.failCall(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("be >= 1", "was 0");
  }

  @Test
  void theMessageNamesTheCall() {
    store.failEveryCall();
    assertThatThrownBy(() -> store.versions("fraud"))
        .hasMessageContainingAll("call 1", "failed on purpose");
  }

  @Test
  void aSeedDecidesWhichOfSomeCallsFail() {
    List<Boolean> first = some(7);

    assertThat(some(7)).isEqualTo(first);
    assertThat(some(8)).isNotEqualTo(first);
    // 300 calls with a share of 0.3: 90, and 5 standard deviations of 7.9 either way.
    assertThat(first.stream().filter(failed -> failed).count()).isBetween(50L, 130L);
  }

  private List<Boolean> some(long seed) {
    store.failSome(0.3, seed);
    List<Boolean> failed = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      failed.add(fails(() -> store.find("fraud:1")));
    }
    return failed;
  }

  private static boolean fails(Runnable call) {
    try {
      call.run();
      return false;
    } catch (StoreException e) {
      return true;
    }
  }

  @Test
  void aLostAnswerIsOfAWriteThatWasMadeAndIsGivenWhenItIsDoneAgain() {
    store.loseNextAnswer();
    assertThatThrownBy(() -> store.publish(sample(0))).isInstanceOf(CommitUnknownException.class);
    Version version = store.publish(sample(0));
    assertThat(behind.versions("fraud")).containsExactly(version);

    AliasMove move = store.move("fraud@champion").fromNothing().to(version).intent("first");
    store.loseNextAnswer();
    assertThat(store.find("fraud:1")).as("reads keep their answers").isPresent();
    assertThatThrownBy(move::commit).isInstanceOf(CommitUnknownException.class);
    AliasChange made = behind.current("fraud@champion").orElseThrow();
    assertThat(move.commit()).isEqualTo(made);
    assertThat(store.failures()).isEqualTo(2);
  }

  @Test
  void healingForgetsAnAnswerThatWasToBeLost() {
    store.loseNextAnswer().failCall(1).failSome(1, 1).failEveryCall().heal();
    assertThatCode(() -> store.publish(sample(0))).doesNotThrowAnyException();
  }

  @Test
  void closingNeverFailsAndDoesNotCount() {
    store.failEveryCall();
    assertThatCode(store::close).doesNotThrowAnyException();
    assertThat(store.calls()).isZero();
    assertThatThrownBy(() -> behind.versions("fraud")).isInstanceOf(IllegalStateException.class);
  }

  @Nested
  class WithoutFaults extends VersionStoreContract {
    private @Nullable InMemoryVersionStore first;

    @Override
    protected VersionStore open(Path folder, InstantSource clock) {
      if (first == null) {
        first = new InMemoryVersionStore(clock);
      }
      return new FaultyVersionStore(first.reopened());
    }
  }
}
