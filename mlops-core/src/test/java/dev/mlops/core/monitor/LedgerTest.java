package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Baseline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LedgerTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"), Column.category("kind"));
  private static final Prediction YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");

  private final Section section = section("1");
  private final Served served = new Served();
  private final List<Long> matured = new ArrayList<>();

  private static Section section(String version) {
    return new Section(
        new NoSink(),
        version,
        Baseline.builder(SCHEMA).build(),
        new Stripes(SCHEMA),
        config().qualityOver(5).truthWithin(Duration.ofDays(1)).draft);
  }

  private final Ledger.Listener listener = new Ledger.Listener() {
    @Override
    public void matured(
        Section whose, long id, Prediction prediction, Truth truth, long position, long millis) {
      matured.add(millis);
    }

    @Override
    public void closed(long id, boolean caused) {}

    @Override
    public void took(long id, Truth truth, long at) {}

    @Override
    public void waits(String key, Truth truth, long at) {}
  };

  private static MonitorConfig config() {
    return MicrometerMonitor.config(new SimpleMeterRegistry());
  }

  private void add(Ledger ledger, long id, @Nullable String key, Prediction said, long millis) {
    served.begin(id, key, section, said, millis);
    served.keepRow(SCHEMA, new double[] {id, 0}, new String[] {"", "k" + id % 7}, 0);
    section.recorded++;
    ledger.add(served);
    served.end();
  }

  /** A chunk for what is open, twice that for gaps, and one for what has matured: however many come, in any order. */
  @Test
  void holdsNoMoreThanItsBounds() {
    Ledger ledger =
        new Ledger(config().awaiting(5_000).keeping(2_000).qualityOver(50).draft, listener);
    Random random = new Random(3);
    long most = 0;
    for (long id = 0; id < 300_000; id++) {
      add(ledger, id, id % 2 == 0 ? "order-" + id : null, YES, id);
      if (id % 3 > 0) {
        long any = Math.max(0, id - random.nextInt(6_000));
        if (random.nextBoolean() && any % 2 == 0) {
          ledger.truth("order-" + any, TRUE, id);
        } else {
          ledger.truth(any, TRUE, id);
        }
      }
      if (id % 1_000 == 0) {
        most = Math.max(most, ledger.bytes());
      }
    }
    assertThat(section.open()).isBetween(4_000L, 5_000L);
    // 65 bytes, 10 of a key, 4 of a prediction, 4 of a row's frame, 8 and 1 of its values, 6 of a
    // truth: 98 each.
    assertThat(most).isLessThan(2 * 98 * (5_000L + 2_000 + 3 * Chunk.MOST));
    assertThat(ledger.indexed().get("ids")).isLessThanOrEqualTo(5_000 + 2 * 2_000 + 1);
    assertThat(ledger.indexed().get("keys")).isLessThanOrEqualTo(5_000 + 2 * 2_000 + 1);
  }

  /** A horizon of 10 is reached when it is 10, not when it is 11; one with a truth matures then, one without expires. */
  @Test
  void whatIsExactlyAsOldAsTheHorizonIsClosed() {
    Ledger ledger = new Ledger(config().truthWithin(Duration.ofMillis(10)).draft, listener);
    add(ledger, 1, null, YES, 100);
    add(ledger, 2, null, YES, 100);
    ledger.truth(1, TRUE, 105);
    ledger.mature(109);
    assertThat(matured).isEmpty();
    assertThat(ledger.oldestOpen()).isEqualTo(100);
    ledger.mature(110);
    assertThat(matured).containsExactly(100L);
    assertThat(section.expired).isEqualTo(1);
    assertThat(ledger.oldestOpen()).as("nothing is open").isEqualTo(Long.MAX_VALUE);
  }

  /** What is kept of a prediction that moves from chunk to chunk, beside plain maps. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void keepsTogetherWhatBelongsTogether(long seed) {
    Random random = new Random(seed);
    MonitorConfig config = config().awaiting(3_000).keeping(1_500).qualityOver(1_500);
    long horizon = seed % 2 == 0 ? 4_000 : 0;
    Ledger ledger = new Ledger(
        (horizon == 0 ? config : config.truthWithin(Duration.ofMillis(horizon))).draft, listener);
    Map<Long, Truth> truths = new LinkedHashMap<>();
    Map<Long, String> keys = new HashMap<>();
    for (long id = 0; id < 30_000; id++) {
      String key = random.nextInt(3) == 0 ? "k" + "\u0142".repeat(random.nextInt(3)) + id : null;
      Prediction said = id % 2 == 0
          ? Classification.of("p" + id)
          : Classification.of(List.of("a", "b"), new double[] {id, -id});
      add(ledger, id, key, said, id);
      if (key != null) {
        keys.put(id, key);
      }
      for (int i = random.nextInt(3); i > 0; i--) {
        long any = Math.max(0, id - random.nextInt(2_500));
        Truth truth = Truth.of("t".repeat(1 + random.nextInt(20)) + any);
        boolean known = ledger.find(any) >= 0;
        String under = keys.get(any);
        if (under != null) {
          assertThat(ledger.find(under)).isEqualTo(ledger.find(any));
          ledger.truth(under, truth, id);
        } else {
          ledger.truth(any, truth, id);
        }
        if (known) {
          truths.put(any, truth);
        }
      }
      ledger.mature(id);
      if (id % 1_500 == 1_499) {
        assertThat(ledger.end() - ledger.begin()).isEqualTo(Math.min(1_500, ledger.matured()));
        for (long at = ledger.begin(); at < ledger.end(); at++) {
          Outcome outcome = ledger.outcome(at);
          assertThat(outcome).as("position " + at).isNotNull();
          long which = outcome.id();
          assertThat(outcome.position()).isEqualTo(at);
          assertThat(outcome.row())
              .isEqualTo(Row.of(SCHEMA, (double) which, which % 7 == 0 ? "k0" : "k" + which % 7));
          assertThat(outcome.prediction())
              .isEqualTo(
                  which % 2 == 0
                      ? Classification.of("p" + which)
                      : Classification.of(List.of("a", "b"), new double[] {which, -which}));
          assertThat(outcome.truth()).as("id " + which).isEqualTo(truths.get(which));
          assertThat(outcome.servedAt().toEpochMilli()).isEqualTo(which);
        }
      }
    }
    assertThat(section.recorded)
        .isEqualTo(section.matured + section.caused + section.expired + section.open());
    assertThat(section.waiting()).isEqualTo(ledger.waiting());
  }

  /** A truth that came first waits for its prediction, but neither too long nor beyond the bound. */
  @Test
  void letsATruthWaitForItsPrediction() {
    Ledger ledger = new Ledger(config().truthBefore(Duration.ofMillis(100), 2).draft, listener);
    ledger.at(1_000);
    ledger.truth("a", TRUE, 1_000);
    ledger.truth("a", TRUE, 1_000);
    ledger.truth("b", TRUE, 1_000);
    ledger.truth("c", TRUE, 1_000);
    assertThat(truths(ledger)).isEqualTo("DUPLICATE 1, EARLY 2, ORPHAN 1");
    add(ledger, 1, "a", YES, 1_001);
    add(ledger, 2, "b", YES, 1_001);
    assertThat(truths(ledger)).isEqualTo("DUPLICATE 1, EARLY 1, JOINED 1, ORPHAN 1");
    assertThat(section.matured).isEqualTo(1);
    ledger.mature(1_099);
    add(ledger, 3, "other", YES, 1_099);
    ledger.mature(1_100);
    add(ledger, 4, "c", YES, 1_101);
    assertThat(truths(ledger)).as("c waited too long").isEqualTo("DUPLICATE 1, JOINED 1, ORPHAN 2");
  }

  private static String truths(Ledger ledger) {
    Evidence.Builder evidence = Evidence.builder("m", Instant.EPOCH);
    ledger.describe(evidence);
    return new TreeMap<>(evidence.build().truths().entrySet().stream()
            .collect(Collectors.toMap(each -> each.getKey().name(), Map.Entry::getValue)))
        .toString()
        .replaceAll("[{}]", "")
        .replace('=', ' ');
  }

  /** The log has that it matured and where, and its truth was lost: it is open no more, and nothing else is taken for it. */
  @Test
  void whatMaturedInAnEarlierLifeIsClosedWithoutItsTruthToo() {
    Ledger ledger = new Ledger(config().draft, listener);
    ledger.replaying(true);
    add(ledger, 1, null, YES, 100);
    add(ledger, 2, null, YES, 100);
    long end = ledger.end();
    new LedgerReplay(ledger).closed(2, LogEvents.Closing.MATURED, end + 3);
    assertThat(ledger.find(2)).isLessThan(0);
    assertThat(ledger.find(1)).isNotNegative();
    assertThat(ledger.waiting()).isEqualTo(1);
    assertThat(ledger.end()).isEqualTo(end + 4);
    assertThat(matured).isEmpty();
  }
}
