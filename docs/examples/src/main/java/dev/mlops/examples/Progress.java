package dev.mlops.examples;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Prints a line every second that says how far a long piece of work has come. */
final class Progress implements AutoCloseable {
  private final PrintStream out;
  private final long start = System.nanoTime();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "progress");
        thread.setDaemon(true);
        return thread;
      });
  private volatile String doing = "starting";
  private volatile String last = "nothing yet";
  private volatile long done;
  private volatile long all = 1;
  private volatile long began = start;

  @SuppressWarnings("FutureReturnValueIgnored") // it prints until it is closed
  Progress(PrintStream out) {
    this.out = out;
    timer.scheduleAtFixedRate(this::print, 1, 1, TimeUnit.SECONDS);
  }

  /** What is being done, and how much of it there is. */
  void begin(String what, long total) {
    doing = what;
    done = 0;
    all = total;
    began = System.nanoTime();
  }

  void at(long count, String what) {
    done = count;
    doing = what;
  }

  void last(String event) {
    last = event;
  }

  private void print() {
    long now = System.nanoTime();
    String event = last.length() > 60 ? last.substring(0, 60) + "…" : last;
    out.printf(
        Locale.ROOT,
        "  … %.0f s: %s, %d of %d (%.0f a second), last: %s%n",
        (now - start) / 1e9,
        doing,
        done,
        all,
        done / Math.max((now - began) / 1e9, 1e-3),
        event);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
