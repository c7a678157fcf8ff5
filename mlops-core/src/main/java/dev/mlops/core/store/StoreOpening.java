package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import dev.mlops.core.store.StoreFiles.Kind;
import dev.mlops.core.store.StoreFiles.NewFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Opens the directory of a store: makes it, or finds out that it is one of ours.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class StoreOpening {
  /** The names that a store has at its top. */
  static final Set<String> TOP = Set.of(
      "store.json", "blobs", "models", "streams", "cells", "tmp", "quarantine", "lost+found");

  private static final int FORMAT = 1;
  private static final byte[] FORMAT_FILE = Json.of(Map.of("format", FORMAT)).bytes();
  private static final Duration LEFT_OVER = Duration.ofHours(24);

  private final Path directory;
  private final StoreRoot root;
  private final StoreFiles files;
  private int swept;

  StoreOpening(Path directory, StoreRoot root, StoreFiles files) {
    this.directory = directory;
    this.root = root;
    this.files = files;
  }

  /** {@return how many files opening removed that crashes had left} */
  int swept() {
    return swept;
  }

  /** Opens the store for reading: nothing is made, tried or swept. */
  void forReading() {
    try {
      byte @Nullable [] found = requireDirectory();
      if (found == null) {
        throw new StoreException(
            root.name() + " must be a store to be opened for reading, but has no store.json;"
                + " nothing was changed",
            null);
      }
      requireFormat(found);
    } catch (IOException e) {
      throw notOpened(e);
    }
  }

  /**
   * Opens the store, makes it if it is absent, and sweeps what crashes left behind.
   *
   * <p>What a store holds can be read where nothing more can be written, whatever the reason: it opens, nothing is swept, and
   * writes say what is wrong.
   */
  void forWriting() {
    try {
      byte @Nullable [] found = requireDirectory();
      if (found == null) {
        begin();
        return;
      }
      requireFormat(found);
      try {
        makeOwn();
        probe(true);
        settle();
      } catch (IOException | StoreException e) {
        return;
      }
    } catch (AccessDeniedException e) {
      throw new StoreException(
          root.name() + " must be a directory that may be written to, but is not", e);
    } catch (IOException e) {
      throw notOpened(e);
    }
  }

  private StoreException notOpened(IOException cause) {
    return new StoreException(
        root.name() + " could not be opened (" + StoreRoot.reason(cause) + "); nothing was stored",
        cause);
  }

  /** {@return the bytes of store.json, or null if it is absent} */
  private byte @Nullable [] requireDirectory() throws IOException {
    Kind kind = files.kind(directory);
    if (kind == Kind.FILE || kind == Kind.OTHER) {
      throw new StoreException(
          root.name() + " must be a directory, but is "
              + (kind == Kind.FILE ? "a file" : "a link or a device") + "; nothing was changed",
          null);
    }
    return root.read(root.resolve("store.json"), 1 << 10);
  }

  private void begin() throws IOException {
    requireOwnNames();
    make();
    makeOwn();
    probe(false);
    Path format = root.resolve("store.json");
    if (!root.put(format, FORMAT_FILE)) {
      requireFormat(requireNonNull(root.read(format, 1 << 10)));
    }
    settle();
  }

  private void makeOwn() {
    for (String own : List.of("tmp", "blobs", "models", "quarantine")) {
      root.create(root.resolve(own));
    }
  }

  private void settle() {
    root.force(directory);
    root.directory(root.resolve("blobs", "sha256"));
  }

  /**
   * Makes the directory and those above it that are absent, each durable before what is made in it.
   *
   * <p>Those that are there as well: another process may have made them and not come so far. Once there is a store.json,
   * somebody has.
   */
  private void make() throws IOException {
    Deque<Path> above = new ArrayDeque<>();
    for (Path path = directory; path != null; path = path.getParent()) {
      above.push(path);
    }
    for (Path path : above) {
      if (files.kind(path) == Kind.NOTHING) {
        try {
          files.createDirectory(path);
        } catch (FileAlreadyExistsException e) {
          // Another process makes the same store.
        }
      }
      Path parent = path.getParent();
      if (parent != null) {
        forceIfAllowed(parent);
      }
    }
  }

  /** A directory that the host may not read is not the host's to make durable. */
  private void forceIfAllowed(Path path) throws IOException {
    try {
      files.forceDirectory(path);
    } catch (AccessDeniedException e) {
      return;
    }
  }

  private void requireOwnNames() {
    for (String found : new TreeSet<>(root.list(directory))) {
      if (!TOP.contains(found)) {
        throw new StoreException(
            root.name() + " must be empty or a store, but has no store.json and holds \""
                + MlopsException.shown(found) + "\"; nothing was changed",
            null);
      }
    }
    if (!root.list(root.resolve("models")).isEmpty()) {
      throw new StoreException(
          root.name() + " has lost its store.json, though it holds models; restore that file from a"
              + " copy of the store; nothing was changed",
          null);
    }
  }

  private void requireFormat(byte[] bytes) {
    long format;
    try {
      format = Json.parse(bytes, 1 << 10).get("format").integer();
    } catch (JsonException e) {
      throw new StoreException(
          root.name() + " has a damaged store.json: " + e.getMessage() + "; nothing was changed",
          e);
    }
    if (format != FORMAT) {
      throw new StoreException(
          root.name() + " was written by store format " + format + ", this release reads 1 to "
              + FORMAT + "; nothing was changed",
          null);
    }
    if (!Arrays.equals(bytes, FORMAT_FILE)) {
      throw new StoreException(
          root.name() + " has a damaged store.json: wanted " + FORMAT_FILE.length + " bytes, "
              + new String(FORMAT_FILE, UTF_8) + ", got " + bytes.length
              + " others; nothing was changed",
          null);
    }
  }

  /**
   * Finds out whether files and links can be made, and sweeps what crashes left behind, by the clock of the file system.
   *
   * @param store whether it is a store already
   */
  private void probe(boolean store) throws IOException {
    Path file = root.resolve("tmp", UUID.randomUUID() + ".tmp");
    try {
      Instant now;
      try (NewFile probe = files.create(file)) {
        probe.write(new byte[] {1});
        now = files.lastModified(file);
      }
      requireLinks(file, store);
      sweep(now);
    } finally {
      root.discard(file);
    }
  }

  private void requireLinks(Path file, boolean store) throws IOException {
    Path link = root.resolve("tmp", UUID.randomUUID() + ".tmp");
    try {
      files.link(file, link);
      files.delete(link);
    } catch (UnsupportedOperationException | IOException e) {
      if (store && e instanceof IOException full) {
        throw full;
      }
      throw new StoreException(
          root.name() + " must be on a file system with hard links, but a link could not be made ("
              + (e instanceof IOException fault ? StoreRoot.reason(fault) : "unsupported")
              + "); nothing was stored",
          e);
    }
  }

  private void sweep(Instant now) throws IOException {
    Path tmp = root.resolve("tmp");
    int removed = 0;
    for (String left : files.list(tmp)) {
      Path path = tmp.resolve(left);
      if (left.endsWith(".tmp") && leftOver(path, now)) {
        root.discard(path);
        removed++;
      }
    }
    swept = removed;
  }

  private boolean leftOver(Path path, Instant now) {
    try {
      return files.kind(path) == Kind.FILE
          && files.lastModified(path).isBefore(now.minus(LEFT_OVER));
    } catch (IOException e) {
      return false; // its owner has just removed it
    }
  }
}
