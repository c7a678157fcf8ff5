package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));
  private static final Prediction YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");

  private final Section section = new Section(
      new NoSink(),
      "1",
      Baseline.builder(SCHEMA).build(),
      new Stripes(SCHEMA, 1, () -> new Ring(SCHEMA, 2)),
      MicrometerMonitor.config(new SimpleMeterRegistry())
          .qualityOver(5)
          .truthWithin(Duration.ofDays(1)));

  /** 50 that may be open, one more while it takes the place of the oldest, and the 20 newest matured. */
  @Test
  void makesNoMoreEntriesThanItsBounds() {
    Ledger ledger = new Ledger(
        MicrometerMonitor.config(new SimpleMeterRegistry())
            .awaiting(50)
            .keeping(20)
            .qualityOver(5),
        (whose, prediction, truth, position, millis) -> {});
    for (long id = 0; id <= 10_000; id++) {
      ledger.add(id, id % 2 == 0 ? "order-" + id : null, section, YES, id);
      if (id % 3 == 0) {
        ledger.join(ledger.find(id), TRUE, id);
      }
    }
    assertThat(ledger.made()).isEqualTo(71);
    assertThat(ledger.waiting()).isEqualTo(50);
  }

  /** A horizon of 10 is reached when it is 10, not when it is 11; one with a truth matures then, one without expires. */
  @Test
  void whatIsExactlyAsOldAsTheHorizonIsClosed() {
    List<Long> matured = new ArrayList<>();
    Ledger ledger = new Ledger(
        MicrometerMonitor.config(new SimpleMeterRegistry()).truthWithin(Duration.ofMillis(10)),
        (whose, prediction, truth, position, millis) -> matured.add(millis));
    ledger.add(1, null, section, YES, 100);
    ledger.add(2, null, section, YES, 100);
    ledger.join(ledger.find(1), TRUE, 105);
    ledger.mature(109);
    assertThat(matured).isEmpty();
    assertThat(ledger.oldestOpen()).isEqualTo(100);
    ledger.mature(110);
    assertThat(matured).containsExactly(100L);
    assertThat(section.expired).isEqualTo(1);
    assertThat(ledger.oldestOpen()).as("nothing is open").isEqualTo(Long.MAX_VALUE);
  }
}
