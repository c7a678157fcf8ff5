package dev.mlops.core.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Configuration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A session of ONNX Runtime that reads rows.
 *
 * <p>Using a session that is closed, or closing one in use, ends the process; so every prediction holds a lock that closing
 * waits for. Tensors of inputs are made once for each thread that predicts at the same time, and written anew each time.
 *
 * <p>Thread-safe.
 */
final class OnnxModel implements Model, AutoCloseable {
  /** How many sessions are open, for tests of leaks. */
  static final AtomicInteger OPEN = new AtomicInteger();

  private final OrtSession session;
  private final OnnxInputs inputs;
  private final OnnxOutputs outputs;
  private final Schema schema;
  /** What the session reads in place. */
  private final List<OnnxTensor> beside;

  private final ConcurrentLinkedQueue<OnnxInputs.Tensors> idle = new ConcurrentLinkedQueue<>();
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
  private boolean closed;
  /** The schema of the rows seen last that fits ours: a host has one. */
  private volatile Schema fits;

  private OnnxModel(
      OrtSession session,
      OnnxInputs inputs,
      OnnxOutputs outputs,
      Schema schema,
      List<OnnxTensor> beside) {
    this.session = session;
    this.inputs = inputs;
    this.outputs = outputs;
    this.schema = schema;
    this.fits = schema;
    this.beside = List.copyOf(beside);
    OPEN.incrementAndGet();
  }

  /**
   * {@return the model of a session, which it closes}
   *
   * @throws OnnxRefusal if inputs or outputs are not those of the schema; the message lists every problem
   */
  static OnnxModel of(
      OrtEnvironment environment,
      OrtSession session,
      Schema schema,
      Configuration settings,
      OnnxFile file,
      List<OnnxTensor> beside)
      throws OrtException {
    OnnxInputs inputs = OnnxInputs.of(environment, session.getInputInfo(), schema);
    OnnxOutputs outputs = OnnxOutputs.of(session.getOutputInfo(), schema, settings, file.labels());
    return new OnnxModel(session, inputs, outputs, schema, beside);
  }

  /** {@return an answer of a classifier in form, with its labels; null where they are not known before it is asked} */
  @Nullable
  Prediction form() {
    return outputs.form();
  }

  /** {@return the version of ONNX Runtime} */
  static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // nearly every row has the schema seen last
  public Prediction predict(Row row) {
    Schema given = row.schema();
    if (given != fits) {
      requireFits(given);
    }
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the model is closed");
      }
      OnnxInputs.Tensors tensors = idle.poll();
      if (tensors == null) {
        tensors = inputs.tensors();
      }
      try {
        tensors.write(row);
        try (OrtSession.Result said = session.run(tensors.all(), outputs.names())) {
          return outputs.prediction(said);
        }
      } finally {
        tensors.release();
        idle.add(tensors);
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime could not answer: " + e.getMessage(), e);
    } finally {
      use.readLock().unlock();
    }
  }

  private void requireFits(Schema given) {
    List<String> differences = given.differencesFrom(schema);
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "row does not fit the model: " + String.join("; ", differences));
    }
    fits = given;
  }

  @Override
  public void close() throws OrtException {
    use.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      OPEN.decrementAndGet();
      for (OnnxInputs.Tensors tensors = idle.poll(); tensors != null; tensors = idle.poll()) {
        tensors.close();
      }
      session.close();
      beside.forEach(OnnxTensor::close);
    } finally {
      use.writeLock().unlock();
    }
  }
}
