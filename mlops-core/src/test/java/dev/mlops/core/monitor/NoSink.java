package dev.mlops.core.monitor;

import dev.mlops.api.model.Truth;
import org.jspecify.annotations.Nullable;

/** Takes nothing; for a section that is filled by hand. */
class NoSink implements Intake.Sink {
  @Override
  public void draining() {}

  @Override
  public void take(Section section, Ring ring, int slot) {}

  @Override
  public void take(long id, @Nullable String key, @Nullable Truth truth, long millis) {}

  @Override
  public void missed(Throwable thrown) {
    throw new AssertionError(thrown);
  }

  @Override
  public boolean closed() {
    return false;
  }

  @Override
  public long millis() {
    return 0;
  }

  @Override
  public void noSlot(boolean full) {}
}
