package dev.mlops.core.serve;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Serving.Loaded;
import org.jspecify.annotations.Nullable;

/**
 * What a deployment tells its monitor while it serves. A monitor that breaks its contract and throws breaks neither serving nor
 * the host: it is logged once.
 *
 * <p>Thread-safe.
 */
final class GuardedMonitor {
  private final String alias;
  private final MetricsMonitor monitor;
  private final Warnings warnings = Warnings.of(Deployment.class);

  GuardedMonitor(String alias, MetricsMonitor monitor) {
    this.alias = alias;
    this.monitor = monitor;
  }

  /** A version is about to be asked. */
  void started(Loaded version) {
    try {
      version.recorder().started();
    } catch (Throwable e) {
      broke("count a prediction that begins", e);
    }
  }

  /** {@return the id of what a version answered; one that joins no truth if it could not be recorded} */
  long record(
      Loaded version,
      @Nullable String key,
      Row row,
      Prediction prediction,
      long waited,
      long binding,
      long model) {
    try {
      return version.recorder().record(key, row, prediction, waited, binding, model);
    } catch (Throwable e) {
      broke("record a prediction", e);
      return Unmonitored.id();
    }
  }

  /** A version had no usable answer. */
  void failed(Loaded version, long nanos, @Nullable Throwable cause) {
    try {
      version.recorder().failure(nanos, cause);
    } catch (Throwable e) {
      broke("record a failure", e);
    }
  }

  void truth(long id, Truth truth) {
    try {
      monitor.truth(id, truth);
    } catch (Throwable e) {
      broke("take a truth", e);
    }
  }

  void truth(String key, Truth truth) {
    try {
      monitor.truth(key, truth);
    } catch (Throwable e) {
      broke("take a truth", e);
    }
  }

  void close() {
    try {
      monitor.close();
    } catch (Throwable e) {
      broke("close", e);
    }
  }

  private void broke(String what, Throwable e) {
    warnings.once(
        "monitor",
        "the monitor of " + alias + " threw when it should " + what
            + "; serving goes on, said once",
        e);
  }
}
