package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Metric;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EvidenceReaderTest {
  private static final Condition SEGMENT =
      Signals.segment("country").quality("recall").atLeast(0.7);
  private static final Condition WATCH = Signals.predictions().falseAlarmEvery(10_000);
  private static final Condition F1 = Signals.quality("f1").atLeast(0.5);

  /** A condition of a host's that asks others. */
  private record Either(Condition first, Condition second) implements Condition {
    @Override
    public Finding test(Evidence evidence) {
      Finding found = first.answer(evidence);
      return found.verdict() == Verdict.PASS ? found : second.answer(evidence);
    }

    @Override
    public List<Condition> parts() {
      return List.of(first, second);
    }
  }

  /** A policy of a host's that asks others. */
  private record Eager(RetrainPolicy first, Condition second) implements RetrainPolicy {
    @Override
    public RetrainDecision decide(Evidence now, RetrainHistory past) {
      return first.decide(now, past);
    }

    @Override
    public List<EvidenceReader> parts() {
      return List.of(first, second);
    }
  }

  @Test
  void whatPartsReadIsReadByTheWhole() {
    Condition either = new Either(SEGMENT, new Either(WATCH, F1));
    RetrainPolicy recovering = new Eager(
        ((RetrainPolicy) (now, past) -> {
              throw new AssertionError("nobody decides here");
            })
            .recoveringWhen(F1),
        either);
    for (EvidenceReader whole : List.of(either, recovering, EvidenceReader.all(List.of(either)))) {
      assertThat(whole.segmentations()).containsExactly("country");
      assertThat(whole.watches()).containsExactlyElementsOf(WATCH.watches());
      assertThat(whole.metrics()).containsExactlyInAnyOrder(Metric.RECALL, Metric.of("f1"));
      assertThat(whole.expressions())
          .containsExactlyInAnyOrder(
              SEGMENT.expression().orElseThrow(),
              WATCH.expression().orElseThrow(),
              F1.expression().orElseThrow());
    }
    assertThat(recovering.recoveries()).containsExactly(F1);
  }

  @Test
  void aReaderReadsTheMetricsOfItsWatches() {
    Watch watch = Signals.quality("recall")
        .noWorseThanBaseline(0.02)
        .falseAlarmEvery(10_000)
        .watch();
    EvidenceReader reader = new EvidenceReader() {
      @Override
      public Set<Watch> watches() {
        return Set.of(watch);
      }
    };
    assertThat(reader.metrics()).containsExactly(Metric.RECALL);
    assertThat(reader.parts()).isEmpty();
    assertThat(reader.expressions()).isEmpty();
    assertThat(reader.segmentations()).isEmpty();
  }
}
