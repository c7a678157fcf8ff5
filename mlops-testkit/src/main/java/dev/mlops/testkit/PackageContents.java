package dev.mlops.testkit;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.PackageFile;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a package of a contract test holds; the order of the maps is the order of adding.
 *
 * <p>Immutable, but for the arrays, which nobody changes.
 *
 * @since 0.1
 */
public final class PackageContents {
  /** A role that no release knows. */
  public static final PackageFile.Role OTHER = PackageFile.Role.of("org.example.notes");

  /** The columns of every sample. */
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");

  private String model;
  private Schema schema;
  private Map<String, byte[]> weights;
  private Map<String, byte[]> documents;
  private Map<String, byte[]> others = Map.of();
  private @Nullable Baseline baseline;
  private List<GoldenExample> examples = List.of();
  private Configuration configuration = Configuration.empty();
  private List<Library> libraries = List.of();
  private @Nullable Environment environment;
  private Configuration provenance = Configuration.empty();
  private @Nullable Calibration calibration;

  private PackageContents(
      String model, Schema schema, Map<String, byte[]> weights, Map<String, byte[]> documents) {
    this.model = model;
    this.schema = schema;
    this.weights = weights;
    this.documents = documents;
  }

  private PackageContents(PackageContents other) {
    this(other.model, other.schema, other.weights, other.documents);
    this.others = other.others;
    this.baseline = other.baseline;
    this.examples = other.examples;
    this.configuration = other.configuration;
    this.libraries = other.libraries;
    this.environment = other.environment;
    this.provenance = other.provenance;
    this.calibration = other.calibration;
  }

  private PackageContents with(Consumer<PackageContents> change) {
    PackageContents copy = new PackageContents(this);
    change.accept(copy);
    return copy;
  }

