package dev.mlops.api.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTest {
  private static Fields read(String json) {
    return Fields.read(json.getBytes(UTF_8));
  }

  @Test
  void whatWasWrittenIsRead() {
    String text = "\u0000\u0007\b\t\n\f\r\u001b \"\\ \u007f \u00e9 \u2028 \uffff \ud83d\ude00";
    byte[] written = new Fields()
        .with("text", text)
        .with("least", Long.MIN_VALUE)
        .with("none", null)
        .with("inner", new Fields().with("", "empty key").with("more", new Fields()))
        .bytes();

    Fields read = Fields.read(written);
    assertThat(read.text("text")).isEqualTo(text);
    assertThat(read.integer("least")).isEqualTo(Long.MIN_VALUE);
    assertThat(read.isNull("none")).isTrue();
    assertThat(read.fields("inner").text("")).isEqualTo("empty key");
    assertThat(read.fields("inner").fields("more").keys()).isEmpty();
    assertThat(read.bytes()).isEqualTo(written);
  }

  @Test
  void charactersBeyondTheBasicPlaneAreReadPlainAndAsTwoEscapes() {
    String plain = "{\"by\":\"J\u00f6rg \ud83d\ude00\ud835\udd04\"}";
    String escaped = "{\"by\":\"J\u00f6rg \\uD83D\\uDE00\\uD835\\uDD04\"}";

    assertThat(read(plain).text("by")).isEqualTo("J\u00f6rg \ud83d\ude00\ud835\udd04");
    assertThat(read(escaped).text("by")).isEqualTo("J\u00f6rg \ud83d\ude00\ud835\udd04");
    assertThat(read(escaped).bytes()).as("written in one form").isEqualTo(plain.getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"by\":\"\\uD83D\\uDE00\ud83d\ude00\"}", // both forms in one record
        "{\"by\":\"\\ud83d\\ude00\"}",
        "{\"by\":\"\\u0041\"}",
        "{\"by\":\"\\u001b\"}",
        "{\"by\": \"a\"}",
        "{\"by\":\"a\"} ",
        "{\"b\":1,\"a\":1}",
        "{\"a\":01}",
        "{\"a\":-0}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1.0}",
        "{\"a\":[]}",
        "{\"a\":true}",
        "{\"a\":\"\\uD83D\"}",
        "{\"a\":1",
        "{",
        ""
      })
  void otherFormsAreRefused(String json) {
    assertThatThrownBy(() -> read(json)).isInstanceOf(IllegalArgumentException.class);
  }
}
