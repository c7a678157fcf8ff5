package dev.mlops.core.internal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static final int LIMIT = 1 << 20;

  private static Json parse(String text) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), LIMIT);
  }

  private static String text(Json json) {
    return new String(json.bytes(), StandardCharsets.UTF_8);
  }

  private static String refusal(String document) {
    return assertThatExceptionOfType(JsonException.class)
        .isThrownBy(() -> parse(document))
        .actual()
        .getMessage();
  }

  @Test
  void writesKeysInOrderWithoutSpace() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("z", List.of(1, "two", true));
    members.put("a", Map.of("é", -0.0));
    members.put("B", null);
    assertThat(text(Json.of(members)))
        .isEqualTo("{\"B\":null,\"a\":{\"é\":-0.0},\"z\":[1,\"two\",true]}");
  }

  /** Expected: Raffaello Giulietti's shortest decimals, which Double.toString gives from Java 19 on, not before. */
  @ParameterizedTest
  @CsvSource({
    "2.0E-3, 0.002",
    "2.2250738585072014E-308, 2.2250738585072014E-308",
    "4.9E-324, 4.9E-324",
    "2.0E23, 2.0E23",
    "1.0E7, 1.0E7",
    "9999999.0, 9999999.0",
    "0.1, 0.1",
    "1.0, 1.0",
    "9007199254740993.0, 9.007199254740992E15",
    "2.82879384806159E17, 2.82879384806159E17",
    "1.387364135037754E18, 1.387364135037754E18",
    "-145800632428665.0, -1.45800632428665E14"
  })
  void writesNumbersWithTheFewestDigits(double number, String expected) {
    assertThat(text(Json.of(number))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyValueReadsBackAsItWas(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      Json value = Json.of(random(random, 0));
      assertThat(Json.parse(value.bytes(), LIMIT))
          .as("seed " + seed + ", round " + i)
          .isEqualTo(value);
      assertThat(Json.parse(value.bytes(), LIMIT).bytes())
          .as("seed " + seed + ", round " + i)
          .isEqualTo(value.bytes());
    }
  }

  private static Object random(Random random, int depth) {
    switch (random.nextInt(depth < 4 ? 7 : 5)) {
      case 0:
        return random.nextLong();
      case 1:
        double number = Double.longBitsToDouble(random.nextLong());
        return Double.isFinite(number) ? number : 0.1;
      case 2:
        return random.nextBoolean();
      case 3:
        return random
            .ints(random.nextInt(6), 1, 0x11000)
            .filter(c -> c < 0xD800 || c > 0xDFFF)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
      case 4:
        return random.nextGaussian();
      case 5:
        List<Object> items = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          items.add(random(random, depth + 1));
        }
        return items;
      default:
        Map<String, Object> members = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          members.put("k" + random.nextInt(100), random(random, depth + 1));
        }
        return members;
    }
  }

  @Test
  void infinitiesAreTextsAndReadBackAsNumbers() {
    double[] numbers = {Double.NEGATIVE_INFINITY, 1.5, Double.POSITIVE_INFINITY};
    Json json = Json.of(numbers);
    assertThat(text(json)).isEqualTo("[\"-Infinity\",1.5,\"Infinity\"]");
    assertThat(Json.parse(json.bytes(), LIMIT).numbers()).isEqualTo(numbers);
  }

  @Test
  void notANumberIsRefused() {
    IllegalArgumentException fault = assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Json.of(Map.of("a", List.of(Double.NaN))))
        .actual();
    assertThat(fault.getMessage()).isEqualTo("NaN has no JSON form, at $.a.0");
    assertThat(refusal("{\"a\":NaN}").startsWith("line 1, column "))
        .as(refusal("{\"a\":NaN}"))
        .isTrue();
  }

  @Test
  void aKeyTwiceIsRefused() {
    assertThat(refusal("{\"a\":{\"b\":1,\"b\":1}}"))
        .isEqualTo("$.a.b: wanted each key once, got it twice");
  }

  @Test
  void moreThan32LevelsAreRefused() {
    String fits = "[".repeat(32) + "]".repeat(32);
    assertThat(text(parse(fits))).isEqualTo(fits);
    refusal("[".repeat(33) + "]".repeat(33));
    refusal("[".repeat(10_000));
    refusal("{\"a\":".repeat(10_000));
    Object nested = List.of();
    for (int i = 1; i < 32; i++) {
      nested = List.of(nested);
    }
    assertThat(text(Json.of(nested))).isEqualTo(fits);
    List<Object> deeper = List.of(nested);
    assertThatThrownBy(() -> Json.of(deeper)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aByteOrderMarkIsRefused() {
    assertThat(refusal("\uFEFF{}")).isEqualTo("$: wanted no byte order mark, got one");
  }

  @Test
  void otherEncodingsAreRefused() {
    byte[] latin = {'"', (byte) 0xE9, '"'};
    assertThatThrownBy(() -> Json.parse(latin, LIMIT))
        .isInstanceOf(JsonException.class)
        .hasMessageContainingAll("$", "wanted UTF-8", "other bytes");
    assertThatThrownBy(() -> Json.parse("{}".getBytes(StandardCharsets.UTF_16LE), LIMIT))
        .isInstanceOf(JsonException.class);
    assertThatThrownBy(() -> Json.parse("{}".getBytes(StandardCharsets.UTF_16BE), LIMIT))
        .isInstanceOf(JsonException.class);
  }

  @Test
  void aLoneSurrogateIsRefused() {
    assertThat(refusal("{\"a\":\"\\ud800\"}"))
        .isEqualTo("$.a: wanted whole characters, got a lone surrogate");
    refusal("{\"\\udc00\":1}");
    refusal("{\"\\ud800\":1}");
    assertThatThrownBy(() -> Json.of("\ud800")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThat(refusal("9223372036854775808"))
        .isEqualTo("$: wanted an integer of 64 bits, got 9223372036854775808");
    assertThat(refusal("1.0E400")).isEqualTo("$: wanted a number within a double, got 1.0E400");
    refusal("1" + "0".repeat(400));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void whatIsNoJsonIsRefused(String document) {
    refusal(document);
  }

  static List<String> malformed() {
    return List.of(
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":}",
        "{a:1}",
        "'a'",
        "{} {}",
        "[1] x",
        "01",
        "+1",
        ".5",
        "1.",
        "Infinity",
        "-Infinity",
        "// c\n1",
        "\"\t\"",
        "\"\\x\"",
        "tru",
        "\0",
        "{\"a\":1",
        "\"abc");
  }

  @Test
  void tooManyBytesAreRefusedBeforeParsing() {
    byte[] long_ = ("\"" + "x".repeat(100) + "\"").getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Json.parse(long_, 101))
        .isInstanceOf(JsonException.class)
        .hasMessageContainingAll("$", "most 101 bytes", "got 102");
    Json.parse(long_, 102);
  }

  @Test
  void messagesSayWhereWantedAndGot() {
    Json json = parse("{\"a\":[1,{\"b\":\"\\u202e<script>\"}],\"c\":1.5}");
    assertThat(fault(() -> json.get("a").items().get(1).get("b").integer()))
        .isEqualTo("$.a.1.b: wanted an integer, got \"\\u202e<script>\"");
    assertThat(fault(() -> json.get("a").texts())).isEqualTo("$.a.0: wanted text, got 1");
    assertThat(fault(() -> json.get("c").items())).isEqualTo("$.c: wanted an array, got 1.5");
    assertThat(fault(() -> json.get("a").get("x")))
        .isEqualTo("$.a: wanted an object, got an array of 2");
    assertThat(fault(() -> json.get("x"))).isEqualTo("$.x: wanted a value, got none");
    assertThat(fault(() -> json.only("a"))).isEqualTo("$: wanted no other keys than a, got \"c\"");
    assertThat(fault(() -> json.get("c").flag())).isEqualTo("$.c: wanted true or false, got 1.5");
    assertThat(fault(() -> json.get("a").number()))
        .isEqualTo("$.a: wanted a number, got an array of 2");
  }

  private static String fault(Runnable access) {
    return assertThatExceptionOfType(JsonException.class)
        .isThrownBy(access::run)
        .actual()
        .getMessage();
  }

  @Test
  void localeDoesNotMatter() {
    Locale before = Locale.getDefault();
    try {
      for (Locale locale :
          Arrays.asList(Locale.ROOT, new Locale("tr", "TR"), new Locale("ar", "EG"))) {
        Locale.setDefault(locale);
        assertThat(text(Json.of(Map.of("i", -12, "ID", 1234567.5))))
            .isEqualTo("{\"ID\":1234567.5,\"i\":-12}");
      }
    } finally {
      Locale.setDefault(before);
    }
  }
}
