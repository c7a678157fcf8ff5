package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.drift.GoldenStreams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Answers of MOA 2024.07.0: the public detectors give the same alarms and warnings, value for value, but for the defects that
 * {@link Moa} copies.
 */
class MoaGoldenTest {
  /** A row of moa.csv: detector,stream,n,n_drifts,n_warning_steps,drifts,warning_runs. */
  record Recording(
      String detector, String stream, int n, List<Integer> drifts, List<Integer> warnings) {
    static Recording of(String line) {
      // Names such as "rules.PageHinkleyTest(35,0.005)" are quoted, since they have commas.
      int end = line.startsWith("\"") ? line.indexOf('"', 1) : -1;
      String name = end > 0 ? line.substring(1, end) : line.substring(0, line.indexOf(','));
      String[] rest = line.substring(end > 0 ? end + 2 : name.length() + 1).split(",", -1);
      Recording recording = new Recording(
          name, rest[0], Integer.parseInt(rest[1]), positions(rest[4]), positions(rest[5]));
      assertThat(recording.drifts).as(line).hasSize(Integer.parseInt(rest[2]));
      assertThat(recording.warnings).as(line).hasSize(Integer.parseInt(rest[3]));
      return recording;
    }

    /** Such as {@code 7 12-14}. */
    private static List<Integer> positions(String field) {
      List<Integer> positions = new ArrayList<>();
      for (String run : field.trim().split(" ")) {
        if (!run.isEmpty()) {
          String[] ends = run.split("-");
          for (int i = Integer.parseInt(ends[0]);
              i <= Integer.parseInt(ends[ends.length - 1]);
              i++) {
            positions.add(i);
          }
        }
      }
      return positions;
    }

    @Override
    public String toString() {
      return detector + " on " + stream;
    }
  }

