package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Digest;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The names under which {@link dev.mlops.api.pack.ModelPackage#provenance} says what a model was trained on and why; the
 * maintenance loop fills them, and a host that trains by itself may do the same.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Provenance {
  /** The version that the model is to follow, such as {@code fraud:6}. */
  public static final String PARENT = "parent";

  /** The digest of the parent's package, such as {@code sha256:9f2c…}. */
  public static final String PARENT_DIGEST = "parent.digest";

  /** The decision that asked for the training, as its policy words it. */
  public static final String DECISION = "decision";

  /** How many rows were trained on. */
  public static final String ROWS = "training.rows";

  /** The {@link #digest} of the rows that were trained on. */
  public static final String ROWS_DIGEST = "training.digest";

  /** The position of the first outcome that was trained on. */
  public static final String FIRST = "training.first";

  /** The position of the last outcome that was trained on. */
  public static final String LAST = "training.last";

  /** When the first outcome that was trained on was served, such as {@code 2026-01-01T00:00:00Z}. */
  public static final String SINCE = "training.since";

  /** When the last outcome that was trained on was served. */
  public static final String UNTIL = "training.until";

  /**
   * Which columns of the rows that were trained on are distributed otherwise than those of the newest rows, with the numbers;
   * or that none is.
   */
  public static final String PICTURE = "training.picture";

  /** The seed that the training was given, if it was given one. */
  public static final String SEED = "training.seed";

  /** The rule that chose the rows, as it words itself. */
  public static final String WINDOW = "training.window";

  /** The position of the first outcome that the rows were chosen from. */
  public static final String WINDOW_FIRST = "training.window.first";

  /** The position after the last outcome that the rows were chosen from: what matured later was out of reach. */
  public static final String CUT = "training.cut";

  /** The position of the change that the training answers, if there was one. */
  public static final String CHANGE = "training.change";

  /** For how many rows losses depended on those before them, as far as was known. */
  public static final String BLOCK_LENGTH = "training.block";

  /** By how much that dependence widened the variance of a mean loss. */
  public static final String INFLATION = "training.inflation";

  /** How many equal weights the weights of the rows are worth, where they differ. */
  public static final String EFFECTIVE_ROWS = "training.rows.effective";

  /** How many rows were held back for the test phase. */
  public static final String HELD_BACK = "held_back.rows";

  private Provenance() {}

  /**
   * {@return the SHA-256 of rows in their order: columns, values, truths and weights}
   *
   * <p>Equal rows give one digest on every machine. Missing values, {@code 0.0} and {@code -0.0} are told apart.
   *
   * @param rows of any columns
   */
  public static Digest digest(List<Labelled<Row>> rows) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      DataOutputStream out = new DataOutputStream(new BufferedOutputStream(
          new DigestOutputStream(OutputStream.nullOutputStream(), digest)));
      Schema written = null;
      for (Labelled<Row> row : rows) {
        Schema schema = row.input().schema();
        if (!schema.equals(written)) {
          columns(schema, out);
          written = schema;
        }
        values(row.input(), out);
        truth(row.truth(), out);
        out.writeDouble(row.weight());
      }
      out.flush();
      return Digest.parse("sha256:" + HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
  }

  private static void columns(Schema schema, DataOutputStream out) throws IOException {
    out.writeByte('S');
    out.writeInt(schema.size());
    for (Column column : schema.columns()) {
      text(column.name(), out);
      out.writeBoolean(column.type() == Column.Type.NUMBER);
    }
  }

  private static void values(Row row, DataOutputStream out) throws IOException {
    out.writeByte('R');
    for (int i = 0; i < row.schema().size(); i++) {
      out.writeBoolean(row.isMissing(i));
      if (!row.isMissing(i)) {
        if (row.schema().isNumber(i)) {
          out.writeDouble(row.number(i));
        } else {
          text(row.category(i), out);
        }
      }
    }
  }

  private static void truth(Truth truth, DataOutputStream out) throws IOException {
    out.writeBoolean(truth.label().isPresent());
    if (truth.label().isPresent()) {
      text(truth.label().get(), out);
      return;
    }
    out.writeInt(truth.values().size());
    for (Map.Entry<String, Double> value : new TreeMap<>(truth.values()).entrySet()) {
      text(value.getKey(), out);
      out.writeDouble(value.getValue());
    }
  }

  private static void text(String text, DataOutputStream out) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }
}
