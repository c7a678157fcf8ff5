package dev.mlops.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * What one class logs while this is open, instead of wherever it would have gone.
 *
 * <p>The library logs through {@link System.Logger}, by loggers that are named after classes. Without another backend these are
 * loggers of {@code java.util.logging}, which is what is captured; with a backend of the host's nothing is.
 *
 * <pre>{@code
 * try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
 *   recorder.record(row, prediction, nanos);
 *   assertThat(log.messages()).isEmpty();
 * }
 * }</pre>
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class CapturedLog implements AutoCloseable {
  private final Logger logger;
  private final boolean passedOn;
  private final List<LogRecord> records = new CopyOnWriteArrayList<>();
  private final Handler handler = new Handler() {
    @Override
    public void publish(LogRecord line) {
      records.add(line);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  };

  private CapturedLog(Logger logger) {
    this.logger = logger;
    this.passedOn = logger.getUseParentHandlers();
    handler.setLevel(Level.ALL);
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
  }

  /**
   * {@return a log that captures from now on}
   *
   * @param source the class whose name the logger has
   */
  public static CapturedLog of(Class<?> source) {
    return new CapturedLog(Logger.getLogger(source.getName()));
  }

  /**
   * {@return what was logged so far, in order, without the level; a copy}
   */
  public List<String> messages() {
    return records.stream().map(LogRecord::getMessage).toList();
  }

  /**
   * {@return what was logged so far, in order, each behind its level such as {@code WARNING}; a copy}
   */
  public List<String> lines() {
    return records.stream()
        .map(line -> line.getLevel() + " " + line.getMessage())
        .toList();
  }

  /** Ends the capture; what was captured can still be read. */
  @Override
  public void close() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(passedOn);
  }
}
