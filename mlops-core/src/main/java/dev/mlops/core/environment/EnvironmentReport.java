package dev.mlops.core.environment;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.internal.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What differs between where a model was made and where it is about to run, the gravest first.
 *
 * <p>Immutable.
 *
 * @param model name of the model
 * @param digest of its package
 * @param findings what differs or is missing; none if nothing does
 * @since 0.1
 */
@Beta
public record EnvironmentReport(String model, Digest digest, List<Finding> findings) {
  /**
   * How much a finding matters, in rising order.
   *
   * @since 0.1
   */
  public enum Level {
    /** Worth knowing. */
    INFO,
    /** The model may answer otherwise or be slower: hold it against its golden examples. */
    WARN,
    /** The model cannot run here, or not safely. */
    FAIL
  }

  /**
   * What a finding is about.
   *
   * @since 0.1
   */
  public enum Kind {
    /** The version of Java. */
    JAVA,
    /** Who made that Java. */
    JAVA_VENDOR,
    /** The operating system. */
    OS,
    /** The processor. */
    ARCHITECTURE,
    /** The default charset. */
    CHARSET,
    /** An environment variable that is not set. */
    VARIABLE,
    /** A library that is not there. */
    LIBRARY_MISSING,
    /** A library of another version. */
    LIBRARY_VERSION,
    /** A library of the same version whose file has other bytes. */
    LIBRARY_BYTES,
    /** The memory that the model may take. */
    MEMORY,
    /** A native library that is not there for this system. */
    NATIVE_LIBRARY
  }

  /**
   * One thing that differs or is missing.
   *
   * <p>Immutable.
   *
   * @param level how much it matters
   * @param kind what it is about
   * @param subject of the kind, such as the name of a library; empty where there is one alone
   * @param wanted what the package says
   * @param found what is there
   * @param remedy what to do, in words
   * @since 0.1
   */
  public record Finding(
      Level level, Kind kind, String subject, String wanted, String found, String remedy) {
    /** Refuses null. */
    public Finding {
      requireNonNull(level, "level");
      requireNonNull(kind, "kind");
      requireNonNull(subject, "subject");
      requireNonNull(wanted, "wanted");
      requireNonNull(found, "found");
      requireNonNull(remedy, "remedy");
    }

    /** {@return such as {@code FAIL library org.tribuo:tribuo-core: wanted 4.3.2, found none; add …}} */
    @Override
    public String toString() {
      String about = kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      return level + " " + about + (subject.isEmpty() ? "" : " " + MlopsException.shown(subject))
          + ": wanted " + MlopsException.shown(wanted) + ", found " + MlopsException.shown(found)
          + "; " + remedy;
    }
  }

  /** Puts the gravest first; findings of one level keep their order. */
  public EnvironmentReport {
    requireNonNull(model, "model");
    requireNonNull(digest, "digest");
    findings = findings.stream()
        .sorted(Comparator.comparing(Finding::level).reversed())
        .toList();
  }

  /**
   * {@return a report without findings, for a host that checks nothing}
   *
   * @param source the package
   */
  public static EnvironmentReport nothing(ModelPackage source) {
    return new EnvironmentReport(source.model(), source.digest(), List.of());
  }

  /** {@return the gravest level; empty without findings} */
  public Optional<Level> level() {
    return findings.isEmpty() ? Optional.empty() : Optional.of(findings.get(0).level());
  }

  /** {@return whether the model cannot run here} */
  public boolean fails() {
    return level().filter(Level.FAIL::equals).isPresent();
  }

  /**
   * {@return the findings of a level}
   *
   * @param level that alone
   */
  public List<Finding> findings(Level level) {
    return findings.stream().filter(finding -> finding.level() == level).toList();
  }

  /**
   * {@return the report in canonical JSON, for machines: {@code format}, {@code model}, {@code digest} and {@code findings},
   * each with {@code level}, {@code kind}, {@code subject}, {@code wanted}, {@code found} and {@code remedy}}
   */
  public String json() {
    return new String(
        Json.of(Map.of(
                "format",
                1,
                "model",
                model,
                "digest",
                digest.toString(),
                "findings",
                findings.stream()
                    .map(finding -> Map.of(
                        "level", name(finding.level()),
                        "kind", name(finding.kind()),
                        "subject", finding.subject(),
                        "wanted", finding.wanted(),
                        "found", finding.found(),
                        "remedy", finding.remedy()))
                    .toList()))
            .bytes(),
        StandardCharsets.UTF_8);
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** {@return a line for the package, and one for each finding} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(model)
        .append(" sha256:")
        .append(digest.abbreviated())
        .append(": ")
        .append(
            findings.isEmpty()
                ? "nothing differs from where it was made"
                : findings.size() + (findings.size() == 1 ? " finding" : " findings"));
    findings.forEach(finding -> text.append("\n  ").append(finding));
    return text.toString();
  }
}
