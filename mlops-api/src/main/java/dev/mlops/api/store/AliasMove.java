package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Texts;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A move of an alias that has been described but not made.
 *
 * <p>Built in order by {@link VersionStore#move}: what the alias must point to now, then where it shall point, then who and
 * why; {@link #commit()} makes it. {@link #by}, {@link #because} and {@link #intent} give a new move.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class AliasMove {
  static final int LONGEST_BY = 200;
  static final int LONGEST_BECAUSE = 2_000;

  private final Function<AliasMove, AliasChange> store;
  private final Reference alias;
  private final @Nullable Version from;
  private final long generation;
  private final Version to;
  private final String by;
  private final String because;
  private final String intent;

  private AliasMove(
      Function<AliasMove, AliasChange> store,
      Reference alias,
      @Nullable Version from,
      long generation,
      Version to,
      String by,
      String because,
      String intent) {
    this.store = store;
    this.alias = alias;
    this.from = from;
    this.generation = generation;
    this.to = to;
    this.by = by;
    this.because = because;
    this.intent = intent;
  }

  /** {@return the alias, such as {@code fraud@champion}} */
  public Reference alias() {
    return alias;
  }

  /** {@return the version that the alias must point to now; empty if it must not exist} */
  public Optional<Version> expectedVersion() {
    return Optional.ofNullable(from);
  }

  /** {@return the generation that the alias must be at now, if the move is from a change; 0 is an alias that does not exist} */
  public OptionalLong expectedGeneration() {
    return generation < 0 ? OptionalLong.empty() : OptionalLong.of(generation);
  }

  /** {@return the version that the alias shall point to} */
  public Version to() {
    return to;
  }

  /** {@return who moves it; {@code unknown} by default} */
  public String by() {
    return by;
  }

  /** {@return why; empty by default} */
  public String because() {
    return because;
  }

  /** {@return what the mover knows the move by; a random UUID by default} */
  public String intent() {
    return intent;
  }

  /**
   * {@return the same move by somebody}
   *
   * @param by who moves it, at most 200 characters
   * @throws IllegalArgumentException if it is longer
   */
  public AliasMove by(String by) {
    return new AliasMove(
        store, alias, from, generation, to, bounded("by", by, LONGEST_BY), because, intent);
  }

  /**
   * {@return the same move with a reason}
   *
   * @param because why it moves, at most 2,000 characters
   * @throws IllegalArgumentException if it is longer
   */
  public AliasMove because(String because) {
    return new AliasMove(
        store,
        alias,
        from,
        generation,
        to,
        by,
        bounded("because", because, LONGEST_BECAUSE),
        intent);
  }

  /**
   * {@return the same move under an intent of the mover's}
   *
   * <p>A move whose intent is already in the history is not made twice: {@link #commit()} then gives the change that it
   * made. So a mover that crashed may simply commit again.
   *
   * @param intent 1 to 200 characters, not blank
   * @throws IllegalArgumentException if it is blank or longer
   */
  public AliasMove intent(String intent) {
    if (intent.isBlank()) {
      throw new IllegalArgumentException("intent must not be blank");
    }
    return new AliasMove(
        store, alias, from, generation, to, by, because, bounded("intent", intent, 200));
  }

  /**
   * Makes the move.
   *
   * @return what the history now holds
   * @throws AliasConflictException if the alias is not where the move expected it
   * @throws VersionNotFoundException if the target is not in the store
   * @throws StoreException if the store could not be written; the alias is as it was
   * @throws CommitUnknownException if it could not be told whether the move was made; commit again with the same intent
   */
  public AliasChange commit() {
    return store.apply(this);
  }

  /** A text within its bound, made whole: else the store could not write it. */
  static String bounded(String field, String text, int most) {
    if (text.length() > most) {
      throw new IllegalArgumentException(
          field + " must have at most " + most + " characters, but had " + text.length());
    }
    return Texts.whole(text);
  }

  /** {@return such as {@code fraud@champion from fraud:6 to fraud:7}} */
  @Override
  public String toString() {
    return alias + " from " + (from == null ? "nothing" : from.toString()) + " to " + to;
  }

  /**
   * What a move must say first: where the alias is now.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class From {
    private final Function<AliasMove, AliasChange> store;
    private final Reference alias;

    From(Function<AliasMove, AliasChange> store, String alias) {
      this.store = store;
      this.alias = Reference.parse(alias);
      if (this.alias.alias().isEmpty()) {
        throw new IllegalArgumentException(
            "only an alias can be moved, such as fraud@champion, but got " + this.alias);
      }
    }

    /**
     * {@return a move that is made only while the alias points to this version}
     *
     * @param version the version now
     */
    public To from(Version version) {
      return new To(store, alias, requireNonNull(version, "version"), -1);
    }

    /**
     * {@return a move that is made only while this change is the newest}
     *
     * @param change the newest change; guards against an alias that went away and came back
     */
    public To from(AliasChange change) {
      if (!change.alias().equals(alias.toString())) {
        throw new IllegalArgumentException(
            "wanted a change of " + alias + ", got one of " + change.alias());
      }
      return new To(store, alias, change.to(), change.generation());
    }

    /**
     * {@return a move that is made only while the alias does not exist}
     */
    public To fromNothing() {
      return new To(store, alias, null, 0);
    }
  }

  /**
   * What a move must say second: where the alias shall be.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class To {
    private final Function<AliasMove, AliasChange> store;
    private final Reference alias;
    private final @Nullable Version from;
    private final long generation;

    private To(
        Function<AliasMove, AliasChange> store,
        Reference alias,
        @Nullable Version from,
        long generation) {
      this.store = store;
      this.alias = alias;
      this.from = from;
      this.generation = generation;
    }

    /**
     * {@return the move, ready to be committed}
     *
     * @param version the version that the alias shall point to; of the same model
     * @throws IllegalArgumentException if it is a version of another model
     */
    public AliasMove to(Version version) {
      if (!version.model().equals(alias.model())) {
        throw new IllegalArgumentException(
            "wanted a version of " + alias.model() + ", got " + version);
      }
      return new AliasMove(
          store,
          alias,
          from,
          generation,
          version,
          "unknown",
          "",
          UUID.randomUUID().toString());
    }
  }
}
