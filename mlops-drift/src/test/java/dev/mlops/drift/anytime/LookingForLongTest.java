package dev.mlops.drift.anytime;

import dev.mlops.drift.anytime.LookingAtEveryTruthTest.Method;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ten times as many runs as {@link LookingAtEveryTruthTest}, so that 5.6 wrong of 100 would be found out. */
@Tag("slow")
class LookingForLongTest {
  @ParameterizedTest
  @CsvSource({"0.80, 86", "0.95, 87"})
  void noMoreThanAlphaAreWrongInManyRuns(double accuracy, long seed) {
    List<Method> methods = LookingAtEveryTruthTest.methods(accuracy);
    LookingAtEveryTruthTest.requireErrorAtMostAlpha(
        methods,
        LookingAtEveryTruthTest.declared(
            methods, accuracy, accuracy, 10 * LookingAtEveryTruthTest.RUNS, seed),
        accuracy + ", seed " + seed);
  }
}
