package dev.mlops.api.store;

import dev.mlops.api.model.Names;
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
 *   <li><b>durable</b>: what {@link #publish}, {@link AliasMove#commit()} or {@link #attach} returned is there after the store is opened
 *       again, by whichever process, and equal to what was returned, instants to the nanosecond (in-memory stores are
 *       exempt: they cannot be reopened).
 *   <li><b>wholeOrNothing</b>: a version is found only once its package can be opened whole; a crash or fault at any
 *       instruction leaves the old state or the new one.
 *   <li><b>opensTheSame</b>: {@link #open} gives a package with the digest, files and sections of the one published.
 *   <li><b>findsByAllThree</b>: number, alias and digest find the same version; what is absent is empty, never an error.
 *   <li><b>requireNamesTheNewest</b>: {@link #require} of an absent version throws {@link VersionNotFoundException} that
 *       names the newest one.
 *   <li><b>requireNamesTheNearest</b>: where the model or the alias is unknown and a known one is spelled much alike, that
 *       exception names it.
 *   <li><b>lists</b>: {@link #models} are the models that have a version, {@link #aliases} the aliases of a model that were
 *       ever set; both ordered by name.
 *   <li><b>compareAndSet</b>: a move is made only if the alias is where the move says; else {@link
 *       AliasConflictException#current()} is where it is, and nothing changed. Of several moves from one state exactly one is
 *       made.
 *   <li><b>byGeneration</b>: a move from a change is refused when the alias has moved since, even back to the same version.
 *   <li><b>intentOnce</b>: a move whose intent is in the history gives the change that is there and makes none.
 *   <li><b>history</b>: {@link #history} lists every change of an alias, oldest first, with generations 1, 2, 3 …; the
 *       {@code from} of each is the {@code to} of the one before; it is only ever appended to.
 *   <li><b>attach</b>: {@link #attach} adds a document to a version; {@link #documents} lists them in the order in which they
 *       were attached, {@link #read} gives their bytes; the package stays as it is.
 *   <li><b>attachAgain</b>: other bytes under the name of a document are its next revision, and the one before stays; bytes
 *       that the name already has give the document that has them.
 *   <li><b>timeNeverGoesBack</b>: the instants of versions, changes and documents do not decrease, whatever the clock does.
 *   <li><b>refusesNames</b>: a name of a model or alias outside the grammar of {@link Reference}, and one of a document that
 *       {@link dev.mlops.api.pack.PackageFile#requireName} refuses, is an {@link IllegalArgumentException}, and nothing is
 *       written.
 *   <li><b>unknownTarget</b>: a move to a version that the store does not hold, and a document for one, throws {@link
 *       VersionNotFoundException}.
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
   * @throws VersionNotFoundException if there is none; names the newest version, and a model or alias that is spelled alike
   * @throws IllegalArgumentException if it has none of these forms
   * @throws StoreException if the store could not be read
   */
  default Version require(String reference) {
    return find(reference).orElseThrow(() -> {
      Reference wanted = Reference.parse(reference);
      String model = wanted.model();
      List<Version> all = versions(model);
      Optional<String> near = all.isEmpty()
          ? Names.nearest(model, models())
          : wanted
              .alias()
              .flatMap(alias -> Names.nearest(alias, aliases(model)))
              .map(alias -> model + "@" + alias);
      return new VersionNotFoundException("no version " + reference
          + (all.isEmpty() ? "; the model has none" : "; newest is " + all.get(all.size() - 1))
          + near.map(name -> "; did you mean " + name + "?").orElse(""));
    });
  }

  /**
   * {@return the names of the models that have a version, ordered}
   *
   * @throws StoreException if the store could not be read
   */
  List<String> models();

  /**
   * {@return the aliases of a model that were ever set, without the model, ordered}
   *
   * @param model its name
   * @throws IllegalArgumentException if the name is not allowed
   * @throws StoreException if the store could not be read
   */
  List<String> aliases(String model);

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

  /**
   * Attaches a document to a version, by {@code unknown} and for no stated reason.
   *
   * @param version one of this store
   * @param name of the document
   * @param bytes what it holds; copied
   * @return the document; the one that is there, if the name already has these bytes
   * @throws IllegalArgumentException if the name is not allowed
   * @throws VersionNotFoundException if the store does not hold the version
   * @throws StoreException if it could not be written; the store is as it was
   * @throws CommitUnknownException if it could not be told whether it was attached; attach it again
   */
  default Document attach(Version version, String name, byte[] bytes) {
    return attach(version, name, bytes, "unknown", "");
  }

  /**
   * Attaches a document to a version; the package of the version stays as it is.
   *
   * @param version one of this store
   * @param name of the document, as {@link dev.mlops.api.pack.PackageFile#requireName} allows it
   * @param bytes what it holds; copied
   * @param by who attaches it, at most 200 characters
   * @param because why, at most 2,000 characters
   * @return the document; the one that is there, if the name already has these bytes
   * @throws IllegalArgumentException if the name is not allowed, or a text is too long
   * @throws VersionNotFoundException if the store does not hold the version
   * @throws StoreException if it could not be written; the store is as it was
   * @throws CommitUnknownException if it could not be told whether it was attached; attach it again
   */
  Document attach(Version version, String name, byte[] bytes, String by, String because);

  /**
   * {@return every document of a version, all revisions, in the order in which they were attached}
   *
   * @param version one of this store
   * @throws VersionNotFoundException if the store does not hold it
   * @throws StoreException if the store could not be read
   */
  List<Document> documents(Version version);

  /**
   * {@return the bytes of a document, verified}
   *
   * @param document one of {@link #documents}
   * @throws IllegalArgumentException if the store does not have it
   * @throws VersionNotFoundException if the store does not hold its version
   * @throws dev.mlops.api.pack.PackageIntegrityException if its bytes are damaged
   * @throws StoreException if the store could not be read
   */
  byte[] read(Document document);

  /** Gives up what the store holds; packages that it opened can no longer be read. May be called twice. */
  @Override
  void close();
}
