package dev.mlops.core.alert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.Kind;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;

class LoggingSinkTest {
  private static final AlertRule PAGES = AlertRule.of(
          "fraud.recall", Signals.quality("recall").atLeast(0.7))
      .severity(AlertRule.Severity.PAGE);
  private static final AlertRule TELLS =
      AlertRule.of("fraud.f1", Signals.quality("f1").atLeast(0.7));

  private final List<String> lines = new ArrayList<>();

  private final System.Logger logger = new System.Logger() {
    @Override
    public String getName() {
      return "alerts";
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {
      lines.add(level + " " + text);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... values) {
      lines.add(level + " " + format);
    }
  };

  private void deliver(AlertRule rule, State state, Kind kind) {
    AlertEvent.Builder event = AlertEvent.builder(
            "fraud", rule, state, Instant.EPOCH, Finding.fail("recall 0.61\nwanted 0.7"))
        .kind(kind);
    LoggingSink.of(logger).deliver((kind == Kind.ACKNOWLEDGED ? event.by("ana") : event).build());
  }

  @Test
  void whatFiresIsLoudAndEachEventIsOneLine() {
    deliver(PAGES, State.FIRING, Kind.CHANGE);
    deliver(TELLS, State.FIRING, Kind.CHANGE);
    deliver(PAGES, State.FIRING, Kind.ACKNOWLEDGED);
    deliver(PAGES, State.RESOLVED, Kind.CHANGE);
    assertThat(lines)
        .extracting(line -> line.substring(0, line.indexOf(' ')))
        .containsExactly("ERROR", "WARNING", "INFO", "INFO");
    assertThat(lines).allSatisfy(line -> assertThat(line).doesNotContain("\n"));
    assertThat(lines.get(0)).contains("fraud.recall", "recall 0.61", "wanted 0.7");
    assertThat(LoggingSink.of(logger)).hasToString("log alerts");
  }
}
