package dev.mlops.core.store;

import dev.mlops.api.pack.ModelPackage;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Files in memory that fail or crash at the operation that a test names, and that lose on a power cut whatever was not
 * forced: the data of a file and the names in a directory, each on its own.
 */
final class FaultyFiles implements StoreFiles {
  /** What a process that was killed unwinds by. */
  static final class Crash extends Error {
    Crash() {
      super("killed", null, false, false);
    }
  }

  /** When the fault comes: before the operation is made, or after. */
  enum When {
    BEFORE,
    AFTER
  }

  private static final class Node {
    final boolean directory;
    byte[] bytes = new byte[0];
    byte[] forcedBytes = new byte[0];
    Map<String, Node> names = new TreeMap<>();
    Map<String, Node> forcedNames = new TreeMap<>();
    Instant modified = Instant.EPOCH;

    Node(boolean directory) {
      this.directory = directory;
    }
  }

  private final Node top = new Node(true);
  private final Path mount;
  Instant now = Instant.parse("2026-01-01T00:00:00Z");

  /** Operations and forces counted since {@link #calm()}. */
  int operations;

  int forces;
  final List<String> trace = new ArrayList<>();

  /** Told of each operation before it is made, as {@link #trace} names it: what another process does just then. */
  Consumer<String> meanwhile = operation -> {};

  private int failAt = -1;
  private int crashAt = -1;
  private int skipForce = -1;
  private When when = When.BEFORE;
  private boolean dead;
  boolean links = true;

  /** Whether nothing may be written, as on a disk that is mounted for reading. */
  boolean refused;

  /** Whether the file system is mounted for reading; what it says is not {@link AccessDeniedException}. */
  boolean readOnly;

  /** {@return whether an operation, as {@link #trace} names it, changes files} */
  static boolean writes(String operation) {
    return !operation.startsWith("kind ")
        && !operation.startsWith("list ")
        && !operation.startsWith("read ")
        && !operation.startsWith("lastModified ");
  }

  /** Whether no byte more has a place; names have. */
  boolean full;

  FaultyFiles(Path mount) {
    this.mount = mount;
  }

  void calm() {
    operations = 0;
    forces = 0;
    failAt = -1;
    crashAt = -1;
    skipForce = -1;
    dead = false;
    trace.clear();
  }

  void failAt(int operation, When when) {
    calm();
    this.failAt = operation;
    this.when = when;
  }

  void crashAt(int operation, When when) {
    calm();
    this.crashAt = operation;
    this.when = when;
  }

  /** Answers the k-th force from now on without making it, as a mutation would. */
  void skipForce(int k) {
    calm();
    this.skipForce = k;
  }

  /** The machine loses power and comes back. */
  void powerCut() {
    lose(top);
    calm();
  }

  private static void lose(Node node) {
    node.bytes = node.forcedBytes;
    node.names = new TreeMap<>(node.forcedNames);
    node.names.values().forEach(FaultyFiles::lose);
  }

  private void before(String what, Path path) throws IOException {
    if (dead) {
      throw new Crash();
    }
    String operation = what + " " + mount.relativize(path);
    meanwhile.accept(operation);
    trace.add(operation);
    operations++;
    if (readOnly && writes(operation)) {
      throw new FileSystemException(path.toString(), null, "Read-only file system");
    }
    fault(When.BEFORE);
  }

  private void after() throws IOException {
    fault(When.AFTER);
  }

  private void fault(When moment) throws IOException {
    if (moment == when && operations - 1 == crashAt) {
      dead = true;
      throw new Crash();
    }
    if (moment == when && operations - 1 == failAt) {
      failAt = -1;
      throw new IOException("No space left on device");
    }
  }

  private Node node(Path path) throws NoSuchFileException {
    Node found = find(path);
    if (found == null) {
      throw new NoSuchFileException(path.toString());
    }
    return found;
  }

  private @Nullable Node find(Path path) {
    if (!path.startsWith(mount)) {
      throw new AssertionError(path + " is outside " + mount);
    }
    Node node = top;
    if (!path.equals(mount)) {
      for (Path name : mount.relativize(path)) {
        node = node == null ? null : node.names.get(name.toString());
      }
    }
    return node;
  }

