package dev.mlops.core.serve;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.internal.guard.Allocated;
import dev.mlops.core.internal.guard.Waits;
import dev.mlops.core.internal.log.Warnings;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * How long a model may take to load, on an executor of the host, and which loads go on past that.
 *
 * <p>A load that goes on keeps its thread. Its package is not loaded a second time beside it, and its model is closed when it
 * comes.
 *
 * <p>Thread-safe.
 */
final class LoadLimit {
  private final Duration deadline;
  private final Executor executor;
  private final List<GoingOn> goingOn = new CopyOnWriteArrayList<>();
  private final Warnings warnings = Warnings.of(Deployment.class);

  /** A load that nobody waits for. */
  private record GoingOn(Digest digest, TimedCall<Model> call) {
    String where() {
      Thread thread = call.thread();
      return thread == null ? "a thread that is just done" : "the thread " + thread.getName();
    }
  }

  LoadLimit(Duration deadline, Executor executor) {
    this.deadline = deadline;
    this.executor = executor;
  }

  /** What a load gives in time; what it throws is thrown. */
  Model load(ModelPackage source, String alias, Supplier<Model> load) {
    String subject = "the package " + source.digest().abbreviated() + " of " + alias;
    for (GoingOn each : goingOn) {
      if (each.digest().equals(source.digest())) {
        throw new ModelLoadException(
            subject + " is still being loaded on " + each.where() + ", past its deadline of "
                + MlopsException.shown(deadline) + "; not loaded again before that ends",
            null);
      }
    }
    Thread caller = Thread.currentThread();
    AtomicLong allocated = new AtomicLong();
    TimedCall<Model> call =
        new TimedCall<>(() -> counted(load, caller, allocated), late -> end(subject, late));
    try {
      executor.execute(call);
    } catch (Throwable e) { // the host's executor will not run it
      if (call.neverRuns()) {
        throw new ModelLoadException(
            subject + " could not be loaded: the executor of loadingWithin took no load; not"
                + " loaded",
            e);
      }
    }
    if (call.await(Waits.nanos(deadline))) {
      Allocated.elsewhere(allocated.get());
      return call.answer();
    }
    if (call.neverRuns()) {
      throw new ModelLoadException(
          subject + " was not loaded within " + MlopsException.shown(deadline)
              + ": the executor had not begun the load, which was taken back"
              + (goingOn.isEmpty() ? "" : "; it may be held by " + held()) + "; not loaded",
          null);
    }
    GoingOn mine = new GoingOn(source.digest(), call);
    goingOn.add(mine); // before it may end
    if (!call.giveUp()) {
      goingOn.remove(mine);
      Allocated.elsewhere(allocated.get());
      return call.answer();
    }
    throw new ModelLoadException(
        subject + " was not loaded within " + MlopsException.shown(deadline) + " by the runtime \""
            + source.runtime() + "\": the load goes on on " + mine.where()
            + ", its model is closed when it comes; " + held() + "; not loaded",
        whereItIs(call));
  }

  /** Counts what a load allocates on a thread that is not its caller's. */
  @SuppressWarnings("ReferenceEquality") // the very thread
  private static Model counted(Supplier<Model> load, Thread caller, AtomicLong allocated) {
    OptionalLong before = Allocated.byThisThread();
    try {
      return load.get();
    } finally {
      OptionalLong after = Allocated.byThisThread();
      if (Thread.currentThread() != caller && before.isPresent() && after.isPresent()) {
        allocated.set(after.getAsLong() - before.getAsLong());
      }
    }
  }

  private String held() {
    int count = goingOn.size();
    return count + (count == 1 ? " load goes" : " loads go") + " on past the deadline";
  }

  /** Where the load is, which tells a host what it waits for. */
  private static Throwable whereItIs(TimedCall<Model> call) {
    Thread thread = call.thread();
    Throwable where = new Throwable("where the load was at the deadline");
    where.setStackTrace(thread == null ? new StackTraceElement[0] : thread.getStackTrace());
    return where;
  }

  /** A load that was given up has ended: nobody else would close its model. */
  private void end(String subject, TimedCall<Model> call) {
    goingOn.removeIf(each -> each.call() == call);
    String news = subject + ", which was given up at its deadline of "
        + MlopsException.shown(deadline) + ", ";
    Throwable thrown = call.thrown();
    if (thrown != null) {
      warnings.once(subject, news + "failed to load in the end", thrown);
      return;
    }
    Throwable unclosed = null;
    try {
      if (call.answer() instanceof AutoCloseable model) {
        model.close();
      }
    } catch (Throwable e) { // must not reach the host's thread
      unclosed = e;
    }
    warnings.once(
        subject,
        news + "was loaded in the end and "
            + (unclosed == null
                ? "closed again"
                : "could not be closed; what it holds may be lost"),
        unclosed);
  }
}