  /** What MOA does, defects included; empty for its detectors that we do not have. */
  private static Optional<Supplier<Moa.Detector>> asMoaDoes(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "ADWIN_raw(delta=0.002)" -> () -> new MoaAdwin(Adwin.of(0.002));
          case "ADWINChangeDetector" -> () -> new MoaAdwin(Adwin.of(0.002).watching(Sides.UP));
          case "DDM" -> Moa.Ddm::new;
          case "HDDM_A_Test(One-sided)" -> () -> new Moa.HddmA(false);
          case "HDDM_A_Test(Two-sided)" -> () -> new Moa.HddmA(true);
          case "CusumDM" -> Moa.Cusum::new;
          case "PageHinkleyDM" -> Moa.PageHinkleyDm::new;
          case "rules.PageHinkleyTest(35,0.005)" -> () -> new Moa.PageHinkleyRule(false);
          case "rules.PageHinkleyFading(35,0.005)" -> () -> new Moa.PageHinkleyRule(true);
          default -> null;
        });
  }

  /** The public class, which has no fixture since nothing of it differs. */
  private static final class MoaAdwin extends Moa.Detector {
    private final Adwin adwin;

    MoaAdwin(Adwin adwin) {
      this.adwin = adwin;
    }

    @Override
    boolean update(double x) {
      Level level = adwin.update(x);
      warning = level == Level.WARNING;
      return level == Level.DRIFT;
    }

    @Override
    double estimate() {
      return adwin.mean().orElseThrow();
    }
  }

  static List<Recording> recordings() {
    return GoldenStreams.rows("moa.csv").stream().map(Recording::of).toList();
  }

  static List<Recording> had() {
    return recordings().stream()
        .filter(r -> asMoaDoes(r.detector()).isPresent())
        .toList();
  }

  static List<Recording> had(String prefix) {
    return recordings().stream().filter(r -> r.detector().startsWith(prefix)).toList();
  }

  static List<Recording> ddm() {
    return had("DDM");
  }

  static List<Recording> hddm() {
    return had("HDDM_A_");
  }

  static List<Recording> cusum() {
    return had("CusumDM");
  }

  @Test
  void detectorsThatWeDoNotHaveAreListed() {
    TreeSet<String> missing = new TreeSet<>();
    for (Recording recording : recordings()) {
      if (asMoaDoes(recording.detector()).isEmpty()) {
        missing.add(recording.detector());
      }
    }
    assumeTrue(missing.isEmpty(), "recorded of MOA, not had: " + missing);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("had")
  void alarmsAndWarningsAreMoas(Recording recording) {
    double[] stream = GoldenStreams.values(recording.stream());
    assertThat(stream).hasSize(recording.n());
    Moa.Detector detector = asMoaDoes(recording.detector()).orElseThrow().get();
    List<Integer> drifts = new ArrayList<>();
    List<Integer> warnings = new ArrayList<>();
    for (int i = 0; i < stream.length; i++) {
      if (detector.update(stream[i])) {
        drifts.add(i);
      } else if (detector.warning) {
        warnings.add(i);
      }
    }
    assertThat(drifts).as("drifts").isEqualTo(recording.drifts());
    assertThat(warnings).as("warnings").isEqualTo(recording.warnings());
  }

  /** Ours keeps no minimum without an error; until MOA's did, the two are the same. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("ddm")
  void ddmIsMoasUntilAMinimumWithoutAnErrorIsKept(Recording recording) {
    double[] stream = GoldenStreams.values(recording.stream());
    Moa.Ddm moa = new Moa.Ddm();
    Ddm ours = Ddm.of();
    for (int i = 0; i < stream.length; i++) {
      boolean drift = moa.update(stream[i]);
      if (moa.degenerate) {
        return;
      }
      Level level = ours.update(stream[i]);
      assertThat(level == Level.DRIFT).as("drift at " + i).isEqualTo(drift);
      assertThat(level == Level.WARNING).as("warning at " + i).isEqualTo(moa.warning);
    }
  }

  /** MOA restarts after a fall without a word; ours says it. Values outside of 0 to 1 have no bound. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("hddm")
  void hddmAIsMoasWithinZeroAndOneButForTheFallsThatItSays(Recording recording) {
    double[] stream = GoldenStreams.values(recording.stream());
    assumeTrue(
        Arrays.stream(stream).allMatch(x -> x >= 0 && x <= 1),
        recording.stream() + " leaves 0 to 1");
    boolean twoSided = recording.detector().toLowerCase(Locale.ROOT).contains("two");
    HddmA ours = HddmA.of().watching(twoSided ? Sides.BOTH : Sides.UP);
    List<Integer> drifts = new ArrayList<>();
    List<Integer> warnings = new ArrayList<>();
    List<Integer> wantedWarnings = new ArrayList<>(recording.warnings());
    for (int i = 0; i < stream.length; i++) {
      Level level = ours.update(stream[i]);
      if (level == Level.WARNING) {
        warnings.add(i);
      }
      if (level == Level.DRIFT) {
        if (ours.signal().orElseThrow().direction() == Direction.UP) {
          drifts.add(i);
        } else {
          wantedWarnings.remove((Integer) i);
        }
      }
    }
    assertThat(drifts).as("rises").isEqualTo(recording.drifts());
    assertThat(warnings).as("warnings").isEqualTo(wantedWarnings);
  }

  /** What MOA calls CUSUM follows its own mean: it is the test of Page and Hinkley, warm after 28 values. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cusum")
  void pageHinkleyWarmingUpFor28ValuesIsMoasCusum(Recording recording) {
    double[] stream = GoldenStreams.values(recording.stream());
    PageHinkley ours = PageHinkley.of(0.005, 50).warmingUpFor(28);
    List<Integer> drifts = new ArrayList<>();
    for (int i = 0; i < stream.length; i++) {
      if (ours.update(stream[i]) == Level.DRIFT) {
        drifts.add(i);
      }
    }
    assertThat(drifts).isEqualTo(recording.drifts());
  }

  /** A row of moa_checkpoints.csv: detector,stream,estimates after elements 999, 1999, … */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("checkpoints")
  void estimatesAreMoas(String line) {
    int last = line.lastIndexOf(',');
    int middle = line.lastIndexOf(',', last - 1);
    String name = line.substring(0, middle).replace("\"", "");
    double[] stream = GoldenStreams.values(line.substring(middle + 1, last));
    String[] wanted = line.substring(last + 1).trim().split(" ");
    Moa.Detector detector = asMoaDoes(name).orElseThrow().get();
    int checked = 0;
    for (int i = 0; i < stream.length; i++) {
      detector.update(stream[i]);
      if (i % 1_000 == 999) {
        double estimate = Double.parseDouble(wanted[checked++]);
        assertThat(detector.estimate())
            .as("after " + i)
            .isCloseTo(estimate, within(1e-9 * Math.max(1, Math.abs(estimate))));
      }
    }
    assertThat(checked).isEqualTo(wanted.length);
  }

  static List<String> checkpoints() {
    return GoldenStreams.rows("moa_checkpoints.csv").stream()
        .filter(line -> {
          int middle = line.lastIndexOf(',', line.lastIndexOf(',') - 1);
          return asMoaDoes(line.substring(0, middle).replace("\"", "")).isPresent();
        })
        .toList();
  }
}
