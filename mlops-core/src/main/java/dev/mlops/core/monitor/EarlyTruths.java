package dev.mlops.core.monitor;

import dev.mlops.api.model.Truth;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Truths that came before their predictions, by the host's key, oldest first: bounded in number and in time.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class EarlyTruths {
  private final int most;
  private final long wait;
  private final Map<String, Waiting> byKey = new LinkedHashMap<>();
  private long now;

  /** A truth, when it came by the host's clock, and since when it waits by the steady time. */
  record Waiting(Truth truth, long at, long since) {}

  /**
   * Makes an empty one.
   *
   * @param most how many may wait; 0 if none may
   * @param wait for how long, in milliseconds
   */
  EarlyTruths(int most, long wait) {
    this.most = most;
    this.wait = wait;
  }

  /** From now on truths wait since this time. */
  void at(long time) {
    now = time;
  }

  boolean takes(@Nullable String key) {
    return most > 0 && key != null && key.length() <= MicrometerMonitor.LONGEST;
  }

  @Nullable
  Truth of(String key) {
    Waiting waiting = byKey.get(key);
    return waiting == null ? null : waiting.truth();
  }

  /**
   * Lets a truth wait, in place of an earlier one, whose place and time it takes over; gives how many wait no longer since they
   * were too many.
   */
  int add(String key, Truth truth, long at) {
    Waiting before = byKey.get(key);
    byKey.put(key, new Waiting(truth, at, before == null ? now : before.since()));
    return forgetOldest(most);
  }

  /** Lets the oldest go until no more than a number are left; gives how many went. */
  int forgetOldest(int left) {
    int gone = 0;
    Iterator<String> oldest = byKey.keySet().iterator();
    while (byKey.size() > left) {
      oldest.next();
      oldest.remove();
      gone++;
    }
    return gone;
  }

  /** The truth that waits for a key, which waits no longer; null if none does. */
  @Nullable
  Waiting take(String key) {
    return byKey.remove(key);
  }

  /** Lets those go that waited long enough; gives how many. */
  int expire(long time) {
    int gone = 0;
    Iterator<Waiting> oldest = byKey.values().iterator();
    while (oldest.hasNext() && time - oldest.next().since() >= wait) {
      oldest.remove();
      gone++;
    }
    return gone;
  }

  int size() {
    return byKey.size();
  }
}
