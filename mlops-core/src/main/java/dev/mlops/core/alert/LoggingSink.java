package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.model.Beta;
import dev.mlops.core.internal.log.Warnings;

/**
 * Writes each event as one line to a logger of the host's: what fires and pages as ERROR, what else fires as WARNING, the rest as
 * INFO.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class LoggingSink implements AlertSink {
  private final System.Logger logger;

  private LoggingSink(System.Logger logger) {
    this.logger = logger;
  }

  /**
   * {@return a sink that writes to a logger}
   *
   * @param logger such as {@code System.getLogger("alerts")}
   */
  public static LoggingSink of(System.Logger logger) {
    return new LoggingSink(requireNonNull(logger, "logger"));
  }

  @Override
  public void deliver(AlertEvent event) {
    boolean fires =
        event.state() == AlertEvent.State.FIRING && event.kind() != AlertEvent.Kind.ACKNOWLEDGED;
    System.Logger.Level level = !fires
        ? System.Logger.Level.INFO
        : event.severity() == AlertRule.Severity.PAGE
            ? System.Logger.Level.ERROR
            : System.Logger.Level.WARNING;
    logger.log(level, Warnings.line(event.toString()));
  }

  /** {@return such as {@code log alerts}} */
  @Override
  public String toString() {
    return "log " + logger.getName();
  }
}
