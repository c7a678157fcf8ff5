package dev.mlops.core.pack;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.internal.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Lists the parts of a package for machines, in CycloneDX 1.6 JSON: the model as a component of type {@code
 * machine-learning-model} with its files and model card, and a component for each library.
 *
 * <p>A library whose coordinates are known has a package URL. The same package gives the same bytes on every machine: there
 * is no time in it, and its serial number is a part of the digest of its content.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://cyclonedx.org/docs/1.6/json/">CycloneDX 1.6</a>
 * @since 0.1
 */
@Beta
public final class Sbom {
  private static final String MODEL = "model";

  private Sbom() {}

  /**
   * {@return a list of parts; UTF-8}
   *
   * @param source what it is of
   */
  public static byte[] of(ModelPackage source) {
    Map<String, Object> members = new HashMap<>();
    members.put("bomFormat", "CycloneDX");
    members.put("specVersion", "1.6");
    members.put("version", 1);
    members.put("metadata", Map.of("component", model(source)));
    List<Map<String, Object>> libraries = new ArrayList<>();
    List<String> references = new ArrayList<>();
    for (Library library : source.libraries()) {
      String reference = "library " + library.name();
      references.add(reference);
      libraries.add(library(reference, library));
    }
    members.put("components", libraries);
    members.put("dependencies", List.of(Map.of("ref", MODEL, "dependsOn", references)));
    members.put("serialNumber", serial(Digest.of(Json.of(members).bytes())));
    return Json.of(members).bytes();
  }

  private static Map<String, Object> model(ModelPackage source) {
    Map<String, Object> model = new HashMap<>();
    model.put("type", "machine-learning-model");
    model.put("bom-ref", MODEL);
    model.put("name", source.model());
    Map<String, Object> card = new HashMap<>();
    card.put("modelParameters", parameters(source));
    source
        .baseline()
        .filter(baseline -> !baseline.quality().isEmpty())
        .ifPresent(baseline -> card.put("quantitativeAnalysis", quality(baseline)));
    model.put("modelCard", card);
    model.put(
        "components",
        source.files().stream()
            .filter(file -> !file.name().equals(ModelPackage.MODEL_CARD)
                && !file.name().equals(ModelPackage.SBOM))
            .map(Sbom::file)
            .toList());
    model.put(
        "properties", List.of(Map.of("name", "dev.mlops:runtime", "value", source.runtime())));
    return model;
  }

  private static Map<String, Object> parameters(ModelPackage source) {
    Map<String, Object> parameters = new HashMap<>();
    source.schema().task().ifPresent(task -> parameters.put("task", name(task)));
    parameters.put(
        "inputs",
        source.schema().columns().stream()
            .map(column -> Map.of("format", column.name() + ": " + name(column.type())))
            .toList());
    return parameters;
  }

  private static Map<String, Object> quality(Baseline baseline) {
    List<Map<String, Object>> metrics = new ArrayList<>();
    for (Map.Entry<Metric, Estimate> one : baseline.quality().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .toList()) {
      Estimate estimate = one.getValue();
      metrics.add(Map.of(
          "type",
          one.getKey().name(),
          "value",
          number(estimate.value()),
          "slice",
          "test phase of " + estimate.n() + " rows",
          "confidenceInterval",
          Map.of("lowerBound", number(estimate.lower()), "upperBound", number(estimate.upper()))));
    }
    return Map.of("performanceMetrics", metrics);
  }

  private static String number(double value) {
    return new String(Json.of(value).bytes(), StandardCharsets.UTF_8);
  }

  private static Map<String, Object> file(PackageFile file) {
    return Map.of(
        "type", "file",
        "bom-ref", "file " + file.name(),
        "name", file.name(),
        "hashes", hashes(file.digest()),
        "properties",
            List.of(
                Map.of("name", "dev.mlops:role", "value", file.role().toString()),
                Map.of("name", "dev.mlops:size", "value", Long.toString(file.size()))));
  }

  private static List<Map<String, String>> hashes(Digest digest) {
    return List.of(Map.of("alg", "SHA-256", "content", digest.hex()));
  }

  private static Map<String, Object> library(String reference, Library library) {
    Map<String, Object> component = new HashMap<>();
    component.put("type", "library");
    component.put("bom-ref", reference);
    int colon = library.name().indexOf(':');
    if (colon > 0 && colon < library.name().length() - 1) {
      String group = library.name().substring(0, colon);
      String artifact = library.name().substring(colon + 1);
      component.put("group", group);
      component.put("name", artifact);
      component.put(
          "purl",
          "pkg:maven/" + encoded(group) + "/" + encoded(artifact)
              + library.version().map(version -> "@" + encoded(version)).orElse(""));
    } else {
      component.put("name", library.name());
    }
    library.version().ifPresent(version -> component.put("version", version));
    library.sha256().ifPresent(digest -> component.put("hashes", hashes(digest)));
    library
        .file()
        .ifPresent(file ->
            component.put("properties", List.of(Map.of("name", "dev.mlops:file", "value", file))));
    return component;
  }

  /** What a package URL shows of a text: letters, digits and {@code . - _ ~} as they are, the rest in per cent. */
  private static String encoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if ((b >= 'a' && b <= 'z')
          || (b >= 'A' && b <= 'Z')
          || (b >= '0' && b <= '9')
          || ".-_~".indexOf(b) >= 0) {
        encoded.append((char) b);
      } else {
        encoded.append(String.format(Locale.ROOT, "%%%02X", b & 0xff));
      }
    }
    return encoded.toString();
  }

  /** A UUID of version 8, whose bits are the maker's. */
  private static String serial(Digest digest) {
    String hex = digest.hex();
    return "urn:uuid:" + hex.substring(0, 8) + "-" + hex.substring(8, 12) + "-8"
        + hex.substring(13, 16) + "-a" + hex.substring(17, 20) + "-" + hex.substring(20, 32);
  }

  private static String name(Task task) {
    return task.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String name(Column.Type type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
