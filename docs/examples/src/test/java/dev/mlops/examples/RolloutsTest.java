package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.core.serve.Rollout.State;
import dev.mlops.examples.Rollouts.Candidate;
import dev.mlops.examples.Rollouts.Method;
import dev.mlops.examples.Rollouts.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What each method lets through, and the table of the page, which {@code -Dmlops.docs.write=true} writes. */
class RolloutsTest {
  private static final Path PAGE =
      Path.of(System.getProperty("mlops.root", "../.."), "docs", "rollouts.md");
  private static final String BEGIN = "<!-- table: the program writes it -->\n```text\n";
  private static final String END = "```\n";

  private static final Map<Method, Map<Candidate, Result>> RESULTS = new HashMap<>();
  private static String table = "";

  @BeforeAll
  static void run() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Result each : Rollouts.run(new PrintStream(out, true, StandardCharsets.UTF_8))) {
      RESULTS.computeIfAbsent(each.method(), any -> new HashMap<>()).put(each.candidate(), each);
    }
    table = out.toString(StandardCharsets.UTF_8);
  }

  private static Result result(Method method, Candidate candidate) {
    return RESULTS.get(method).get(candidate);
  }

  private static List<State> states(Method method) {
    return List.of(Candidate.values()).stream()
        .map(candidate -> result(method, candidate).state())
        .toList();
  }

  @Test
  void directLetsEveryCandidateThrough() {
    assertThat(states(Method.DIRECT)).containsOnly(State.PROMOTED);
  }

  @Test
  void blueGreenTakesTheBadOnesBackAfterTheyHaveAnsweredEverybody() {
    assertThat(states(Method.BLUE_GREEN))
        .containsExactly(State.PROMOTED, State.PROMOTED, State.ROLLED_BACK, State.ROLLED_BACK);
    assertThat(result(Method.BLUE_GREEN, Candidate.BROKEN).failed()).isPositive();
    assertThat(result(Method.BLUE_GREEN, Candidate.WORSE).steps())
        .containsExactly(Kind.ROLLING_OUT, Kind.PROMOTING, Kind.PROMOTED, Kind.ROLLED_BACK);
  }

  @Test
  void aCanaryLetsTheEqualOneThroughAndFailsNoRequest() {
    assertThat(states(Method.CANARY))
        .containsExactly(State.PROMOTED, State.PROMOTED, State.ROLLED_BACK, State.ROLLED_BACK);
    for (Candidate candidate : Candidate.values()) {
      assertThat(result(Method.CANARY, candidate).failed()).isZero();
    }
    assertThat(result(Method.CANARY, Candidate.EQUAL).steps())
        .containsExactly(
            Kind.ROLLING_OUT, Kind.STEPPING, Kind.STEPPING, Kind.PROMOTING, Kind.PROMOTED);
    assertThat(result(Method.CANARY, Candidate.WORSE).wrong())
        .as("fewer than by blue/green")
        .isLessThan(result(Method.BLUE_GREEN, Candidate.WORSE).wrong());
  }

  @Test
  void anAbTestLetsOnlyTheBetterOneThrough() {
    assertThat(states(Method.AB_TEST))
        .containsExactly(State.PROMOTED, State.ROLLED_BACK, State.ROLLED_BACK, State.ROLLED_BACK);
  }

  @Test
  void aShadowAnswersNobodyAndAChallengerMustBeBetter() {
    assertThat(states(Method.SHADOW))
        .containsExactly(State.PROMOTED, State.PROMOTED, State.KEPT, State.KEPT);
    assertThat(states(Method.CHALLENGER))
        .containsExactly(State.PROMOTED, State.KEPT, State.KEPT, State.KEPT);
    for (Candidate candidate : Candidate.values()) {
      assertThat(result(Method.SHADOW, candidate).answered()).isZero();
      assertThat(result(Method.CHALLENGER, candidate).answered()).isZero();
    }
  }

  @Test
  void thePageShowsTheTable() throws IOException {
    String page = Files.readString(PAGE);
    int begin = page.indexOf(BEGIN);
    assertThat(begin).as("%s has no place for the table", PAGE).isNotNegative();
    int from = begin + BEGIN.length();
    int to = page.indexOf(END, from);
    if (Boolean.getBoolean("mlops.docs.write")) {
      Files.writeString(PAGE, page.substring(0, from) + table + page.substring(to));
      return;
    }
    assertThat(page.substring(from, to)).isEqualTo(table);
  }
}
