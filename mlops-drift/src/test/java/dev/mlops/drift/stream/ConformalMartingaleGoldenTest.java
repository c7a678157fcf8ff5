package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.Level;
import dev.mlops.drift.Golden;
import dev.mlops.drift.GoldenStreams;
import dev.mlops.drift.stream.ConformalMartingale.Betting;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers of online-cp (commit 026d64df) on streams of p-values. */
class ConformalMartingaleGoldenTest {
  private static final Pattern JUMPER = Pattern.compile("SimpleJumper\\(J=([0-9.]+)\\)");
  private static final Pattern SLEEPER =
      Pattern.compile("SleeperStayer\\(R=([0-9.]+);G=([0-9]+)\\)");

  static List<String> recordings() {
    return GoldenStreams.rows("conformal_martingales.csv");
  }

  private static Betting betting(String name) {
    Matcher jumper = JUMPER.matcher(name);
    if (jumper.matches()) {
      return Betting.simpleJumper(Double.parseDouble(jumper.group(1)));
    }
    Matcher sleeper = SLEEPER.matcher(name);
    assumeTrue(sleeper.matches(), "no betting of ours: " + name);
    return Betting.sleeperStayer(
        Double.parseDouble(sleeper.group(1)), Integer.parseInt(sleeper.group(2)));
  }

  /** martingale,stream,first index of Ville 20,100,CUSUM 1000,Shiryaev–Roberts 1000,ln S at 0, 9, 99, 499, 999, 1499, … */
  @ParameterizedTest
  @MethodSource("recordings")
  void capitalAndFirstCrossingsEqualTheRecordedOnes(String recording) {
    String[] fields = recording.split(",", -1);
    Betting betting = betting(fields[0]);
    double[] p = pValues(fields[1]);
    double[] wanted = Arrays.stream(fields[6].trim().split(" "))
        .mapToDouble(Double::parseDouble)
        .toArray();
    Capital capital = new Capital(betting, 0);
    ConformalMartingale restarted =
        ConformalMartingale.ofPValues().bettingBy(betting).falseAlarmEvery(1_000);
    int ville20 = -1;
    int ville100 = -1;
    int cusum = -1;
    int sr = -1;
    double least = 0;
    int checked = 0;
    for (int i = 0; i < p.length; i++) {
      capital.bet(p[i]);
      if (restarted.update(p[i]) == Level.DRIFT && sr < 0) {
        sr = i;
      }
      double log = capital.log();
      ville20 = ville20 < 0 && log >= Math.log(20) ? i : ville20;
      ville100 = ville100 < 0 && log >= Math.log(100) ? i : ville100;
      least = Math.min(least, log);
      cusum = cusum < 0 && log - least >= Math.log(1_000) ? i : cusum;
      if ((i == 0 || i == 9 || i == 99 || i % 500 == 499) && checked < wanted.length) {
        // 12 digits are recorded
        assertThat(log).as("index " + i).isCloseTo(wanted[checked++], within(1e-9));
      }
    }
    assertThat(List.of(ville20, ville100, cusum, sr))
        .isEqualTo(Arrays.stream(fields, 2, 6).map(Integer::valueOf).toList());
  }

  /** They are not in the list of streams. */
  private static double[] pValues(String id) {
    String file = "streams/" + id + ".txt.gz";
    assumeTrue(Golden.has("streaming", file), "no file " + file + " in the folder of recordings");
    try (GZIPInputStream in =
        new GZIPInputStream(new ByteArrayInputStream(Golden.bytes("streaming", file)))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .mapToDouble(Double::parseDouble)
          .toArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
