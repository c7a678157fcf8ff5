package dev.mlops.examples;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Says how far a long piece of work has come: on a terminal every second, elsewhere, such as in a file, at each tenth of the work and
 * at most every five seconds.
 *
 * <p>Thread-safe.
 */
final class Progress implements AutoCloseable {
  private static final long APART = TimeUnit.SECONDS.toNanos(5);

  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier nanos;
  private final long start;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "progress");
        thread.setDaemon(true);
        return thread;
      });
  private String doing = "starting";
  private String unit = "steps";
  private String last = "nothing yet";
  private long done;
  private long all = 1;
  private long began;
  private long printed;
  private long tenths;

  /** Prints by itself until it is closed. */
  @SuppressWarnings("FutureReturnValueIgnored") // it prints until it is closed
  Progress(PrintStream out) {
    this(out, isTerminal(), System::nanoTime);
    timer.scheduleAtFixedRate(this::print, 1, 1, TimeUnit.SECONDS);
  }

  /** Prints when it is told to. */
  Progress(PrintStream out, boolean terminal, LongSupplier nanos) {
    this.out = out;
    this.terminal = terminal;
    this.nanos = nanos;
    this.start = nanos.getAsLong();
    this.began = start;
    this.printed = start;
  }

  /** From Java 22 on there may be a console that is not a terminal, which it then says. */
  @SuppressWarnings("SystemConsoleNull") // asked below
  private static boolean isTerminal() {
    Console console = System.console();
    try {
      return console != null
          && Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
    } catch (ReflectiveOperationException e) {
      return console != null;
    }
  }

  /** What is being done, and how much of it there is. */
  synchronized void begin(String what, long total, String units) {
    doing = what;
    unit = units;
    done = 0;
    all = total;
    began = nanos.getAsLong();
    tenths = 0;
  }

  synchronized void at(long count, String what) {
    done = count;
    doing = what;
  }

  synchronized void last(String event) {
    last = event;
  }

  /** Prints a line if one is due. */
  synchronized void print() {
    long now = nanos.getAsLong();
    long tenth = 10 * done / Math.max(1, all);
    if (!terminal && (tenth <= tenths || now - printed < APART)) {
      return;
    }
    tenths = tenth;
    printed = now;
    String event = last.length() > 60 ? last.substring(0, 60) + "…" : last;
    out.printf(
        Locale.ROOT,
        "  … %.0f s: %s, %d of %d %s (%.0f a second), last: %s%n",
        (now - start) / 1e9,
        doing,
        done,
        all,
        unit,
        done / Math.max((now - began) / 1e9, 1e-3),
        event);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
