package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.core.optimise.SearchResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TuneWineTest {
  @Test
  void withoutDataItSaysWhatIsMissing() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TuneWine.run(new PrintStream(out, true, StandardCharsets.UTF_8), null);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("red.csv.gz", "MLOPS_DATA");
  }

  /** On rows that the search never saw, its winner is no worse than the champion's settings beyond the interval. */
  @Test
  @Tag("slow")
  void theWinnerIsNoWorseThanTheChampionOnRowsThatWereNeverSeen() throws IOException {
    String folder = System.getenv("MLOPS_DATA");
    assumeTrue(
        folder != null && Files.exists(Path.of(folder, "wine-quality", "red.csv.gz")),
        "no wine-quality/red.csv.gz: set MLOPS_DATA to a folder of real data sets to run this");
    List<Labelled<Row>> rows = TuneWine.wines(Path.of(folder, "wine-quality", "red.csv.gz"));
    SearchResult found =
        TuneWine.search(rows.get(0).input().schema()).budget(30).run(rows);
    SearchResult.Winner won = found.winner().orElseThrow();
    assertThat(won.heldBack().upper())
        .as("%s", found)
        .isGreaterThanOrEqualTo(found.championHeldBack().orElseThrow().value());
  }
}