  private void enter(Path path, Node node) throws IOException {
    if (node(path.getParent()).names.putIfAbsent(path.getFileName().toString(), node) != null) {
      throw new FileAlreadyExistsException(path.toString());
    }
  }

  @Override
  public Kind kind(Path path) throws IOException {
    if (mount.startsWith(path)) {
      return Kind.DIRECTORY;
    }
    before("kind", path);
    try {
      Node found = find(path);
      return found == null ? Kind.NOTHING : found.directory ? Kind.DIRECTORY : Kind.FILE;
    } finally {
      after();
    }
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    before("list", directory);
    try {
      return List.copyOf(node(directory).names.keySet());
    } finally {
      after();
    }
  }

  @Override
  public byte[] read(Path file, int atMost) throws IOException {
    before("read", file);
    try {
      byte[] bytes = node(file).bytes;
      return Arrays.copyOf(bytes, (int) Math.min(bytes.length, atMost + 1L));
    } finally {
      after();
    }
  }

  @Override
  public SeekableByteChannel open(Path file) throws IOException {
    before("read", file);
    try {
      return ModelPackage.channel(node(file).bytes);
    } finally {
      after();
    }
  }

  @Override
  public Instant lastModified(Path file) throws IOException {
    before("lastModified", file);
    try {
      return node(file).modified;
    } finally {
      after();
    }
  }

  @Override
  public NewFile create(Path file) throws IOException {
    before("create", file);
    Node created = new Node(false);
    try {
      if (refused) {
        throw new AccessDeniedException(file.toString());
      }
      created.modified = now;
      enter(file, created);
    } finally {
      after();
    }
    return new NewFile() {
      @Override
      public void write(byte[] bytes) throws IOException {
        byte[] whole = Arrays.copyOf(created.bytes, created.bytes.length + bytes.length);
        System.arraycopy(bytes, 0, whole, created.bytes.length, bytes.length);
        // A write that fails has come half way.
        created.bytes = Arrays.copyOf(whole, whole.length - bytes.length / 2);
        before("write", file);
        try {
          if (full) {
            throw new IOException("No space left on device");
          }
          created.bytes = whole;
        } finally {
          after();
        }
      }

      @Override
      public void force() throws IOException {
        before("force", file);
        try {
          if (forces++ != skipForce) {
            created.forcedBytes = created.bytes;
          }
        } finally {
          after();
        }
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void link(Path file, Path name) throws IOException {
    before("link", name);
    try {
      if (!links) {
        throw new UnsupportedOperationException();
      }
      enter(name, node(file));
    } finally {
      after();
    }
  }

  @Override
  public void rename(Path file, Path name) throws IOException {
    before("rename", name);
    try {
      enter(name, node(file));
      node(file.getParent()).names.remove(file.getFileName().toString());
    } finally {
      after();
    }
  }

  @Override
  public void delete(Path file) throws IOException {
    before("delete", file);
    try {
      node(file);
      node(file.getParent()).names.remove(file.getFileName().toString());
    } finally {
      after();
    }
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    if (mount.startsWith(directory)) {
      throw new FileAlreadyExistsException(directory.toString());
    }
    before("mkdir", directory);
    try {
      enter(directory, new Node(true));
    } finally {
      after();
    }
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    if (!directory.startsWith(mount)) {
      return;
    }
    before("forceDirectory", directory);
    try {
      if (forces++ != skipForce) {
        Node node = node(directory);
        node.forcedNames = new TreeMap<>(node.names);
      }
    } finally {
      after();
    }
  }

  /** Bytes put where they do not belong, durable at once. */
  void plant(Path file, byte[] bytes) throws IOException {
    Node node = find(file);
    if (node == null) {
      node = new Node(false);
      enter(file, node);
      node(file.getParent()).forcedNames.put(file.getFileName().toString(), node);
    }
    node.modified = now;
    node.bytes = bytes.clone();
    node.forcedBytes = node.bytes;
  }
}
