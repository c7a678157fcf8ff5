package dev.mlops.testkit;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a package of a contract test holds; the order of the maps is the order of adding.
 *
 * <p>Immutable, but for the arrays, which nobody changes.
 *
 * @param model name of the model
 * @param schema the columns of the input, and what is predicted
 * @param weights by name of file, at least one
 * @param documents by name of file
 * @param baseline the numbers of the test phase
 * @param examples inputs with their predictions
 * @since 0.1
 */
public record PackageContents(
    String model,
    Schema schema,
    Map<String, byte[]> weights,
    Map<String, byte[]> documents,
    Optional<Baseline> baseline,
    List<GoldenExample> examples) {
  /** The columns of every sample. */
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");

  /** Copies maps and list. */
  public PackageContents {
    weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
    documents = Collections.unmodifiableMap(new LinkedHashMap<>(documents));
    examples = List.copyOf(examples);
  }

  /**
   * {@return contents with every section: two files of weights, two documents, a baseline of two columns, two examples}
   *
   * @param model name of the model
   * @param variant contents of one variant are equal, of two variants different
   */
  public static PackageContents sample(String model, int variant) {
    Map<String, byte[]> weights = new LinkedHashMap<>();
    weights.put("weights/second.bin", bytes("second part of variant " + variant));
    weights.put("weights/first.bin", bytes("first part of variant " + variant));
    Map<String, byte[]> documents = new LinkedHashMap<>();
    documents.put("model-card.md", bytes("# Variant " + variant + "\n\nZażółć gęślą jaźń.\n"));
    documents.put("approval.txt", bytes("approved"));
    Baseline baseline = Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
        .quality(Metric.RECALL, new Estimate(0.1 + 0.2, 0.25, 1.0 / 3, 77))
        .latency(Latency.of(1_000, 2_000, 45_678))
        .column(new NumberProfile(
            "amount",
            900,
            100,
            0.1 + variant,
            1.0 / 3,
            -1e300,
            Double.POSITIVE_INFINITY,
            new double[] {0.1 + 0.2, -0.0, 4.9e-324, 7}))
        .column(new CategoryProfile("channel", Map.of("shop", 600L, "wéb", 300L), 50, 50))
        .build();
    List<GoldenExample> examples = List.of(
        new GoldenExample(
            Row.of(SCHEMA, 0.1 + 0.2, "wéb"),
            Classification.of(List.of("no", "yes"), new double[] {1.0 / 3, 2.0 / 3})),
        new GoldenExample(Row.of(SCHEMA, Double.NaN, ""), Classification.of("no")));
    return new PackageContents(model, SCHEMA, weights, documents, Optional.of(baseline), examples);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
