package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The configuration blob by the rules of the CNCF ModelPack specification 0.0.7, whose own test has 24 configurations that are
 * none and 3 that are. The rules are written down once more here, so that what packages hold is checked by something that did not write it.
 */
class ModelPackConfigTest {
  private static final String LAYER =
      "\"sha256:1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef\"";
  private static final String DESCRIPTOR = "{\"name\":\"xyz-3-8B-Instruct\",\"version\":\"3.1\"}";
  private static final String CONFIG = "{\"paramSize\":\"8b\"}";
  private static final String FILES = "{\"type\":\"layers\",\"diffIds\":[" + LAYER + "]}";

  @TempDir
  Path folder;

  // ---- the rules

  /** {@return what is wrong with a configuration, by its path} */
  private static List<String> problems(byte[] bytes) {
    List<String> problems = new ArrayList<>();
    Json json;
    try {
      json = Json.parse(bytes, 1 << 20);
    } catch (JsonException e) {
      return List.of(e.getMessage());
    }
    object(problems, json, Set.of("descriptor", "config", "modelfs"), Set.of());
    json.find("descriptor").ifPresent(descriptor -> descriptor(problems, descriptor));
    json.find("config").ifPresent(config -> config(problems, config));
    json.find("modelfs").ifPresent(files -> {
      object(problems, files, Set.of("type", "diffIds"), Set.of());
      files
          .find("type")
          .ifPresent(type -> check(problems, () -> {
            if (!type.text().equals("layers")) {
              throw type.wanted("layers");
            }
          }));
      files
          .find("diffIds")
          .ifPresent(layers -> check(problems, () -> {
            if (layers.texts().isEmpty()) {
              throw layers.wanted("at least one layer");
            }
          }));
    });
    return problems;
  }

  private static void descriptor(List<String> problems, Json json) {
    Set<String> texts = Set.of(
        "family",
        "name",
        "docURL",
        "sourceURL",
        "version",
        "revision",
        "vendor",
        "title",
        "description");
    Set<String> lists = Set.of("authors", "licenses", "datasetsURL");
    Set<String> all = Stream.of(texts, lists, Set.of("createdAt"))
        .flatMap(Set::stream)
        .collect(Collectors.toSet());
    object(problems, json, Set.of(), all);
    texts.forEach(key -> json.find(key).ifPresent(one -> check(problems, one::text)));
    lists.forEach(key -> json.find(key).ifPresent(one -> check(problems, one::texts)));
    json.find("createdAt").ifPresent(one -> check(problems, () -> time(one)));
  }

  private static void config(List<String> problems, Json json) {
    Set<String> texts = Set.of("architecture", "format", "paramSize", "precision", "quantization");
    Set<String> all =
        Stream.concat(texts.stream(), Stream.of("capabilities")).collect(Collectors.toSet());
    object(problems, json, Set.of(), all);
    texts.forEach(key -> json.find(key).ifPresent(one -> check(problems, one::text)));
    json.find("capabilities").ifPresent(can -> capabilities(problems, can));
  }

  private static void capabilities(List<String> problems, Json json) {
    Set<String> flags = Set.of("reasoning", "toolUsage", "reward");
    object(
        problems,
        json,
        Set.of(),
        Stream.concat(
                flags.stream(),
                Stream.of("inputTypes", "outputTypes", "knowledgeCutoff", "languages"))
            .collect(Collectors.toSet()));
    flags.forEach(key -> json.find(key).ifPresent(one -> check(problems, one::flag)));
    json.find("knowledgeCutoff").ifPresent(one -> check(problems, () -> time(one)));
    for (String key : List.of("inputTypes", "outputTypes")) {
      json.find(key)
          .ifPresent(one -> check(problems, () -> {
            if (!Set.of("text", "image", "audio", "video", "embedding", "other")
                .containsAll(one.texts())) {
              throw one.wanted("known types");
            }
          }));
    }
    json.find("languages")
        .ifPresent(one -> check(problems, () -> {
          if (!one.texts().stream().allMatch(code -> code.matches("[a-z]{2}"))) {
            throw one.wanted("codes of two letters");
          }
        }));
  }

