package dev.mlops.api.store;

import dev.mlops.api.pack.Digest;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The records of a registry: in which streams they lie, in which form, and which of them are in memory.
 *
 * <p>Thread-safe.
 */
final class RegistryRecords {
  /** What the name of each stream begins with. */
  static final String MODELS = "models";

  private final StoreBackend backend;
  private final Map<String, KeyedRecords<Published>> versions = new ConcurrentHashMap<>();
  private final Map<String, KeyedRecords<AliasChange>> aliases = new ConcurrentHashMap<>();
  private final Map<String, KeyedRecords<Document>> documents = new ConcurrentHashMap<>();

  RegistryRecords(StoreBackend backend) {
    this.backend = backend;
  }

  /** A version, and the size of every blob of its package. */
  record Published(Version version, Map<Digest, Long> blobs) {}

  /** {@return the versions of a model} */
  KeyedRecords<Published> versions(String model) {
    KeyedRecords<Published> kept = versions.get(model);
    return kept != null ? kept : kept(versions, model, newVersions(model));
  }

  /** {@return the moves of an alias} */
  KeyedRecords<AliasChange> aliases(Reference alias) {
    KeyedRecords<AliasChange> kept = aliases.get(alias.toString());
    return kept != null ? kept : kept(aliases, alias.toString(), newAliases(alias));
  }

  /** {@return the documents of a model} */
  KeyedRecords<Document> documents(String model) {
    KeyedRecords<Document> kept = documents.get(model);
    return kept != null ? kept : kept(documents, model, newDocuments(model));
  }

  /** Keeps what a first record was just appended to. */
  void keepVersions(String model, KeyedRecords<Published> records) {
    versions.putIfAbsent(model, records);
  }

  /** Keeps what a first record was just appended to. */
  void keepAliases(Reference alias, KeyedRecords<AliasChange> records) {
    aliases.putIfAbsent(alias.toString(), records);
  }

  /** Keeps what a first record was just appended to. */
  void keepDocuments(String model, KeyedRecords<Document> records) {
    documents.putIfAbsent(model, records);
  }

  /** Kept only for models that exist: names that callers try cost nothing. */
  private static <T> KeyedRecords<T> kept(
      Map<String, KeyedRecords<T>> all, String name, KeyedRecords<T> fresh) {
    if (fresh.newest() == 0) {
      return fresh;
    }
    KeyedRecords<T> before = all.putIfAbsent(name, fresh);
    return before == null ? fresh : before;
  }

  /** {@return the versions of a model, of which nothing is in memory yet} */
  KeyedRecords<Published> newVersions(String model) {
    return new KeyedRecords<>(
        backend,
        MODELS + "/" + model + "/versions",
        record -> published(model, record),
        published -> published.version().digest().toString());
  }

  /** {@return the moves of an alias, of which nothing is in memory yet} */
  KeyedRecords<AliasChange> newAliases(Reference alias) {
    return new KeyedRecords<>(
        backend,
        MODELS + "/" + alias.model() + "/aliases/" + alias.alias().orElseThrow(),
        record -> change(alias, record),
        AliasChange::intent);
  }

  /** {@return the documents of a model, of which nothing is in memory yet} */
  KeyedRecords<Document> newDocuments(String model) {
    return new KeyedRecords<>(
        backend,
        MODELS + "/" + model + "/documents",
        record -> document(model, record),
        document -> key(document.version().number(), document.name(), document.digest()));
  }

  /** What a document is found by. */
  static String key(long version, String name, Digest digest) {
    return version + " " + name + " " + digest;
  }

  /** {@return the record of a version} */
  static Fields form(Published published, String request) {
    Version version = published.version();
    Fields sizes = new Fields();
    published.blobs().forEach((digest, size) -> sizes.with(digest.toString(), size));
    return fields(version)
        .with("model", version.model())
        .with("blobs", sizes)
        .with("request", request);
  }

  private static Fields fields(Version version) {
    return new Fields()
        .with("number", version.number())
        .with("package", version.digest().toString())
        .with("published", version.publishedAt().toString());
  }

  private static Published published(String model, Fields record) {
    record.only("blobs", "model", "number", "package", "published", "request");
    if (!record.text("model").equals(model)) {
      throw record.wanted("model", model);
    }
    Map<Digest, Long> blobs = new HashMap<>();
    Fields sizes = record.fields("blobs");
    for (String digest : sizes.keys()) {
      blobs.put(Digest.parse(digest), sizes.integer(digest));
    }
    return new Published(version(model, record), Map.copyOf(blobs));
  }

  private static Version version(String model, Fields record) {
    return new Version(
        model,
        record.integer("number"),
        Digest.parse(record.text("package")),
        Instant.parse(record.text("published")));
  }

  /** {@return the record of a move} */
  static Fields form(AliasChange change, String request) {
    return new Fields()
        .with("alias", change.alias())
        .with("from", change.from().map(RegistryRecords::fields).orElse(null))
        .with("to", fields(change.to()))
        .with("at", change.at().toString())
        .with("by", change.by())
        .with("because", change.because())
        .with("intent", change.intent())
        .with("request", request);
  }

  private static AliasChange change(Reference alias, Fields record) {
    record.only("alias", "at", "because", "by", "from", "intent", "number", "request", "to");
    if (!record.text("alias").equals(alias.toString())) {
      throw record.wanted("alias", alias.toString());
    }
    return new AliasChange(
        alias.toString(),
        record.integer("number"),
        record.isNull("from")
            ? Optional.empty()
            : Optional.of(version(alias.model(), record.fields("from"))),
        version(alias.model(), record.fields("to")),
        Instant.parse(record.text("at")),
        record.text("by"),
        record.text("because"),
        record.text("intent"));
  }

  /** {@return the record of a document} */
  static Fields form(Document document, String request) {
    return new Fields()
        .with("version", fields(document.version()))
        .with("model", document.version().model())
        .with("name", document.name())
        .with("revision", document.revision())
        .with("digest", document.digest().toString())
        .with("size", document.size())
        .with("at", document.at().toString())
        .with("by", document.by())
        .with("because", document.because())
        .with("request", request);
  }

  private static Document document(String model, Fields record) {
    record.only(
        "at",
        "because",
        "by",
        "digest",
        "model",
        "name",
        "number",
        "request",
        "revision",
        "size",
        "version");
    if (!record.text("model").equals(model)) {
      throw record.wanted("model", model);
    }
    return new Document(
        version(model, record.fields("version")),
        record.text("name"),
        record.integer("revision"),
        Digest.parse(record.text("digest")),
        record.integer("size"),
        Instant.parse(record.text("at")),
        record.text("by"),
        record.text("because"));
  }
}
