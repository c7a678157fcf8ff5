package dev.mlops.core.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is read of a file before ONNX Runtime sees it, field by field. */
class OnnxFileTest {
  /** Writes the fields of a message. */
  private interface Fields {
    void to(CodedOutputStream out) throws IOException;
  }

  private static ByteString message(Fields fields) {
    ByteString.Output bytes = ByteString.newOutput();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.to(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteString();
  }

  /** A file of one node with one attribute that names labels. */
  private static OnnxFile labelled(String name, Fields labels) {
    ByteString attribute = message(out -> {
      out.writeBytes(1, ByteString.copyFrom(name, UTF_8));
      labels.to(out);
    });
    ByteString node = message(out -> out.writeBytes(5, attribute));
    ByteString graph = message(out -> out.writeBytes(1, node));
    return OnnxFile.read(message(out -> out.writeBytes(7, graph)).toByteArray());
  }

  @Test
  void anEmptyListOfLabelsIsNone() {
    OnnxFile file = labelled("classlabels_int64s", out -> out.writeBytes(8, ByteString.EMPTY));
    assertThat(file.labels()).isEmpty();
  }

  @Test
  void labelsInSeveralPiecesAreOneList() {
    OnnxFile file = labelled("classlabels_int64s", out -> {
      out.writeInt64(8, 1);
      out.writeBytes(8, ByteString.copyFrom(new byte[] {2, 3}));
    });
    assertThat(file.labels()).containsExactly(List.of("1", "2", "3"));
  }

  /** Each label was once copied with all before it. */
  @Test
  @Timeout(20)
  void aMillionLabelsTakeNoLongerThanTheirBytes() {
    OnnxFile file = labelled("classlabels_strings", out -> {
      for (int i = 0; i < 1_000_000; i++) {
        out.writeString(9, "label " + i);
      }
    });
    assertThat(file.labels())
        .containsExactly(
            IntStream.range(0, 1_000_000).mapToObj(i -> "label " + i).toList());
  }
}
