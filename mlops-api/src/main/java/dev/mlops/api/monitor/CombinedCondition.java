package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A condition of conditions, as data: its kind and its parts can be read, compared, rendered and exported.
 *
 * <p>A part that throws or answers null is INCONCLUSIVE. The finding names the parts that decided it; its numbers are those of the
 * first of them.
 *
 * <p>Immutable, if its parts are.
 *
 * @since 0.1
 */
@Beta
public final class CombinedCondition implements Condition {
  private final Kind kind;
  private final int wanted;
  private final List<Condition> parts;

  /**
   * How the parts are joined.
   *
   * @since 0.1
   */
  @Beta
  public enum Kind {
    /** All must hold. */
    ALL_OF,
    /** One must hold. */
    ANY_OF,
    /** This number must hold. */
    AT_LEAST,
    /** The only part must not hold. */
    NOT
  }

  private CombinedCondition(Kind kind, int wanted, List<Condition> parts) {
    this.kind = kind;
    this.wanted = wanted;
    this.parts = parts;
  }

  static CombinedCondition of(Kind kind, int wanted, Condition... parts) {
    List<Condition> all = List.of(parts);
    if (all.isEmpty()) {
      throw new IllegalArgumentException("a condition of conditions must have one, but had none");
    }
    if (wanted < 1 || wanted > all.size()) {
      throw new IllegalArgumentException(
          "the number of conditions that must hold must be from 1 to " + all.size() + ", but was "
              + wanted);
    }
    return new CombinedCondition(kind, wanted, all);
  }

  /** {@return how the parts are joined} */
  public Kind kind() {
    return kind;
  }

  /** {@return how many of the parts must hold; 1 of {@link Kind#NOT}, where it must not} */
  public int wanted() {
    return wanted;
  }

  /** {@return the parts, in their order} */
  @Override
  public List<Condition> parts() {
    return parts;
  }

  @Override
  public Finding test(Evidence evidence) {
    return test(evidence, 0);
  }

  /**
   * {@return what {@link #test(Evidence)} answers if each part about quality is INCONCLUSIVE while it rests on fewer truths}
   *
   * @param evidence what is known now
   * @param fewestTruths at least 0
   */
  public Finding test(Evidence evidence, long fewestTruths) {
    requireNonNull(evidence, "evidence");
    List<Finding> found =
        parts.stream().map(part -> answer(part, evidence, fewestTruths)).toList();
    if (kind == Kind.NOT) {
      Finding only = found.get(0);
      return finding(
          switch (only.verdict()) {
            case PASS -> Verdict.FAIL;
            case FAIL -> Verdict.PASS;
            case INCONCLUSIVE -> Verdict.INCONCLUSIVE;
          },
          "not: ",
          List.of(only));
    }
    List<Finding> pass = with(found, Verdict.PASS);
    List<Finding> fail = with(found, Verdict.FAIL);
    if (pass.size() >= wanted) {
      return finding(Verdict.PASS, "", pass);
    }
    if (found.size() - fail.size() < wanted) {
      return finding(Verdict.FAIL, "", fail);
    }
    return finding(Verdict.INCONCLUSIVE, "", with(found, Verdict.INCONCLUSIVE));
  }

  private static Finding answer(Condition part, Evidence evidence, long fewestTruths) {
    if (part instanceof CombinedCondition combined) {
      return combined.test(evidence, fewestTruths);
    }
    Finding found = part.answer(evidence);
    return restsOnTruths(part) ? found.onAtLeast(fewestTruths) : found;
  }

  private static boolean restsOnTruths(Condition part) {
    return part.expression().flatMap(asked -> asked.quantity().metric()).isPresent();
  }

  private static List<Finding> with(List<Finding> found, Verdict verdict) {
    return found.stream().filter(each -> each.verdict() == verdict).toList();
  }

  private static Finding finding(Verdict verdict, String before, List<Finding> deciding) {
    Finding first = deciding.get(0);
    Finding.Builder builder = Finding.builder(
        verdict, before + deciding.stream().map(Finding::text).collect(Collectors.joining("; ")));
    first.quantity().ifPresent(builder::quantity);
    first.value().ifPresent(builder::value);
    first.estimate().ifPresent(builder::estimate);
    first.limit().ifPresent(builder::limit);
    first.n().ifPresent(builder::n);
    deciding.stream()
        .filter(each -> each.changePosition().isPresent())
        .findFirst()
        .ifPresent(each -> builder.changePosition(each.changePosition().getAsLong()));
    return builder.build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CombinedCondition that
        && kind == that.kind
        && wanted == that.wanted
        && parts.equals(that.parts);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * kind.hashCode() + wanted) + parts.hashCode();
  }

  /** {@return the call that makes it, which {@link Signals#parse} reads back if its parts are built in} */
  @Override
  public String toString() {
    List<String> all = new ArrayList<>();
    if (kind == Kind.AT_LEAST) {
      all.add(Integer.toString(wanted));
    }
    parts.forEach(part -> all.add(part.toString()));
    return switch (kind) {
          case ALL_OF -> "allOf";
          case ANY_OF -> "anyOf";
          case AT_LEAST -> "atLeast";
          case NOT -> "not";
        }
        + "(" + String.join(", ", all) + ")";
  }
}