  private static void time(Json json) {
    try {
      OffsetDateTime.parse(json.text());
    } catch (DateTimeParseException e) {
      throw json.wanted("a time of RFC 3339");
    }
  }

  private static void object(
      List<String> problems, Json json, Set<String> required, Set<String> optional) {
    required.forEach(key -> check(problems, () -> json.get(key)));
    check(
        problems,
        () ->
            json.only(Stream.concat(required.stream(), optional.stream()).toArray(String[]::new)));
  }

  private static void check(List<String> problems, Runnable rule) {
    try {
      rule.run();
    } catch (JsonException e) {
      problems.add(e.getMessage());
    }
  }

  // ---- configurations

  private static String with(String descriptor, String config, String files) {
    return "{\"descriptor\":" + descriptor + ",\"config\":" + config + ",\"modelfs\":" + files
        + "}";
  }

  private static String descriptor(String member) {
    return with(
        DESCRIPTOR.replace("\"version\":\"3.1\"}", "\"version\":\"3.1\"," + member + "}"),
        CONFIG,
        FILES);
  }

  private static String capabilities(String members) {
    return with(DESCRIPTOR, "{\"paramSize\":\"8b\",\"capabilities\":{" + members + "}}", FILES);
  }

  private static Map<String, String> invalid() {
    String types = "\"inputTypes\":[\"text\"],\"outputTypes\":[\"text\"],";
    Map<String, String> all = new LinkedHashMap<>();
    all.put("$", "{\"descriptor\":" + DESCRIPTOR + ",\"modelfs\":" + FILES + "}");
    all.put("version", with("{\"name\":\"xyz\",\"version\":3.1}", CONFIG, FILES));
    all.put("revision", descriptor("\"revision\":1234567890"));
    all.put("createdAt", descriptor("\"createdAt\":\"2025/01/01T00:00:00Z\""));
    all.put("authors", descriptor("\"authors\":\"John Doe\""));
    all.put("licenses", descriptor("\"licenses\":\"Apache-2.0\""));
    all.put("docURL", descriptor("\"docURL\":[\"https://example.com/doc\"]"));
    all.put("sourceURL", descriptor("\"sourceURL\":[\"https://example.com/source\"]"));
    all.put("datasetsURL", descriptor("\"datasetsURL\":\"https://example.com/data\""));
    all.put("paramSize", with(DESCRIPTOR, "{\"paramSize\":8000000}", FILES));
    all.put("precision", with(DESCRIPTOR, "{\"precision\":16}", FILES));
    all.put("type", with(DESCRIPTOR, CONFIG, FILES.replace("layers", "layer")));
    all.put("diffIds", with(DESCRIPTOR, CONFIG, "{\"type\":\"layers\",\"diffIds\":" + LAYER + "}"));
    all.put("at least one", with(DESCRIPTOR, CONFIG, "{\"type\":\"layers\",\"diffIds\":[]}"));
    all.put("inputTypes", capabilities("\"inputTypes\":\"text\""));
    all.put("outputTypes", capabilities("\"outputTypes\":\"text\""));
    all.put("known types", capabilities("\"inputTypes\":[\"img\"]"));
    all.put("knowledgeCutoff", capabilities(types + "\"knowledgeCutoff\":\"2025-01-01\""));
    all.put("reasoning", capabilities(types + "\"reasoning\":\"true\""));
    all.put("toolUsage", capabilities(types + "\"toolUsage\":\"true\""));
    all.put("reward", capabilities(types + "\"reward\":\"true\""));
    all.put("languages", capabilities(types + "\"languages\":\"en\""));
    all.put("two letters", capabilities(types + "\"languages\":[\"fra\"]"));
    all.put("unknownField", capabilities("\"inputTypes\":[\"text\"],\"unknownField\":true"));
    return all;
  }

