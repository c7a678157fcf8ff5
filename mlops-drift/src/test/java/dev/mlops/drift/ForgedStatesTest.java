package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.mlops.api.drift.DriftDetector;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.drift.VectorDetector;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.drift.batch.DataDrift;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A checksum finds damage, not forgery: a state with numbers that no detector ever had is refused, or taken without harm. What
 * was taken goes on without an exception, keeps within its memory, and gives a state that is taken again.
 */
class ForgedStatesTest {
  /** Mark, version, length of the configuration. */
  private static final int HEADER = 4 + 2 + 4;

  private static final long[] ODD = {
    0,
    1,
    -1,
    2,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    1L << 61,
    1L << 31,
    Double.doubleToLongBits(Double.NaN),
    Double.doubleToLongBits(Double.POSITIVE_INFINITY),
    Double.doubleToLongBits(Double.NEGATIVE_INFINITY),
    Double.doubleToLongBits(Double.MAX_VALUE),
    Double.doubleToLongBits(-Double.MAX_VALUE),
    Double.doubleToLongBits(Double.MIN_VALUE),
    Double.doubleToLongBits(1.0),
    Double.doubleToLongBits(-1.0),
    Double.doubleToLongBits(1e300),
    Double.doubleToLongBits(0.5)
  };

  static Stream<String> names() {
    return ConfigurationsTest.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void aForgedStateIsRefusedOrTakenWithoutHarm(String name) {
    forge(name, 60);
  }

  @ParameterizedTest
  @MethodSource("names")
  @Tag("slow")
  void manyForgedStatesAreRefusedOrTakenWithoutHarm(String name) {
    forge(name, 500);
  }

  private static void forge(String name, int trials) {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    int kinds = ConfigurationsTest.kinds().get(name).size();
    int refused = 0;
    int taken = 0;
    for (int kind = 0; kind < kinds; kind++) {
      StatefulDetector fed = detector(name, kind);
      feed(fed, 1 + random.nextInt(400), random);
      byte[] state = fed.state();
      int body = HEADER + ByteBuffer.wrap(state).getInt(HEADER - 4);
      StatefulDetector victim = detector(name, kind);
      for (int trial = 0; trial < trials && state.length - 4 > body; trial++) {
        byte[] forged = forged(state, body, random);
        byte[] before = victim.state();
        try {
          victim.restore(forged);
          taken++;
        } catch (IllegalArgumentException expected) {
          assertThat(victim.state()).as(name + " after a refusal").isEqualTo(before);
          refused++;
          continue;
        } catch (RuntimeException | Error other) {
          fail(name + " " + kind + ": restoring threw", other);
        }
        try {
          feed(victim, 150, random);
          victim.endBlock();
          Optional<Signal> signal = victim.signal();
          assertThat(signal.toString()).isNotEmpty();
          assertThat(victim.toString()).isNotEmpty();
          byte[] after = victim.state();
          assertThat(after.length).as(name + " bytes").isLessThanOrEqualTo(victim.mostStateBytes());
          detector(name, kind).restore(after);
        } catch (RuntimeException | Error other) {
          fail(name + " " + kind + ": after a forged state: " + changes(state, forged), other);
        }
        victim = detector(name, kind);
      }
    }
    assertThat(refused).as("refused of " + name).isPositive();
    assertThat(refused + taken).isPositive();
  }

  private static String changes(byte[] state, byte[] forged) {
    StringBuilder changes = new StringBuilder();
    for (int i = 0; i < state.length - 4; i++) {
      if (state[i] != forged[i]) {
        changes
            .append(i)
            .append(':')
            .append(state[i])
            .append("->")
            .append(forged[i])
            .append(' ');
      }
    }
    return changes.toString();
  }

  private static StatefulDetector detector(String name, int kind) {
    return ConfigurationsTest.kinds().get(name).get(kind);
  }

  /** One to three words of the memory replaced, or bits flipped; the checksum fits. */
  private static byte[] forged(byte[] state, int body, SplittableRandom random) {
    byte[] forged = state.clone();
    ByteBuffer bytes = ByteBuffer.wrap(forged);
    int end = state.length - 4;
    for (int change = random.nextInt(3); change >= 0; change--) {
      int at = body + random.nextInt(end - body);
      if (random.nextBoolean() && at + 8 <= end) {
        bytes.putLong(at, ODD[random.nextInt(ODD.length)]);
      } else if (random.nextBoolean() && at + 4 <= end) {
        bytes.putInt(at, (int) ODD[random.nextInt(ODD.length)]);
      } else {
        forged[at] ^= (byte) (1 << random.nextInt(8));
      }
    }
    CRC32C crc = new CRC32C();
    crc.update(forged, 0, end);
    bytes.putInt(end, (int) crc.getValue());
    return forged;
  }

  private static void feed(DriftDetector detector, int n, SplittableRandom random) {
    for (int i = 0; i < n; i++) {
      double uniform = random.nextDouble();
      if (detector instanceof ValueDetector values) {
        values.update(
            values.domain().kind() == InputDomain.Kind.BINARY ? (uniform < 0.3 ? 1 : 0) : uniform);
      } else if (detector instanceof VectorDetector vectors) {
        double[] vector = new double[vectors.dimension()];
        Arrays.fill(vector, uniform < 0.3 ? 1 : 0);
        vectors.update(vector);
      } else if (detector instanceof DataDrift rows) {
        feed(rows, uniform);
      }
      if (i % 10 == 9) {
        detector.endBlock();
      }
    }
  }

  /** Of one of the schemas that the detectors were made for. */
  private static void feed(DataDrift rows, double uniform) {
    String kind = List.of("x", "y", "new", "").get((int) (4 * uniform));
    for (Schema schema : ConfigurationsTest.schemas()) {
      double[] numbers = new double[schema.size()];
      String[] categories = new String[schema.size()];
      Arrays.fill(numbers, uniform);
      Arrays.fill(categories, kind);
      try {
        rows.update(Row.of(schema, numbers, categories));
        return;
      } catch (IllegalArgumentException ofOtherColumns) {
        assertThat(ofOtherColumns).hasMessageContaining("other columns");
      }
    }
    throw new AssertionError("no schema fits");
  }
}
