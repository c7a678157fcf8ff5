package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What each rule does to a request, and the table of the page, which {@code -Dmlops.docs.write=true} writes. */
class ServeByRulesTest {
  private static final Path PAGE =
      Path.of(System.getProperty("mlops.root", "../.."), "docs", "rollouts.md");
  private static final String BEGIN = "<!-- table: ServeByRules writes it -->\n```text\n";
  private static final String END = "```\n";

  @Test
  void eachRequestIsAnsweredAsTheRulesSay() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List<ServeByRules.Result> results =
        ServeByRules.run(new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(results)
        .extracting(ServeByRules.Result::answer)
        .containsExactly(
            "pay",
            "review",
            "review",
            "rejected: amount MISSING",
            "rejected: country UNSEEN",
            "pay");
    assertThat(results.get(0).by()).isEqualTo("payments:2 ONLY_VERSION");
    assertThat(results.get(5).by()).as("its limit is 90").isEqualTo("payments:1 STANDBY");

    String page = Files.readString(PAGE, StandardCharsets.UTF_8);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END, begin);
    assertThat(page).contains(BEGIN);
    String table = out.toString(StandardCharsets.UTF_8);
    if (Boolean.getBoolean("mlops.docs.write")) {
      Files.writeString(
          PAGE, page.substring(0, begin) + table + page.substring(end), StandardCharsets.UTF_8);
      return;
    }
    assertThat(page.substring(begin, end)).isEqualTo(table);
  }
}