  private static List<String> valid() {
    return List.of(
        with("{}", "{}", FILES),
        with(DESCRIPTOR, CONFIG, FILES),
        with(
            "{\"name\":\"xyz\",\"createdAt\":\"2025-01-01T00:00:00Z\",\"authors\":[\"A\"],"
                + "\"licenses\":[\"Apache-2.0\"],\"datasetsURL\":[],\"revision\":\"1\"}",
            "{\"format\":\"onnx\",\"precision\":\"fp16\",\"capabilities\":{\"inputTypes\":[\"text\"],"
                + "\"languages\":[\"en\"],\"reasoning\":true,"
                + "\"knowledgeCutoff\":\"2025-01-01T00:00:00Z\"}}",
            FILES));
  }

  static Stream<Arguments> foreign() {
    return Stream.concat(
        invalid().entrySet().stream().map(one -> Arguments.of(one.getKey(), one.getValue())),
        valid().stream().map(one -> Arguments.of("", one)));
  }

  @Test
  void theRulesTellThemApart() {
    assertThat(invalid()).hasSize(24);
    invalid()
        .forEach((where, config) -> assertThat(problems(config.getBytes(UTF_8)))
            .as("%s: %s", where, config)
            .hasSize(1)
            .allMatch(problem -> problem.contains(where)));
    assertThat(valid())
        .hasSize(3)
        .allSatisfy(
            config -> assertThat(problems(config.getBytes(UTF_8))).as(config).isEmpty());
  }

  @Test
  void whatPackagesHoldKeepsTheRules() throws IOException {
    int made = 0;
    for (FilePackage source : List.of(
        FilePackageTest.whole().build(),
        FilePackage.builder("bare", Schema.of(Column.number("x")))
            .runtime("onnx")
            .weights("w", new byte[0])
            .build())) {
      Path layout = folder.resolve("made-" + made++);
      source.write(layout);
      Json manifest = Json.parse(source.manifest(), 1 << 20);
      byte[] config = Files.readAllBytes(layout
          .resolve("blobs/sha256")
          .resolve(Digest.parse(manifest.get("config").get("digest").text()).hex()));
      assertThat(problems(config)).isEmpty();
    }
  }

  /**
   * Whatever another configuration says, also one that keeps the rules, the manifest says otherwise: a package has one truth.
   * Digests and sizes of the manifest and of the index are those of the other configuration.
   */
  @ParameterizedTest
  @MethodSource("foreign")
  void aPackageWithAnyOtherConfigurationIsRefused(String where, String config) throws IOException {
    FilePackage made = FilePackageTest.whole().build();
    made.write(folder);
    byte[] other = config.getBytes(UTF_8);
    String described = "\"config\":{\"digest\":\"" + Digest.of(other)
        + "\",\"mediaType\":\"application/vnd.cncf.model" + ".config.v1+json\",\"size\":"
        + other.length + "}";
    byte[] manifest = new String(made.manifest(), UTF_8)
        .replaceFirst("\"config\":\\{[^}]*\\}", described)
        .getBytes(UTF_8);
    Path blobs = folder.resolve("blobs/sha256");
    Files.write(blobs.resolve(Digest.of(other).hex()), other);
    Files.write(blobs.resolve(Digest.of(manifest).hex()), manifest);
    Path index = folder.resolve("index.json");
    Files.writeString(
        index,
        Files.readString(index)
            .replaceFirst("sha256:[0-9a-f]{64}", Digest.of(manifest).toString())
            .replaceFirst("\"size\":[0-9]+", "\"size\":" + manifest.length));

    assertThatThrownBy(() -> FilePackage.read(folder))
        .as(where)
        .isInstanceOf(PackageFormatException.class)
        .hasMessageContainingAll("manifest", "in config", "nothing was read");
  }
}
