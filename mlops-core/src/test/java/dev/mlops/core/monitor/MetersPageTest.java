package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page docs/meters.md is the enum of meters, whose comments say what each means. */
class MetersPageTest {
  private static final Path ROOT = Path.of(System.getProperty("mlops.root", ".."));
  private static final Path SOURCE =
      ROOT.resolve("mlops-core/src/main/java/dev/mlops/core/monitor/Meters.java");

  private static final String HEAD = """
      # Meters

      Every meter of the library, as Micrometer names them; a registry may spell names in its own way: Prometheus reads `mlops.truth.age` as `mlops_truth_age_seconds`, and a counter's name ends in `_total` there.

      A meter always has the same tag keys. Its values are bounded, and none is ever NaN: a value that is not known has no meter. The meters of a version go when the monitor forgets it or is closed. Timers have no unit: the registry chooses one.

      This page is generated from `Meters`.

      | meter | type | unit | tags | what it says |
      |---|---|---|---|---|
      """;

  @Test
  void thePageIsTheEnum() throws IOException {
    Path page = ROOT.resolve("docs/meters.md");
    String source = Files.readString(SOURCE);
    StringBuilder table = new StringBuilder(HEAD);
    for (Meters meter : Meters.values()) {
      table
          .append("| `")
          .append(meter.id())
          .append("` | ")
          .append(meter.type().name().toLowerCase(Locale.ROOT))
          .append(" | ")
          .append(meter.unit())
          .append(" | ")
          .append("`" + String.join("` `", meter.tagKeys()) + "`")
          .append(" | ")
          .append(meaning(source, meter))
          .append(" |\n");
    }
    if (Boolean.getBoolean("mlops.docs.write")) {
      Files.writeString(page, table);
    }
    assertThat(page).as("write it with -Dmlops.docs.write=true").hasContent(table.toString());
  }

  @Test
  void aCommentBeginsWithTheTypeOfItsMeter() throws IOException {
    String source = Files.readString(SOURCE);
    for (Meters meter : Meters.values()) {
      assertThat(meaning(source, meter))
          .as(meter.name())
          .startsWithIgnoringCase(meter.type().name() + " of ");
    }
    assertThat(Arrays.stream(Meters.values()).map(Meters::id)).doesNotHaveDuplicates();
  }

  /** The comment of a constant, in Markdown. */
  private static String meaning(String source, Meters meter) {
    Matcher comment = Pattern.compile(
            "/\\*\\*((?:(?!\\*/).)*)\\*/\\s+" + meter.name() + "\\(", Pattern.DOTALL)
        .matcher(source);
    assertThat(comment.find()).as("comment of " + meter.name()).isTrue();
    String text =
        comment.group(1).replaceAll("\\n\\s*\\*", " ").replaceAll("\\s+", " ").strip();
    text = text.replaceAll("\\{@code ([^}]*)}", "`$1`").replace("|", "\\|");
    return Pattern.compile("\\{@link #([A-Z_]+)}")
        .matcher(text)
        .replaceAll(link -> "`" + Meters.valueOf(link.group(1)).id() + "`");
  }
}