  private static Map<String, byte[]> ordered(Map<String, byte[]> files) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(files));
  }

  /**
   * {@return contents with every section: two files of weights, two documents, one file of a role that nobody knows, a baseline of two
   * columns, two examples, settings, a calibration, libraries, an environment, provenance}
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
        .labels(new CategoryProfile("label", Map.of("no", 700L, "yes", 290L), 10, 0))
        .prediction(new CategoryProfile("label", Map.of("no", 720L, "yes", 280L), 0, 0))
        .prediction(new NumberProfile(
            "score", 900, 100, 1.0 / 3, 0.1, 0, 1, new double[] {0.1 + 0.2, 4.9e-324, 1}))
        .build();
    List<GoldenExample> examples = List.of(
        new GoldenExample(
            Row.of(SCHEMA, 0.1 + 0.2, "wéb"),
            Classification.of(List.of("no", "yes"), new double[] {1.0 / 3, 2.0 / 3})),
        new GoldenExample(Row.of(SCHEMA, Double.NaN, ""), Classification.of("no")));
    return new PackageContents(model, SCHEMA, ordered(weights), ordered(documents))
        .withOthers(Map.of("notes/plan.bin", bytes("a role of the host's own")))
        .withBaseline(baseline)
        .withExamples(examples)
        .withConfiguration(Configuration.builder()
            .put("threshold", 0.1 + 0.2)
            .put("strict", true)
            .put("region", "wéb")
            .build())
        .withLibraries(List.of(
            Library.of("org.example:first", "1.0"),
            Library.of("org.example:second", "2.0-rc")
                .inFile("second.jar", Digest.of(bytes("second.jar"))),
            new Library(
                "third",
                Optional.empty(),
                Optional.of("third.jar"),
                Optional.of(Digest.of(bytes("third.jar"))))))
        .withEnvironment(Environment.builder()
            .java("17.0.1")
            .javaVendor("Zażółć")
            .os("Linux")
            .osVersion("6.1")
            .architecture("amd64")
            .charset("UTF-8")
            .variables(List.of("MODEL_HOME", "TZ"))
            .build())
        .withCalibration(Calibration.isotonic(Map.of(
            "yes",
            Calibration.Curve.of(new double[] {-0.1, 0.1 + 0.2, 1}, new double[] {0, 1.0 / 3, 1}))))
        .withProvenance(
            Configuration.builder().put("rows", 1_000).put("run", "r-17").build());
  }

  /**
   * {@return contents with nothing but a model, a schema and weights}
   *
   * @param model name of the model
   * @param schema the columns of the input, and what is predicted
   */
  public static PackageContents bare(String model, Schema schema) {
    return new PackageContents(
        model, schema, Map.of("model.bin", bytes("weights of " + model)), Map.of());
  }

  /**
   * {@return the name of the model}
   */
  public String model() {
    return model;
  }

  /**
   * {@return the columns of the input, and what is predicted}
   */
  public Schema schema() {
    return schema;
  }

  /**
   * {@return the files of weights by name, at least one}
   */
  public Map<String, byte[]> weights() {
    return weights;
  }

  /**
   * {@return the documents by name}
   */
  public Map<String, byte[]> documents() {
    return documents;
  }

  /**
   * {@return the files of role {@link #OTHER} by name}
   */
  public Map<String, byte[]> others() {
    return others;
  }

  /**
   * {@return the numbers of the test phase, if any}
   */
  public Optional<Baseline> baseline() {
    return Optional.ofNullable(baseline);
  }

  /**
   * {@return inputs with their predictions}
   */
  public List<GoldenExample> examples() {
    return examples;
  }

  /**
   * {@return the settings}
   */
  public Configuration configuration() {
    return configuration;
  }

  /**
   * {@return the libraries, ordered by name}
   */
  public List<Library> libraries() {
    return libraries;
  }

  /**
   * {@return where the model was made, if it is said}
   */
  public Optional<Environment> environment() {
    return Optional.ofNullable(environment);
  }

  /**
   * {@return where the model comes from}
   */
  public Configuration provenance() {
    return provenance;
  }

  /**
   * {@return what makes probabilities of scores, if anything does}
   */
  public Optional<Calibration> calibration() {
    return Optional.ofNullable(calibration);
  }

  /**
   * {@return the same contents with another name}
   *
   * @param model instead
   */
  public PackageContents withModel(String model) {
    return with(copy -> copy.model = model);
  }

  /**
   * {@return the same contents with other weights}
   *
   * @param weights instead
   */
  public PackageContents withWeights(Map<String, byte[]> weights) {
    return with(copy -> copy.weights = ordered(weights));
  }

  /**
   * {@return the same contents with other documents}
   *
   * @param documents instead
   */
  public PackageContents withDocuments(Map<String, byte[]> documents) {
    return with(copy -> copy.documents = ordered(documents));
  }

  /**
   * {@return the same contents with other files of role {@link #OTHER}}
   *
   * @param others instead
   */
  public PackageContents withOthers(Map<String, byte[]> others) {
    return with(copy -> copy.others = ordered(others));
  }

  /**
   * {@return the same contents with another baseline, or none}
   *
   * @param baseline instead
   */
  public PackageContents withBaseline(@Nullable Baseline baseline) {
    return with(copy -> copy.baseline = baseline);
  }

  /**
   * {@return the same contents with other examples}
   *
   * @param examples instead
   */
  public PackageContents withExamples(List<GoldenExample> examples) {
    return with(copy -> copy.examples = List.copyOf(examples));
  }

  /**
   * {@return the same contents with other settings}
   *
   * @param configuration instead
   */
  public PackageContents withConfiguration(Configuration configuration) {
    return with(copy -> copy.configuration = configuration);
  }

  /**
   * {@return the same contents with other libraries}
   *
   * @param libraries instead
   */
  public PackageContents withLibraries(List<Library> libraries) {
    return with(copy -> copy.libraries = List.copyOf(libraries));
  }

  /**
   * {@return the same contents with another environment, or none}
   *
   * @param environment instead
   */
  public PackageContents withEnvironment(@Nullable Environment environment) {
    return with(copy -> copy.environment = environment);
  }

  /**
   * {@return the same contents with another origin}
   *
   * @param provenance instead
   */
  public PackageContents withProvenance(Configuration provenance) {
    return with(copy -> copy.provenance = provenance);
  }

  /**
   * {@return the same contents with another calibration, or none}
   *
   * @param calibration instead
   */
  public PackageContents withCalibration(@Nullable Calibration calibration) {
    return with(copy -> copy.calibration = calibration);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
