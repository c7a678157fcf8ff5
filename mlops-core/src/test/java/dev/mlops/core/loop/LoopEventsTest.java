package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The stored form of events. */
class LoopEventsTest {
  private static final Instant AT = Instant.parse("2026-01-04T02:31:00.373456789Z");

  private static LoopEvent full(LoopEvent.Kind kind) {
    return LoopEvent.builder(kind, AT)
        .champion(Reference.parse("iris:7"))
        .candidate(Reference.parse("iris:8"))
        .digest(Digest.of(new byte[] {8}))
        .intent("promote-\"1\"\n")
        .position(Long.MAX_VALUE)
        .change(-1)
        .number("truths", 131)
        .number("loss", 1e-300)
        .number("limit", Double.NEGATIVE_INFINITY)
        .because("any of\t\\ \u00fc\ud83d\ude00\u0000\u2028")
        .because("")
        .because("two\r\nlines")
        .build();
  }

  private static LoopEvent read(String text) {
    return LoopEvents.of(text.getBytes(UTF_8));
  }

  private static String written(LoopEvent event) {
    return new String(LoopEvents.toBytes(event), UTF_8);
  }

  @Test
  void anEventOfEachKindIsReadBackEqual() {
    for (LoopEvent.Kind kind : LoopEvent.Kind.values()) {
      if (kind != LoopEvent.Kind.OTHER) {
        assertThat(LoopEvents.of(LoopEvents.toBytes(full(kind)))).isEqualTo(full(kind));
        LoopEvent bare = LoopEvent.builder(kind, Instant.MIN).build();
        assertThat(LoopEvents.of(LoopEvents.toBytes(bare))).isEqualTo(bare);
      }
    }
  }

  @Test
  void anEventIsOneObjectInOneForm() {
    assertThat(written(LoopEvent.builder(LoopEvent.Kind.PROMOTED, AT)
            .candidate(Reference.parse("iris:8"))
            .number("truths", 131)
            .because("better")
            .build()))
        .isEqualTo("{\"at\":\"2026-01-04T02:31:00.373456789Z\",\"candidate\":\"iris:8\","
            + "\"format\":2,\"kind\":\"PROMOTED\",\"numbers\":{\"truths\":131.0},"
            + "\"reasons\":[\"better\"]}");
  }

  /** A journal that a newer release wrote is read and written again without loss. */
  @Test
  void whatANewerReleaseWroteIsCarried() {
    String newer =
        "{\"at\":\"2026-01-04T02:31:00.373456789Z\",\"candidate\":[\"iris:8\",\"iris:9\"],"
            + "\"champion\":\"iris:7\",\"format\":3,\"kind\":\"WEIGHED\",\"reserves\":{\"iris:3\":0.25}}";
    LoopEvent event = read(newer);

    assertThat(event.kind()).isEqualTo(LoopEvent.Kind.OTHER);
    assertThat(event.name()).isEqualTo("WEIGHED");
    assertThat(event.champion()).contains(Reference.parse("iris:7"));
    assertThat(event.candidate()).isEmpty();
    assertThat(event.more())
        .containsOnlyKeys("candidate", "format", "reserves")
        .containsEntry("reserves", "{\"iris:3\":0.25}");
    assertThat(event.toString()).contains("WEIGHED iris:7", "reserves");
    assertThat(written(event)).isEqualTo(newer);
    assertThat(read(written(event))).isEqualTo(event);
  }

  @Test
  void aKindOfFormatOneThatIsNotKnownIsCarried() {
    LoopEvent event = read("1\t2026-03-01T00:00:00Z\tWEIGHED\tiris:3\tback\\tagain");

    assertThat(event.name()).isEqualTo("WEIGHED");
    assertThat(event.more()).containsEntry("subject", "\"iris:3\"");
    assertThat(event.reasons()).containsExactly("back\tagain");
    assertThat(read(written(event))).isEqualTo(event);
  }

  @Test
  void bytesThatAreNoEventAreRefusedAndShownShort() {
    for (String foreign : List.of(
        "",
        "{}",
        "{\"at\":\"noon\",\"kind\":\"KEPT\"}",
        "{\"at\":\"2026-03-01T00:00:00Z\",\"kind\":\"\"}",
        "{\"at\":\"2026-03-01T00:00:00Z\"",
        "\u001b" + "x".repeat(100_000),
        "2\tsomething\telse",
        "1\tx\ty\tz\tw")) {
      assertThatThrownBy(() -> read(foreign))
          .as(foreign.substring(0, Math.min(40, foreign.length())))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("left as it is")
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400).doesNotContain("\u001b"));
    }
  }

  @Test
  void aCarriedFieldMustBeJson() {
    LoopEvent event =
        LoopEvent.builder(LoopEvent.Kind.KEPT, AT).more("note", "not json").build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoopEvents.toBytes(event))
        .withMessageContaining("note");
  }

  @Test
  void halfACharacterIsReplacedSoThatNoEventIsUnwritable() {
    LoopEvent event = LoopEvent.builder(LoopEvent.Kind.FAILED, AT)
        .because("cut \ud83d")
        .because("\ude00\ud83d\ude00")
        .build();
    assertThat(event.reasons()).containsExactly("cut \ufffd", "\ufffd\ud83d\ude00");
    assertThat(LoopEvents.of(LoopEvents.toBytes(event))).isEqualTo(event);
  }

  @Test
  void whatNobodyMeasuredIsNoNumber() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoopEvent.builder(LoopEvent.Kind.KEPT, AT).number("loss", Double.NaN))
        .withMessageContaining("loss");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoopEvent.builder(LoopEvent.Kind.OTHER, AT));
  }
}
