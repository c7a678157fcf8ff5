package dev.mlops.testkit;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A store that is another one; a broken store overrides what it breaks. */
class ForwardingStore implements VersionStore {
  final VersionStore store;

  ForwardingStore(VersionStore store) {
    this.store = store;
  }

  @Override
  public Version publish(ModelPackage source) {
    return store.publish(source);
  }

  @Override
  public Optional<Version> find(String reference) {
    return store.find(reference);
  }

  @Override
  public List<Version> versions(String model) {
    return store.versions(model);
  }

  @Override
  public ModelPackage open(Version version) {
    return store.open(version);
  }

  @Override
  public AliasChange commit(AliasMove move) {
    return store.commit(move);
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    return store.current(alias);
  }

  @Override
  public List<AliasChange> history(String alias) {
    return store.history(alias);
  }

  @Override
  public void close() {
    store.close();
  }

  /** The same move from where the alias is now. */
  final AliasMove fromWhereverItIs(AliasMove move) {
    Optional<AliasChange> now = store.current(move.alias().toString());
    AliasMove.From from = store.move(move.alias().toString());
    return (now.isEmpty() ? from.fromNothing() : from.from(now.get()))
        .to(move.to())
        .by(move.by())
        .because(move.because())
        .intent(move.intent());
  }

  /** A change with other instants. */
  static AliasChange dated(AliasChange change, Optional<Version> from, Version to, Instant at) {
    return new AliasChange(
        change.alias(),
        change.generation(),
        from,
        to,
        at,
        change.by(),
        change.because(),
        change.intent());
  }
}
