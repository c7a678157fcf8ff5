package dev.mlops.core.incident;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.StoreException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The events of an incident log, as bytes: columns that rows have, incidents, steps of people, and how far the ledger was looked at.
 *
 * <p>Each begins with a kind and the version of its form. Numbers are big-endian; a double is its bits.
 */
final class IncidentRecords {
  static final int COLUMNS = 1;
  static final int INCIDENT = 2;
  static final int STEP = 3;
  static final int PROGRESS = 4;

  private static final int VERSION = 1;
  private static final int MOST_ITEMS = 1_000_000;

  private IncidentRecords() {}

  /** Who reads the events of a log, in order. */
  interface Reader {
    /** An incident as it was found. */
    void incident(Incident.Facts facts);

    /** What somebody did with an incident. */
    void step(long number, Incident.Step step);

    /** Every outcome before a position was looked at, and what was found there is in the log. */
    void progress(long position);
  }

  private interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private static byte[] event(int kind, Writing content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try {
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeByte(kind);
      out.writeByte(VERSION);
      content.to(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static byte[] columns(int index, Schema schema) {
    return event(COLUMNS, out -> {
      out.writeInt(index);
      out.writeInt(schema.size());
      for (Column column : schema.columns()) {
        text(out, column.name());
        out.writeBoolean(column.type() == Column.Type.NUMBER);
      }
      optional(out, schema.task().map(Task::name).orElse(null));
      optional(out, schema.positiveLabel().orElse(null));
    });
  }

  static byte[] incident(Incident.Facts facts, int columns) {
    return event(INCIDENT, out -> {
      out.writeLong(facts.number());
      out.writeLong(facts.position());
      out.writeLong(facts.predictionId());
      text(out, facts.version());
      optional(out, facts.digest() == null ? null : facts.digest().toString());
      out.writeInt(columns);
      Schema schema = facts.row().schema();
      for (int i = 0; i < schema.size(); i++) {
        if (schema.isNumber(i)) {
          out.writeDouble(facts.row().number(i));
        } else {
          text(out, facts.row().category(i));
        }
      }
      out.writeInt(facts.treated().size());
      for (Map.Entry<String, String> column : facts.treated().entrySet()) {
        text(out, column.getKey());
        text(out, column.getValue());
      }
      prediction(out, facts.prediction());
      truth(out, facts.truth());
      optional(out, facts.arm());
      optional(out, facts.segment());
      instant(out, facts.servedAt());
      instant(out, facts.foundAt());
      text(out, facts.rule());
      text(out, facts.because());
      out.writeDouble(facts.loss());
      out.writeDouble(facts.pValue());
      text(out, facts.environment());
    });
  }

  static byte[] step(long number, Incident.Step step) {
    return event(STEP, out -> {
      out.writeLong(number);
      text(out, step.state().name());
      optional(out, step.cause().map(Incident.Cause::name).orElse(null));
      text(out, step.by());
      text(out, step.note());
      instant(out, step.at());
    });
  }

  static byte[] progress(long position) {
    return event(PROGRESS, out -> out.writeLong(position));
  }

  /** Reads events one after the other; the columns that were told are remembered. */
  static final class Decoder {
    private final String name;
    private final Reader reader;
    private final List<Schema> schemas = new ArrayList<>();

    Decoder(String name, Reader reader) {
      this.name = name;
      this.reader = reader;
    }

    /** The columns that the log has told, by index. */
    List<Schema> schemas() {
      return schemas;
    }

    void take(byte[] event) {
      try {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(event));
        int kind = in.readByte();
        int version = in.readByte();
        if (version != VERSION) {
          throw new StoreException(
              name + " has an event of form " + version + ", this release reads " + VERSION
                  + "; nothing was changed",
              null);
        }
        switch (kind) {
          case COLUMNS -> columns(in);
          case INCIDENT -> reader.incident(incident(in));
          case STEP ->
            reader.step(
                in.readLong(),
                new Incident.Step(
                    Incident.State.valueOf(text(in)),
                    Optional.ofNullable(optional(in)).map(Incident.Cause::valueOf),
                    text(in),
                    text(in),
                    instant(in)));
          case PROGRESS -> reader.progress(in.readLong());
          default -> throw new IllegalArgumentException("kind " + kind);
        }
        if (in.read() >= 0) {
          throw new IllegalArgumentException("bytes after the end");
        }
      } catch (IOException | RuntimeException e) {
        if (e instanceof StoreException told) {
          throw told;
        }
        throw new StoreException(
            name + " wanted an event of incidents, got " + event.length + " other bytes ("
                + MlopsException.shown(String.valueOf(e.getMessage())) + "); nothing was changed",
            e);
      }
    }

    private void columns(DataInputStream in) throws IOException {
      int index = in.readInt();
      if (index != schemas.size()) {
        throw new IllegalArgumentException("columns " + index + ", wanted " + schemas.size());
      }
      List<Column> columns = new ArrayList<>();
      int count = count(in);
      for (int i = 0; i < count; i++) {
        String column = text(in);
        columns.add(in.readBoolean() ? Column.number(column) : Column.category(column));
      }
      Schema schema = Schema.of(columns);
      String task = optional(in);
      String positive = optional(in);
      schema = task == null ? schema : schema.predicting(Task.valueOf(task));
      schemas.add(positive == null ? schema : schema.positiveLabel(positive));
    }

    private Incident.Facts incident(DataInputStream in) throws IOException {
      long number = in.readLong();
      long position = in.readLong();
      long id = in.readLong();
      String version = text(in);
      String digest = optional(in);
      Schema schema = schemas.get(in.readInt());
      double[] numbers = new double[schema.size()];
      String[] categories = new String[schema.size()];
      for (int i = 0; i < numbers.length; i++) {
        categories[i] = "";
        if (schema.isNumber(i)) {
          numbers[i] = in.readDouble();
        } else {
          categories[i] = text(in);
        }
      }
      SortedMap<String, String> treated = new TreeMap<>();
      for (int left = count(in); left > 0; left--) {
        treated.put(text(in), text(in));
      }
      return new Incident.Facts(
          number,
          position,
          id,
          version,
          digest == null ? null : Digest.parse(digest),
          Row.of(schema, numbers, categories),
          Collections.unmodifiableSortedMap(treated),
          prediction(in),
          truth(in),
          optional(in),
          optional(in),
          instant(in),
          instant(in),
          text(in),
          text(in),
          in.readDouble(),
          in.readDouble(),
          text(in));
    }
  }

  /** Whether a prediction can be recorded to the last bit. */
  static boolean isRecordable(Prediction prediction) {
    return prediction instanceof Classification
        || prediction instanceof Regression
        || prediction instanceof AnomalyScore;
  }

  private static void prediction(DataOutputStream out, @Nullable Prediction prediction)
      throws IOException {
    if (prediction instanceof Classification said) {
      out.writeByte(said.score().isPresent() ? 2 : 1);
      text(out, said.label());
      if (said.score().isPresent()) {
        out.writeInt(said.labels().size());
        for (int i = 0; i < said.labels().size(); i++) {
          text(out, said.labels().get(i));
          out.writeDouble(said.scoreAt(i));
        }
      }
    } else if (prediction instanceof Regression said) {
      out.writeByte(3);
      out.writeInt(said.names().size());
      for (int i = 0; i < said.names().size(); i++) {
        text(out, said.names().get(i));
        out.writeDouble(said.valueAt(i));
      }
    } else if (prediction instanceof AnomalyScore said) {
      out.writeByte(4);
      out.writeDouble(said.score());
      out.writeBoolean(said.anomalous());
    } else {
      out.writeByte(0);
    }
  }

  private static @Nullable Prediction prediction(DataInputStream in) throws IOException {
    int kind = in.readByte();
    return switch (kind) {
      case 0 -> null;
      case 1 -> Classification.of(text(in));
      case 2 -> scored(in);
      case 3 -> quantities(in);
      case 4 -> new AnomalyScore(in.readDouble(), in.readBoolean());
      default -> throw new IllegalArgumentException("prediction of kind " + kind);
    };
  }

  private static Prediction scored(DataInputStream in) throws IOException {
    String label = text(in);
    List<String> labels = new ArrayList<>();
    double[] scores = named(in, labels);
    return Classification.of(labels, scores).choosing(label);
  }

  private static Prediction quantities(DataInputStream in) throws IOException {
    List<String> names = new ArrayList<>();
    double[] values = named(in, names);
    return Regression.of(names, values);
  }

  private static double[] named(DataInputStream in, List<String> names) throws IOException {
    double[] values = new double[Math.min(count(in), in.available())];
    for (int i = 0; i < values.length; i++) {
      names.add(text(in));
      values[i] = in.readDouble();
    }
    return values;
  }

  private static void truth(DataOutputStream out, Truth truth) throws IOException {
    optional(out, truth.label().orElse(null));
    out.writeInt(truth.values().size());
    for (Map.Entry<String, Double> value : truth.values().entrySet()) {
      text(out, value.getKey());
      out.writeDouble(value.getValue());
    }
  }

  private static Truth truth(DataInputStream in) throws IOException {
    String label = optional(in);
    Map<String, Double> values = new TreeMap<>();
    for (int left = count(in); left > 0; left--) {
      values.put(text(in), in.readDouble());
    }
    return label == null ? Truth.of(values) : Truth.of(label);
  }

  private static void instant(DataOutputStream out, Instant instant) throws IOException {
    out.writeLong(instant.getEpochSecond());
    out.writeInt(instant.getNano());
  }

  private static Instant instant(DataInputStream in) throws IOException {
    return Instant.ofEpochSecond(in.readLong(), in.readInt());
  }

  private static void optional(DataOutputStream out, @Nullable String text) throws IOException {
    out.writeBoolean(text != null);
    if (text != null) {
      text(out, text);
    }
  }

  private static @Nullable String optional(DataInputStream in) throws IOException {
    return in.readBoolean() ? text(in) : null;
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String text(DataInputStream in) throws IOException {
    return new String(in.readNBytes(count(in)), UTF_8);
  }

  private static int count(DataInputStream in) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > Math.max(MOST_ITEMS, in.available())) {
      throw new IllegalArgumentException("a count of " + count);
    }
    return count;
  }
}
