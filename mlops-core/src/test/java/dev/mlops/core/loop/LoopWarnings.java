package dev.mlops.core.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the loop warns of while this is open. */
final class LoopWarnings extends Handler implements AutoCloseable {
  private final Logger logger;
  final List<String> lines = new ArrayList<>();

  LoopWarnings() {
    this(MaintenanceLoop.class);
  }

  LoopWarnings(Class<?> user) {
    logger = Logger.getLogger(user.getName());
    logger.addHandler(this);
  }

  @Override
  public void publish(LogRecord line) {
    lines.add(line.getMessage());
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
  }
}
