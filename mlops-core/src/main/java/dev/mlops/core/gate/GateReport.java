package dev.mlops.core.gate;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ReleaseGate} came to: every criterion with its finding, every number that was measured, and the digest of the
 * package that they are about.
 *
 * <p>FAIL if a criterion FAILs, PASS if all PASS, INCONCLUSIVE otherwise. A waived criterion counts for neither.
 *
 * <p>{@link #json()} is canonical: one report has one form. {@link #parse} reads it back, equal. {@link #attachTo} keeps it in
 * a store, with the version that it is about.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class GateReport {
  /** The name of the document that {@link #attachTo} writes: {@value}. */
  public static final String DOCUMENT = "gate-report.json";

  /** What is judged before any criterion: that the package gives a model. */
  static final String LOADS = "the package gives a model";

  /** What is judged before any criterion: that the model answers. */
  static final String ANSWERS = "a usable answer to every row held back";

  /** What could not be measured: the champion. */
  static final String CHAMPION = "the champion can be asked";

  private final String model;
  private final Digest digest;
  private final @Nullable Reference version;
  private final @Nullable Reference champion;
  private final Instant at;
  private final long rows;
  private final List<Result> results;
  private final List<Measure> measures;
  private final @Nullable Latency latency;
  private final @Nullable Latency championLatency;

  GateReport(Builder builder) {
    this.model = builder.model;
    this.digest = builder.digest;
    this.version = builder.version;
    this.champion = builder.champion;
    this.at = builder.at;
    this.rows = builder.rows;
    this.results = List.copyOf(builder.results);
    this.measures = List.copyOf(builder.measures);
    this.latency = builder.latency;
    this.championLatency = builder.championLatency;
  }

  /**
   * One criterion and what it came to.
   *
   * <p>Immutable.
   *
   * @param criterion what was asked, as it prints
   * @param finding what was found
   * @param waived whether it counts for nothing: it compares with a champion, and there never was one
   * @since 0.1
   */
  @Beta
  public record Result(String criterion, Finding finding, boolean waived) {
    /** Refuses null. */
    public Result {
      requireNonNull(criterion, "criterion");
      requireNonNull(finding, "finding");
    }

    /** {@return PASS, FAIL or INCONCLUSIVE} */
    public Verdict verdict() {
      return finding.verdict();
    }

    /** Whether no criterion of the host's asked it. */
    private boolean unasked() {
      return criterion.equals(LOADS) || criterion.equals(ANSWERS) || criterion.equals(CHAMPION);
    }

    /** {@return such as {@code FAIL quality("recall").atLeast(0.7): recall 0.61 ± 0.05 …}} */
    @Override
    public String toString() {
      return (waived ? "waived" : finding.verdict()) + " " + criterion + ": " + finding.text();
    }
  }

  /**
   * One metric, measured on the rows held back.
   *
   * <p>Immutable.
   *
   * @param metric its name
   * @param candidate the candidate's
   * @param champion the champion's on the same rows, if it was asked by the gate
   * @param difference candidate minus champion on the rows that both answered, of a signed metric by magnitude, if compared
   * @since 0.1
   */
  @Beta
  public record Measure(
      String metric,
      Estimate candidate,
      Optional<Estimate> champion,
      Optional<Estimate> difference) {
    /** Refuses null. */
    public Measure {
      requireNonNull(metric, "metric");
      requireNonNull(candidate, "candidate");
      requireNonNull(champion, "champion");
      requireNonNull(difference, "difference");
    }

    /** {@return such as {@code recall 0.91 ± 0.02 (n 400), champion 0.90 ± 0.02 (n 400), difference +0.01, 0.00 to 0.02}} */
    @Override
    public String toString() {
      return MlopsException.shown(metric) + " " + candidate
          + champion.map(theirs -> ", champion " + theirs).orElse("")
          + difference.map(Measure::shown).orElse("");
    }

    private static String shown(Estimate difference) {
      List<String> all = Figures.apart(difference.value(), difference.lower(), difference.upper());
      return ", difference " + all.get(0) + ", interval " + all.get(1) + " to " + all.get(2);
    }
  }

  /** {@return the name of the model} */
  public String model() {
    return model;
  }

  /** {@return the digest of the package that was judged} */
  public Digest digest() {
    return digest;
  }

  /** {@return the version that was judged, such as {@code fraud:8}, if it was in a store} */
  public Optional<Reference> version() {
    return Optional.ofNullable(version);
  }

  /** {@return the version that it was judged beside, such as {@code fraud:7}, if there was one} */
  public Optional<Reference> champion() {
    return Optional.ofNullable(champion);
  }

  /** {@return when the gate judged, by its clock} */
  public Instant at() {
    return at;
  }

  /** {@return how many rows were held back for it} */
  public long rows() {
    return rows;
  }

  /** {@return every criterion with its finding, in the order in which the gate asks} */
  public List<Result> results() {
    return results;
  }

  /** {@return what was measured on the rows held back, by metric} */
  public List<Measure> measures() {
    return measures;
  }

  /** {@return how long the candidate took for the rows held back, if it answered one} */
  public Optional<Latency> latency() {
    return Optional.ofNullable(latency);
  }

  /** {@return how long the champion took for the same rows, if it was timed} */
  public Optional<Latency> championLatency() {
    return Optional.ofNullable(championLatency);
  }

  /** {@return FAIL if a criterion that counts FAILs, PASS if all that count PASS, INCONCLUSIVE otherwise} */
  public Verdict verdict() {
    boolean passed = false;
    boolean undecided = false;
    for (Result result : results) {
      if (!result.waived()) {
        if (result.verdict() == Verdict.FAIL) {
          return Verdict.FAIL;
        }
        passed |= result.verdict() == Verdict.PASS;
        undecided |= result.verdict() == Verdict.INCONCLUSIVE;
      }
    }
    return passed && !undecided ? Verdict.PASS : Verdict.INCONCLUSIVE;
  }

  /** {@return whether all criteria that count PASS} */
  public boolean passes() {
    return verdict() == Verdict.PASS;
  }

  /**
   * {@return the criteria of a verdict that count}
   *
   * @param verdict such as FAIL
   */
  public List<Result> results(Verdict verdict) {
    return results.stream()
        .filter(result -> !result.waived() && result.verdict() == verdict)
        .toList();
  }

  /** {@return the whole as one finding, all criteria in its text} */
  public Finding finding() {
    List<String> texts = new ArrayList<>();
    for (Result result : results) {
      if (!result.unasked()) {
        texts.add(result.finding().toString());
      } else if (result.verdict() != Verdict.PASS) {
        texts.add(result.finding().text());
      }
    }
    return Finding.of(verdict(), String.join("; ", texts));
  }

  /**
   * {@return whether this report is about a package}
   *
   * @param source any
   */
  public boolean isOf(ModelPackage source) {
    return digest.equals(source.digest());
  }

  /**
   * Keeps this report in a store, as the document {@value #DOCUMENT} of the version that it is about.
   *
   * @param store that holds the version
   * @param version of the package that was judged
   * @param by who attaches it
   * @return the document; the one that is there, if the report is there already
   * @throws IllegalArgumentException if the version is of another package; nothing is written
   * @throws StoreException if it could not be written
   * @throws dev.mlops.api.store.CommitUnknownException if it could not be told whether it was attached; attach it again
   */
  public Document attachTo(VersionStore store, Version version, String by) {
    if (!digest.equals(version.digest())) {
      throw new IllegalArgumentException("this report is about package " + digest.abbreviated()
          + ", but " + version + " is package " + version.digest().abbreviated()
          + "; not attached");
    }
    return store.attach(
        version, DOCUMENT, json().getBytes(StandardCharsets.UTF_8), by, "gate " + verdict());
  }

  /** {@return this report in canonical JSON, as {@link #parse} reads it} */
  public String json() {
    return GateReportJson.of(this);
  }

  /**
   * {@return the report that was written}
   *
   * @param json of {@link #json()}, of this release or an older one
   * @throws StoreException if it is no such report, or its verdict is not what its results come to
   */
  public static GateReport parse(String json) {
    return GateReportJson.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * {@return the newest report on a version that a store keeps}
   *
   * @param store that holds the version
   * @param version of any package
   * @throws StoreException if the store could not be read, or the document is no report on this package
   */
  public static Optional<GateReport> of(VersionStore store, Version version) {
    Document newest = null;
    for (Document document : store.documents(version)) {
      newest = document.name().equals(DOCUMENT) ? document : newest;
    }
    if (newest == null) {
      return Optional.empty();
    }
    GateReport report = GateReportJson.parse(store.read(newest));
    if (!report.digest.equals(version.digest())) {
      throw new StoreException(
          newest + " is a report on package " + report.digest.abbreviated() + ", but the version is"
              + " package " + version.digest().abbreviated() + "; not read",
          null);
    }
    return Optional.of(report);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GateReport that
        && model.equals(that.model)
        && digest.equals(that.digest)
        && Objects.equals(version, that.version)
        && Objects.equals(champion, that.champion)
        && at.equals(that.at)
        && rows == that.rows
        && results.equals(that.results)
        && measures.equals(that.measures)
        && Objects.equals(latency, that.latency)
        && Objects.equals(championLatency, that.championLatency);
  }

  @Override
  public int hashCode() {
    return Objects.hash(model, digest, version, champion, at, rows, results, measures);
  }

  /** {@return a line for the whole, one for each criterion, one for each metric and one for each latency} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder()
        .append(verdict())
        .append(": ")
        .append(version == null ? MlopsException.shown(model) : version)
        .append(" sha256:")
        .append(digest.abbreviated())
        .append(champion == null ? "" : " beside " + champion)
        .append(" on ")
        .append(rows)
        .append(" rows at ")
        .append(at);
    results.forEach(result -> text.append("\n  ").append(result));
    measures.forEach(measure -> text.append("\n  measured ").append(measure));
    if (latency != null) {
      text.append("\n  measured ").append(latency);
    }
    if (championLatency != null) {
      text.append("\n  measured champion ").append(championLatency);
    }
    return text.toString();
  }

  /** Collects what was found. */
  static final class Builder {
    private final String model;
    private final Digest digest;
    private final Instant at;
    private final List<Result> results = new ArrayList<>();
    private final List<Measure> measures = new ArrayList<>();
    private @Nullable Reference version;
    private @Nullable Reference champion;
    private @Nullable Latency latency;
    private @Nullable Latency championLatency;
    private long rows;

    Builder(String model, Digest digest, Instant at) {
      this.model = requireNonNull(model, "model");
      this.digest = requireNonNull(digest, "digest");
      this.at = requireNonNull(at, "at");
    }

    Builder version(Reference version) {
      this.version = version;
      return this;
    }

    Builder champion(Reference version) {
      this.champion = version;
      return this;
    }

    Builder rows(long rows) {
      this.rows = rows;
      return this;
    }

    Builder result(Result result) {
      results.add(result);
      return this;
    }

    Builder measure(Measure measure) {
      measures.add(measure);
      return this;
    }

    Builder latency(Latency latency) {
      this.latency = latency;
      return this;
    }

    Builder championLatency(Latency latency) {
      this.championLatency = latency;
      return this;
    }

    GateReport build() {
      return new GateReport(this);
    }
  }
}
