package dev.mlops.api.store;

import dev.mlops.api.pack.ModelPackage;
import java.util.List;
import java.util.Optional;

/**
 * Keeps packages as numbered versions and moves aliases between them.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>numbered</b>: the first package published under a model's name is number 1, each new one the next number;
 *       numbers are never reused.
 *   <li><b>idempotent</b>: publishing a package whose digest the model already has gives the version that it has.
 *   <li><b>durable</b>: what {@link #publish} or {@link AliasMove#commit()} returned is there after the store is opened
 *       again, by whichever process, and equal to what was returned, instants to the nanosecond (in-memory stores have no
 *       again).
 *   <li><b>wholeOrNothing</b>: a version is found only once its package can be opened whole; a crash or fault at any
 *       instruction leaves the old state or the new one.
 *   <li><b>opensTheSame</b>: {@link #open} gives a package with the digest, files and sections of the one published.
 *   <li><b>findsByAllThree</b>: number, alias and digest find the same version; what is absent is empty, never an error.
 *   <li><b>requireNamesTheNewest</b>: {@link #require} of an absent version throws {@link VersionNotFoundException} that
 *       names the newest one.
 *   <li><b>compareAndSet</b>: a move is made only if the alias is where the move says; else {@link
 *       AliasConflictException#current()} is where it is, and nothing changed. Of several moves from one state exactly one is
 *       made.
 *   <li><b>byGeneration</b>: a move from a change is refused when the alias has moved since, even back to the same version.
 *   <li><b>intentOnce</b>: a move whose intent is in the history gives the change that is there and makes none.
 *   <li><b>history</b>: {@link #history} lists every change of an alias, oldest first, with generations 1, 2, 3 …; the
 *       {@code from} of each is the {@code to} of the one before; it is only ever appended to.
 *   <li><b>timeNeverGoesBack</b>: the instants of versions and changes do not decrease, whatever the clock does.
 *   <li><b>refusesNames</b>: a name outside the grammar of {@link Reference} is an {@link IllegalArgumentException}, and
 *       nothing is written.
 *   <li><b>unknownTarget</b>: a move to a version that the store does not hold throws {@link VersionNotFoundException}.
 *   <li><b>closed</b>: after {@link #close()}, which may be called twice, every other method throws {@link
 *       IllegalStateException}, and the packages that {@link #open} gave can no longer be read.
 *   <li><b>threads</b>: any method may be called from any thread.
 * </ol>
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface VersionStore extends AutoCloseable {
  /**
   * Stores a package under the next number of its model.
   *
   * @param source what to store
   * @return its version; the one that the model already has, if the digest is known
   * @throws dev.mlops.api.pack.PackageIntegrityException if the package's own bytes are not what its manifest lists
   * @throws StoreException if it could not be written; the store is as it was
   * @throws CommitUnknownException if it could not be told whether it was stored; publish again
   */
  Version publish(ModelPackage source);

  /**
   * {@return the version that a reference names, if there is one}
   *
   * @param reference such as {@code fraud:7}, {@code fraud@champion}, {@code fraud@sha256:…}
   * @throws IllegalArgumentException if it has none of these forms
   * @throws StoreException if the store could not be read
   */
  Optional<Version> find(String reference);

  /**
   * {@return the version that a reference names}
   *
   * @param reference such as {@code fraud:7}, {@code fraud@champion}, {@code fraud@sha256:…}
   * @throws VersionNotFoundException if there is none
   * @throws IllegalArgumentException if it has none of these forms
   * @throws StoreException if the store could not be read
   */
  default Version require(String reference) {
    return find(reference).orElseThrow(() -> {
      List<Version> all = versions(Reference.parse(reference).model());
      return new VersionNotFoundException("no version " + reference
          + (all.isEmpty() ? "; the model has none" : "; newest is " + all.get(all.size() - 1)));
    });
  }

  /**
   * {@return every version of a model, by number}
   *
   * @param model its name
   * @throws IllegalArgumentException if the name is not allowed
   * @throws StoreException if the store could not be read
   */
  List<Version> versions(String model);

  /**
   * {@return the package of a version}
   *
   * @param version one of this store
   * @throws VersionNotFoundException if the store does not hold it, or holds another package under its number
   * @throws dev.mlops.api.pack.PackageIntegrityException if its bytes are damaged
   * @throws StoreException if the store could not be read
   */
  ModelPackage open(Version version);

  /**
   * Begins to move an alias; nothing happens before {@link AliasMove#commit()}.
   *
   * @param alias such as {@code fraud@champion}
   * @return what must be said next: where the alias is now
   * @throws IllegalArgumentException if it is no alias
   */
  default AliasMove.From move(String alias) {
    return new AliasMove.From(this::commit, alias);
  }

  /**
   * Makes a move; hosts call {@link AliasMove#commit()}.
   *
   * @param move what was described
   * @return what the history now holds
   * @throws AliasConflictException if the alias is not where the move expected it
   * @throws VersionNotFoundException if the target is not in the store
   * @throws StoreException if the store could not be written; the alias is as it was
   * @throws CommitUnknownException if it could not be told whether the move was made; commit again with the same intent
   */
  AliasChange commit(AliasMove move);

  /**
   * {@return the newest change of an alias; empty if it was never set}
   *
   * @param alias such as {@code fraud@champion}
   * @throws IllegalArgumentException if it is no alias
   * @throws StoreException if the store could not be read
   */
  Optional<AliasChange> current(String alias);

  /**
   * {@return every change of an alias, oldest first}
   *
   * @param alias such as {@code fraud@champion}
   * @throws IllegalArgumentException if it is no alias
   * @throws StoreException if the store could not be read
   */
  List<AliasChange> history(String alias);

  /** Gives up what the store holds; packages that it opened can no longer be read. May be called twice. */
  @Override
  void close();
}
