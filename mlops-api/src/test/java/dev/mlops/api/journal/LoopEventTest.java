package dev.mlops.api.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LoopEventTest {
  private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
  private static final Digest DIGEST = Digest.of(new byte[] {1});
  private static final Version SEVEN = new Version("fraud", 7, DIGEST, AT);
  private static final Version EIGHT = new Version("fraud", 8, DIGEST, AT);

  private static LoopEvent.Builder full(Kind kind) {
    return LoopEvent.builder(kind, AT)
        .champion(SEVEN)
        .candidate(EIGHT)
        .digest(DIGEST)
        .intent("rollout-1")
        .position(900)
        .change(300)
        .number("truths", 131)
        .because("shadow SUPERIOR")
        .because("on 131 truths");
  }

  @Test
  void allThatWasSaidIsTold() {
    LoopEvent event = full(Kind.PROMOTED).more("colour", "\"red\"").build();
    assertThat(event.kind()).isEqualTo(Kind.PROMOTED);
    assertThat(event.name()).isEqualTo("PROMOTED");
    assertThat(event.at()).isEqualTo(AT);
    assertThat(event.champion()).contains(Reference.parse("fraud:7"));
    assertThat(event.candidate()).contains(Reference.parse("fraud:8"));
    assertThat(event.digest()).contains(DIGEST);
    assertThat(event.intent()).contains("rollout-1");
    assertThat(event.position()).hasValue(900);
    assertThat(event.change()).hasValue(300);
    assertThat(event.numbers()).containsOnlyKeys("truths");
    assertThat(event.number("truths")).hasValue(131);
    assertThat(event.number("rows")).isEmpty();
    assertThat(event.reasons()).containsExactly("shadow SUPERIOR", "on 131 truths");
    assertThat(event.text()).isEqualTo("shadow SUPERIOR\non 131 truths");
    assertThat(event.more()).containsEntry("colour", "\"red\"");
    assertThat(event)
        .hasToString("PROMOTED fraud:8: shadow SUPERIOR <- on 131 truths {colour=\"red\"}");
  }

  @Test
  void whatWasNotSaidIsEmpty() {
    LoopEvent event = LoopEvent.builder(Kind.WAITING, AT).build();
    assertThat(event.champion()).isEmpty();
    assertThat(event.candidate()).isEmpty();
    assertThat(event.digest()).isEmpty();
    assertThat(event.intent()).isEmpty();
    assertThat(event.position()).isEmpty();
    assertThat(event.change()).isEmpty();
    assertThat(event.numbers()).isEmpty();
    assertThat(event.more()).isEmpty();
    assertThat(event).hasToString("WAITING");
  }

  /** What a step is about comes first, in one word. */
  @ParameterizedTest
  @EnumSource
  void theSubjectOfAStep(Kind kind) {
    if (kind == Kind.OTHER) {
      return;
    }
    String subject = switch (kind) {
      case RETRAIN, KEPT, ADVISED, HALTED, RESUMED, PROGRESS, OUT_OF_REACH -> " fraud:7";
      case PUBLISHING -> " " + DIGEST;
      case PROMOTING, RETURNING -> " rollout-1";
      case WAITING -> "";
      default -> " fraud:8";
    };
    assertThat(full(kind).build())
        .hasToString(kind + subject + ": shadow SUPERIOR <- on 131 truths");
  }

  @Test
  void fiveKindsAndAnAbortEndACandidate() {
    EnumSet<Kind> ends = EnumSet.noneOf(Kind.class);
    for (Kind kind : Kind.values()) {
      if (kind.endsCandidate()) {
        ends.add(kind);
      }
      assertThat(Kind.of(kind.name())).isEqualTo(kind);
    }
    assertThat(ends)
        .containsExactly(
            Kind.PROMOTED, Kind.KEPT, Kind.FAILED, Kind.ABANDONED, Kind.ROLLED_BACK, Kind.ABORTED);
  }

  @Test
  void aKindOfANewerReleaseIsCarried() {
    LoopEvent event = LoopEvent.builder("SPLIT", AT).champion(SEVEN).build();
    assertThat(event.kind()).isEqualTo(Kind.OTHER);
    assertThat(event.name()).isEqualTo("SPLIT");
    assertThat(event).hasToString("SPLIT fraud:7");
    assertThat(LoopEvent.builder("SPLIT", AT).champion(SEVEN).candidate(EIGHT).build())
        .hasToString("SPLIT fraud:8");
    assertThatThrownBy(() -> LoopEvent.builder(Kind.OTHER, AT)).hasMessageContaining("OTHER");
    assertThatThrownBy(() -> LoopEvent.builder("", AT)).hasMessageContaining("name");
    assertThatThrownBy(() -> LoopEvent.builder(Kind.KEPT, AT).number("loss", Double.NaN))
        .hasMessageContaining("loss")
        .hasMessageContaining("NaN");
  }

  @Test
  void eventsAreEqualByAllThatTheySay() {
    List<UnaryOperator<LoopEvent.Builder>> others = List.of(
        builder -> builder.champion(EIGHT),
        builder -> builder.candidate(SEVEN),
        builder -> builder.digest(Digest.of(new byte[] {2})),
        builder -> builder.intent("rollout-2"),
        builder -> builder.position(901),
        builder -> builder.change(301),
        builder -> builder.number("truths", 132),
        builder -> builder.because("more"),
        builder -> builder.more("colour", "1"));
    LoopEvent event = full(Kind.KEPT).build();
    assertThat(event)
        .isEqualTo(full(Kind.KEPT).build())
        .hasSameHashCodeAs(full(Kind.KEPT).build());
    HashSet<LoopEvent> all = new HashSet<>(List.of(event, full(Kind.FAILED).build()));
    for (UnaryOperator<LoopEvent.Builder> other : others) {
      assertThat(other.apply(full(Kind.KEPT)).build()).isNotEqualTo(event);
      all.add(other.apply(full(Kind.KEPT)).build());
    }
    assertThat(all).hasSize(11);
    assertThat(event).isNotEqualTo("KEPT");
  }
}
