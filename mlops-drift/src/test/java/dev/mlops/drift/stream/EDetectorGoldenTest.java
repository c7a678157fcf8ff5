package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.Level;
import dev.mlops.drift.GoldenStreams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Answers of stcpR6 (C++, commit 9eaafb49), threshold 1e4. It alarms above the threshold, ours from it on; no statistic is ever
 * exactly 1e4, so the lists are the same.
 */
class EDetectorGoldenTest {
  private static final Set<String> DETECTORS = Set.of("SR", "CUSUM");

  static List<String> recordings() {
    return GoldenStreams.rows("e_detectors.csv");
  }

  /** method,stream,n,m_pre,alarm indices,log values at 0, 9, 99, 999, 1999, … */
  @ParameterizedTest
  @MethodSource("recordings")
  void alarmsAndStatisticEqualTheRecordedOnes(String recording) {
    String[] fields = recording.split(",", -1);
    assumeTrue(DETECTORS.contains(fields[0]), "no detector of ours: " + fields[0]);
    double[] stream = GoldenStreams.values(fields[1]);
    assumeTrue(
        Arrays.stream(stream).allMatch(x -> x >= 0),
        "values below 0 are not in the domain of ours");
    List<Integer> alarms = words(fields[4]).map(Integer::valueOf).toList();
    double[] wanted = words(fields[5]).mapToDouble(EDetectorGoldenTest::parse).toArray();
    double mean = Double.parseDouble(fields[3]);
    EDetector<?> detector = fields[0].equals("SR")
        ? SrEDetector.above(mean).falseAlarmEvery(10_000)
        : CusumEDetector.above(mean).falseAlarmEvery(10_000);

    List<Integer> found = new ArrayList<>();
    int checked = 0;
    for (int i = 0; i < stream.length; i++) {
      Level level = detector.update(stream[i]);
      if (level == Level.DRIFT) {
        found.add(i);
      }
      if (i == 0 || i == 9 || i == 99 || i % 1_000 == 999) {
        double log = wanted[checked++];
        if (level == Level.DRIFT) { // recorded after the restart
          assertThat(log).as("index " + i).isEqualTo(Double.NEGATIVE_INFINITY);
        } else {
          // 12 digits are recorded
          assertThat(Math.log(detector.statistic())).as("index " + i).isCloseTo(log, within(1e-9));
        }
      }
    }
    assertThat(found).isEqualTo(alarms);
    assertThat(checked).isEqualTo(wanted.length);
  }

  private static Stream<String> words(String field) {
    return Arrays.stream(field.trim().split(" ")).filter(word -> !word.isEmpty());
  }

  private static double parse(String number) {
    return number.equals("-inf") ? Double.NEGATIVE_INFINITY : Double.parseDouble(number);
  }
}
