package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CapturedLogTest {
  private static final System.Logger OURS = System.getLogger(CapturedLogTest.class.getName());
  private static final System.Logger OTHER = System.getLogger(CapturedLog.class.getName());

  @Test
  void capturesOneLoggerWhileItIsOpen() {
    OURS.log(System.Logger.Level.WARNING, "before");
    CapturedLog log = CapturedLog.of(CapturedLogTest.class);
    try (log) {
      OURS.log(System.Logger.Level.WARNING, "first");
      OTHER.log(System.Logger.Level.WARNING, "of another class");
      OURS.log(System.Logger.Level.INFO, "second");
      assertThat(log.messages()).containsExactly("first", "second");
    }
    OURS.log(System.Logger.Level.WARNING, "after");
    assertThat(log.lines()).containsExactly("WARNING first", "INFO second");
  }

  @Test
  void leavesTheLoggerAsItWas() {
    java.util.logging.Logger logger =
        java.util.logging.Logger.getLogger(CapturedLogTest.class.getName());
    int handlers = logger.getHandlers().length;
    logger.setUseParentHandlers(false);
    try {
      CapturedLog.of(CapturedLogTest.class).close();
      assertThat(logger.getUseParentHandlers()).isFalse();
      assertThat(logger.getHandlers()).hasSize(handlers);
    } finally {
      logger.setUseParentHandlers(true);
    }
  }
}
