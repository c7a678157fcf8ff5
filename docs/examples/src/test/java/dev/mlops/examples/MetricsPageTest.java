package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The table of docs/metrics.md names every metric of the library, with its direction, range and loss; {@code
 * -Dmlops.docs.write=true} writes these columns.
 */
class MetricsPageTest {
  private static final Path PAGE =
      Path.of(System.getProperty("mlops.root", "../..")).resolve("docs/metrics.md");

  private static final Pattern ROW = Pattern.compile("\\| `([a-z0-9_]+(?:\\([^)]*\\))?)` \\| .*");
  private static final Schema SCHEMA = Schema.of(Column.number("x")).positiveLabel("yes");

  /** The metric that a row is about, some arguments filled in. */
  private static Metric metric(String name) {
    return Metric.of(name.replace("label", "fraud")
        .replace("(beta", "(2")
        .replace("(k)", "(3)")
        .replace("(quantile)", "(0.9)"));
  }

  private static List<String> columns(Metric metric) {
    String better = metric.isSigned() ? "0" : metric.higherIsBetter() ? "more" : "less";
    String loss = metric
        .loss(SCHEMA)
        .map(Loss::largest)
        .map(largest -> Double.isInfinite(largest) ? "yes" : "bounded")
        .orElse("");
    return List.of(
        better + ", " + number(metric.lowest()) + " to " + number(metric.highest()),
        Metric.defaults().contains(metric) ? "yes" : "",
        loss);
  }

  private static String number(double value) {
    return value == Double.POSITIVE_INFINITY
        ? "∞"
        : value == Double.NEGATIVE_INFINITY ? "−∞" : Long.toString((long) value).replace('-', '−');
  }

  /** Every metric that has a name: those without an argument, one of each form that needs one, and their averages. */
  private static Set<Metric> all() {
    String message = catchThrowable(() -> Metric.of("?")).getMessage();
    String known =
        message.substring(message.indexOf("known: ") + 7, message.indexOf(", and averages"));
    Set<Metric> all = new HashSet<>();
    for (String name : known.split(", (?!label\\))")) {
      all.add(metric(name));
    }
    List<UnaryOperator<Metric>> averages = List.of(Metric::macro, Metric::micro, Metric::weighted);
    for (Metric metric : List.copyOf(all)) {
      for (UnaryOperator<Metric> average : averages) {
        try {
          all.add(average.apply(metric));
        } catch (IllegalArgumentException hasNone) {
          assertThat(hasNone).hasMessageContaining("average");
        }
      }
    }
    return all;
  }

  @Test
  void theTableIsThatOfTheLibrary() throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(PAGE));
    List<Metric> named = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      Matcher row = ROW.matcher(lines.get(i));
      if (row.matches()) {
        Metric metric = metric(row.group(1));
        named.add(metric);
        String[] cells = lines.get(i).split(" \\| ", -1);
        List<String> wanted = columns(metric);
        if (!wanted.equals(List.of(cells).subList(2, 5))) {
          wrong.add(row.group(1) + " wants " + wanted);
          for (int k = 0; k < wanted.size(); k++) {
            cells[2 + k] = wanted.get(k);
          }
          lines.set(i, String.join(" | ", cells));
        }
      }
    }
    if (Boolean.getBoolean("mlops.docs.write")) {
      Files.write(PAGE, lines);
    } else {
      assertThat(wrong).isEmpty();
    }
    assertThat(named).doesNotHaveDuplicates();
    assertThat(new HashSet<>(named)).isEqualTo(all());
    assertThat(all()).containsAll(Metric.known()).hasSizeGreaterThan(50);
  }
}
