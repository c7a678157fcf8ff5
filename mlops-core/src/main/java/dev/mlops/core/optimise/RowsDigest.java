package dev.mlops.core.optimise;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

/** Tells the rows of a search apart from others, so that a journal goes on with its own alone. */
final class RowsDigest {
  private RowsDigest() {}

  /** The SHA-256 of columns, values, truths and weights, in order; each text has its length before it. */
  static String of(List<Labelled<Row>> rows) {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("each Java has SHA-256", e);
    }
    try (DataOutputStream out =
        new DataOutputStream(new DigestOutputStream(OutputStream.nullOutputStream(), sha))) {
      for (Labelled<Row> row : rows) {
        Row input = row.input();
        text(input.schema().columns().toString(), out);
        for (int i = 0; i < input.schema().size(); i++) {
          if (input.schema().isNumber(i)) {
            out.writeDouble(input.number(i));
          } else {
            text(input.category(i), out);
          }
        }
        text(row.truth().toString(), out);
        out.writeDouble(row.weight());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing is written anywhere
    }
    return rows.size() + " rows, sha256:" + HexFormat.of().formatHex(sha.digest());
  }

  private static void text(String text, DataOutputStream out) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /** As journals of early builds have it: 32 bits, which two sets of rows may share. */
  static String early(List<Labelled<Row>> rows) {
    CRC32C crc = new CRC32C();
    for (Labelled<Row> row : rows) {
      Row input = row.input();
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < input.schema().size(); i++) {
        text.append(input.schema().isNumber(i) ? (Object) input.number(i) : input.category(i))
            .append('\u001f');
      }
      text.append(row.truth()).append('\u001e').append(row.weight());
      crc.update(text.toString().getBytes(UTF_8));
    }
    return rows.size() + " rows, " + Long.toHexString(crc.getValue());
  }
}
