package dev.mlops.core.adaptive;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Schema;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The stored form of learners: a mark, the version of the form, the kind, its labels, its settings, and what it learnt. */
final class Snapshots {
  private static final int MARK = 0x4d4c4144; // MLAD
  private static final int VERSION = 1;

  private Snapshots() {}

  /** The bytes of a learner: the same for one that learnt the same. */
  static byte[] bytes(Learner learner) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(MARK);
      out.writeByte(VERSION);
      out.writeByte(learner.kind().code());
      out.writeShort(learner.labels().size());
      for (String label : learner.labels()) {
        out.writeUTF(label);
      }
      learner.writeAll(out);
    } catch (UTFDataFormatException e) {
      throw new IllegalStateException("a label or category is longer than can be stored", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return bytes.toByteArray();
  }

  /** A learner that goes on where the one that was stored stood. */
  static Learner learner(byte[] bytes, Schema schema) throws IOException {
    ByteArrayInputStream whole = new ByteArrayInputStream(bytes);
    DataInputStream in = new DataInputStream(whole);
    try {
      if (in.readInt() != MARK) {
        throw refused("it does not begin as one");
      }
      int version = in.readUnsignedByte();
      if (version != VERSION) {
        throw refused("it was written in version " + version + ", this library reads " + VERSION
            + "; a newer one may read it");
      }
      int code = in.readUnsignedByte();
      Learner.Kind kind = Learner.Kind.of(code).orElse(null);
      if (kind == null) {
        throw refused("its kind is " + code);
      }
      int size = in.readUnsignedShort();
      if (size < 2 || size > Learner.LABELS) {
        throw refused("it has " + size + " labels");
      }
      List<String> labels = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        labels.add(in.readUTF());
      }
      Learner learner = switch (kind) {
        case NAIVE_BAYES -> NaiveBayes.read(in, schema, labels);
        case HOEFFDING_TREE -> HoeffdingTree.read(in, schema, labels);
        case ADAPTIVE_FOREST -> AdaptiveForest.read(in, schema, labels);
      };
      if (whole.available() > 0) {
        throw refused(whole.available() + " bytes follow its end");
      }
      return learner;
    } catch (EOFException e) {
      throw refused("it ends after " + bytes.length + " bytes, before its end");
    } catch (UTFDataFormatException e) {
      throw refused("it holds a text that is none");
    } catch (IllegalArgumentException e) {
      throw refused(String.valueOf(e.getMessage()));
    }
  }

  /** A model that answers as a learner did and never changes. */
  static Model frozen(byte[] bytes, Schema schema) {
    try {
      return new Learner.Frozen(learner(bytes, schema));
    } catch (IOException e) {
      throw new IllegalStateException("a learner that was just stored cannot be read again", e);
    }
  }

  static double finite(DataInput in) throws IOException {
    double read = in.readDouble();
    if (!Double.isFinite(read)) {
      throw refused("it holds a number that is not finite");
    }
    return read;
  }

  static IOException refused(String how) {
    return new IOException("no stored learner: " + MlopsException.shown(how));
  }
}
