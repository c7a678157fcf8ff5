package dev.mlops.api.journal;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Texts;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One step of a rollout or of a maintenance loop: what happened, when, to which versions, with which numbers and why.
 *
 * <p>What a step does not know is empty. What a newer release wrote and this one does not know is carried: its kind reads
 * {@link Kind#OTHER} beside its {@linkplain #name() name}, its further fields are in {@link #more()}.
 *
 * <p>Positions are those of {@link dev.mlops.api.monitor.Outcomes}. Shares and losses among the {@link #numbers()} are in
 * the unit of the metric, counts are in rows.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class LoopEvent {
  /**
   * What can happen; those that end a candidate say so.
   *
   * @since 0.1
   */
  public enum Kind {
    /** The policy asks for a candidate; training begins. */
    RETRAIN(false),
    /** A trained candidate is about to be published. */
    PUBLISHING(false),
    /** The candidate is a version of the store. */
    PUBLISHED(false),
    /** The gate let the candidate go on to the rollout. */
    GATED(false),
    /** The alias is about to be moved, by a move with this intent. */
    PROMOTING(false),
    /** The alias was moved: the candidate is the champion. Ends the candidate. */
    PROMOTED(true),
    /** The candidate was judged and the champion stays. Ends the candidate. */
    KEPT(true),
    /** Something threw; the champion stays. Ends the candidate. */
    FAILED(true),
    /** The alias moved on, or the process ended, before the candidate was decided. Ends the candidate. */
    ABANDONED(true),
    /** A past champion is about to be made champion again, by a move with this intent. Ends no candidate. */
    RETURNING(false),
    /** The alias was moved back: a past champion serves again. Ends no candidate. */
    RETURNED(false),
    /** A return was not made: the alias moved on, the version is gone, or the process ended. Ends no candidate. */
    NOT_RETURNED(false),
    /** A past champion could not be loaded, so that it cannot return. Told to listeners, not written to the journal. */
    LEFT_OUT(false),
    /** The candidate won and waits for somebody's word before it takes over. */
    AWAITING(false),
    /** Somebody let the candidate that waited take over. */
    APPROVED(false),
    /** The policy asks for a candidate, and the loop only says so; or it says what helps the champion, by a number such as {@code remedy_retune}. */
    ADVISED(false),
    /** From here on the loop begins and promotes nothing. Ends no candidate. */
    HALTED(false),
    /** Somebody let the loop, or a rollout that was paused, go on. */
    RESUMED(false),
    /** A rollout begins: the candidate gets its first share of the keys, or is shadowed. */
    ROLLING_OUT(false),
    /** The candidate's share of the keys is about to grow; the numbers tell the step and the share, out of 100,000. */
    STEPPING(false),
    /** A rollout stays as it is until it is resumed; it may still end. */
    PAUSED(false),
    /** The new champion was watched for as long as its plan wanted. Ends no candidate. */
    BAKED(false),
    /** A rollout ended by its plan: the champion that is named answers all requests again. Ends the candidate. */
    ROLLED_BACK(true),
    /** Somebody ended a rollout: the champion answers all requests again. Ends the candidate. */
    ABORTED(true),
    /** The loop waits for rows. Told to listeners, not written to the journal. */
    WAITING(false),
    /** How far a training is: step, rows, and when its end is expected. Told to listeners, not written to the journal. */
    PROGRESS(false),
    /** Candidates do not bring the champion back to its baseline: the loop trains no more until something changes. */
    OUT_OF_REACH(false),
    /** A kind of a newer release; {@link LoopEvent#name()} tells which. */
    OTHER(false);

    private final boolean ends;

    Kind(boolean ends) {
      this.ends = ends;
    }

    /** {@return whether a candidate ends with it} */
    public boolean endsCandidate() {
      return ends;
    }

    /**
     * {@return the kind of a name; {@link #OTHER} for one that this release does not know}
     *
     * @param name such as {@code PROMOTED}
     */
    public static Kind of(String name) {
      for (Kind kind : values()) {
        if (kind.name().equals(name)) {
          return kind;
        }
      }
      return OTHER;
    }
  }

  private final Instant at;
  private final String name;
  private final @Nullable Reference champion;
  private final @Nullable Reference candidate;
  private final @Nullable Digest digest;
  private final @Nullable String intent;
  private final @Nullable Long position;
  private final @Nullable Long change;
  private final SortedMap<String, Double> numbers;
  private final List<String> reasons;
  private final SortedMap<String, String> more;

  private LoopEvent(Builder builder) {
    this.at = builder.at;
    this.name = builder.name;
    this.champion = builder.champion;
    this.candidate = builder.candidate;
    this.digest = builder.digest;
    this.intent = builder.intent;
    this.position = builder.position;
    this.change = builder.change;
    this.numbers = Collections.unmodifiableSortedMap(new TreeMap<>(builder.numbers));
    this.reasons = List.copyOf(builder.reasons);
    this.more = Collections.unmodifiableSortedMap(new TreeMap<>(builder.more));
  }

  /**
   * {@return a builder of an event}
   *
   * @param kind what happened; not {@link Kind#OTHER}, which has a name of its own
   * @param at when
   * @throws IllegalArgumentException if the kind is {@link Kind#OTHER}
   */
  public static Builder builder(Kind kind, Instant at) {
    if (kind == Kind.OTHER) {
      throw new IllegalArgumentException("an event of kind OTHER needs the name of its kind");
    }
    return new Builder(kind.name(), at);
  }

  /**
   * {@return a builder of an event whose kind this release may not know}
   *
   * @param name of the kind, such as {@code PROMOTED}; not empty
   * @param at when
   * @throws IllegalArgumentException if the name is empty
   */
  public static Builder builder(String name, Instant at) {
    return new Builder(name, at);
  }

  /** {@return what happened} */
  public Kind kind() {
    return Kind.of(name);
  }

  /** {@return the name of the kind, also of one that this release does not know} */
  public String name() {
    return name;
  }

  /** {@return when, by the clock of the deployment or the loop} */
  public Instant at() {
    return at;
  }

  /** {@return the version that served when it happened, such as {@code fraud:7}} */
  public Optional<Reference> champion() {
    return Optional.ofNullable(champion);
  }

  /** {@return the version that wants to take over, once it has a number, such as {@code fraud:8}; of a return the past champion} */
  public Optional<Reference> candidate() {
    return Optional.ofNullable(candidate);
  }

  /** {@return the digest of the candidate's package} */
  public Optional<Digest> digest() {
    return Optional.ofNullable(digest);
  }

  /** {@return what the move of the alias is known by in the store; all events of one rollout have the same} */
  public Optional<String> intent() {
    return Optional.ofNullable(intent);
  }

  /** {@return the position after the newest outcome that the step knew} */
  public OptionalLong position() {
    return position == null ? OptionalLong.empty() : OptionalLong.of(position);
  }

  /** {@return the position of the change that the candidate answers} */
  public OptionalLong change() {
    return change == null ? OptionalLong.empty() : OptionalLong.of(change);
  }

  /**
   * {@return the numbers of the step by name, never {@code NaN}}
   *
   * <p>A loop of core writes {@code rows}, {@code held_back} and {@code fits} of a training, {@code truths}, {@code loss} and
   * {@code champion_loss} of a rollout or a return, {@code statistic} and {@code disagreement} (the share of rows on which
   * the two losses differ) of a return, and the {@code generation} of a move. Progress has {@code rows}, {@code step}, {@code
   * steps} if the trainer knows how many there are, {@code seconds} since the training began, and {@code seconds_left} where
   * that can be told. {@code overtaken} is 1 where a candidate was kept
   * back for another one that is to know more, and absent otherwise.
   */
  public SortedMap<String, Double> numbers() {
    return numbers;
  }

  /**
   * {@return one of the numbers}
   *
   * @param of its name, such as {@code truths}
   */
  public OptionalDouble number(String of) {
    Double found = numbers.get(of);
    return found == null ? OptionalDouble.empty() : OptionalDouble.of(found);
  }

  /** {@return why, with the numbers, for people; the wording may change} */
  public List<String> reasons() {
    return reasons;
  }

  /** {@return fields of a newer release, by name, each as its JSON text} */
  public SortedMap<String, String> more() {
    return more;
  }

  /** {@return the reasons, one a line} */
  public String text() {
    return String.join("\n", reasons);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LoopEvent that
        && at.equals(that.at)
        && name.equals(that.name)
        && Objects.equals(champion, that.champion)
        && Objects.equals(candidate, that.candidate)
        && Objects.equals(digest, that.digest)
        && Objects.equals(intent, that.intent)
        && Objects.equals(position, that.position)
        && Objects.equals(change, that.change)
        && numbers.equals(that.numbers)
        && reasons.equals(that.reasons)
        && more.equals(that.more);
  }

  @Override
  public int hashCode() {
    return Objects.hash(at, name, champion, candidate, intent, numbers, reasons);
  }

  /** {@return such as {@code PROMOTED fraud:8: shadow SUPERIOR on 131 truths …}, one line} */
  @Override
  public String toString() {
    String subject = subject();
    String text = text().replaceAll("\\s*\n\\s*", " <- ");
    return name
        + (subject.isEmpty() ? "" : " " + subject)
        + (text.isEmpty() ? "" : ": " + text)
        + (more.isEmpty() ? "" : " " + more);
  }

  /** What the step is about, in one word. */
  private String subject() {
    Object subject = switch (kind()) {
      case RETRAIN, KEPT, ADVISED, HALTED, RESUMED, PROGRESS, OUT_OF_REACH -> champion;
      case PUBLISHING -> digest;
      case PROMOTING, RETURNING -> intent;
      case PUBLISHED,
          GATED,
          AWAITING,
          APPROVED,
          PROMOTED,
          FAILED,
          ABANDONED,
          RETURNED,
          NOT_RETURNED,
          LEFT_OUT,
          ROLLING_OUT,
          STEPPING,
          PAUSED,
          BAKED,
          ROLLED_BACK,
          ABORTED -> candidate;
      case WAITING -> null;
      case OTHER -> candidate != null ? candidate : champion;
    };
    return subject == null ? "" : subject.toString();
  }

  /**
   * Collects what an event says.
   *
   * <p>Half a character in a text, which no file could hold, becomes {@code U+FFFD}.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final String name;
    private final Instant at;
    private final Map<String, Double> numbers = new TreeMap<>();
    private final List<String> reasons = new ArrayList<>();
    private final Map<String, String> more = new TreeMap<>();
    private @Nullable Reference champion;
    private @Nullable Reference candidate;
    private @Nullable Digest digest;
    private @Nullable String intent;
    private @Nullable Long position;
    private @Nullable Long change;

    private Builder(String name, Instant at) {
      this.name = Texts.whole(requireNonNull(name, "name"));
      this.at = requireNonNull(at, "at");
      if (name.isEmpty()) {
        throw new IllegalArgumentException("the kind of an event must have a name");
      }
    }

    /**
     * {@return this builder, with the version that serves}
     *
     * @param version such as {@code fraud:7}
     */
    public Builder champion(Version version) {
      return champion(Reference.parse(version.toString()));
    }

    /**
     * {@return this builder, with the version that serves}
     *
     * @param version such as {@code fraud:7}
     */
    public Builder champion(Reference version) {
      this.champion = requireNonNull(version, "version");
      return this;
    }

    /**
     * {@return this builder, with the version that wants to take over}
     *
     * @param version such as {@code fraud:8}
     */
    public Builder candidate(Version version) {
      return candidate(Reference.parse(version.toString()));
    }

    /**
     * {@return this builder, with the version that wants to take over}
     *
     * @param version such as {@code fraud:8}
     */
    public Builder candidate(Reference version) {
      this.candidate = requireNonNull(version, "version");
      return this;
    }

    /**
     * {@return this builder, with the digest of the candidate's package}
     *
     * @param digest of the package
     */
    public Builder digest(Digest digest) {
      this.digest = requireNonNull(digest, "digest");
      return this;
    }

    /**
     * {@return this builder, with what the move of the alias is known by}
     *
     * @param intent of the move
     */
    public Builder intent(String intent) {
      this.intent = Texts.whole(requireNonNull(intent, "intent"));
      return this;
    }

    /**
     * {@return this builder, with the position after the newest outcome}
     *
     * @param position among the outcomes
     */
    public Builder position(long position) {
      this.position = position;
      return this;
    }

    /**
     * {@return this builder, with the position of the change that the candidate answers}
     *
     * @param position among the outcomes
     */
    public Builder change(long position) {
      this.change = position;
      return this;
    }

    /**
     * {@return this builder, with one more number}
     *
     * @param name such as {@code truths}
     * @param value may be infinite
     * @throws IllegalArgumentException if it is NaN: what nobody measured is left out
     */
    public Builder number(String name, double value) {
      if (Double.isNaN(value)) {
        throw new IllegalArgumentException(
            "number \"" + MlopsException.shown(name) + "\" of an event must not be NaN");
      }
      numbers.put(Texts.whole(name), value);
      return this;
    }

    /**
     * {@return this builder, with one more reason}
     *
     * @param reason a line or more, for people
     */
    public Builder because(String reason) {
      reasons.add(Texts.whole(reason));
      return this;
    }

    /**
     * {@return this builder, with a field that this release does not know}
     *
     * @param field its name
     * @param json its value, as JSON text; a journal that stores JSON refuses other text
     */
    public Builder more(String field, String json) {
      more.put(Texts.whole(field), Texts.whole(json));
      return this;
    }

    /** {@return the event} */
    public LoopEvent build() {
      return new LoopEvent(this);
    }
  }
}
