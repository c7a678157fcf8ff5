package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.core.store.StoreFiles.Kind;
import dev.mlops.core.store.StoreFiles.NewFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskFilesTest {
  @TempDir
  Path folder;

  private final List<String> forced = new ArrayList<>();
  private boolean interruptNext;

  private final DiskFiles files = new DiskFiles((file, options) ->
      new Watched(folder.relativize(file).toString(), FileChannel.open(file, options)));

  @Test
  void forcingAFileAndADirectoryReachesTheDevice() throws IOException {
    try (NewFile file = files.create(folder.resolve("a"))) {
      file.write("one ".getBytes(UTF_8));
      file.write("two".getBytes(UTF_8));
      assertThat(forced).isEmpty();
      file.force();
    }
    files.createDirectory(folder.resolve("d"));
    files.forceDirectory(folder.resolve("d"));

    assertThat(forced).containsExactly("a with metadata", "d with metadata");
    assertThat(Files.readString(folder.resolve("a"))).isEqualTo("one two");
  }

  @Test
  void anInterruptIsKeptForLater() throws IOException {
    Thread.currentThread().interrupt();
    try (NewFile file = files.create(folder.resolve("a"))) {
      file.write("one".getBytes(UTF_8));
      interruptNext = true;
      file.force();
    }
    assertThat(Thread.interrupted()).isTrue();

    interruptNext = true;
    files.forceDirectory(folder);
    assertThat(Thread.interrupted()).isTrue();

    Thread.currentThread().interrupt();
    assertThat(files.read(folder.resolve("a"), 10)).isEqualTo("one".getBytes(UTF_8));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(forced).contains("a with metadata", " with metadata");
  }

  @Test
  void aLinkNeverReplacesAnything() throws IOException {
    Files.writeString(folder.resolve("a"), "new");
    Files.writeString(folder.resolve("b"), "old");

    assertThatThrownBy(() -> files.link(folder.resolve("a"), folder.resolve("b")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> files.create(folder.resolve("b")))
        .isInstanceOf(FileAlreadyExistsException.class);

    assertThat(Files.readString(folder.resolve("b"))).isEqualTo("old");
  }

  @Test
  void readsNoMoreThanAskedForAndFollowsNoLink() throws IOException {
    Files.write(folder.resolve("a"), new byte[1_000]);
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("a"));
    Files.createSymbolicLink(folder.resolve("there"), folder);

    assertThat(files.read(folder.resolve("a"), 1_000)).hasSize(1_000);
    assertThat(files.read(folder.resolve("a"), 10)).hasSize(11);
    assertThatThrownBy(() -> files.read(folder.resolve("link"), 10))
        .isInstanceOf(FileSystemException.class);
    assertThatThrownBy(() -> files.list(folder.resolve("there")))
        .isInstanceOf(FileSystemException.class);
    assertThatThrownBy(() -> files.read(folder.resolve("absent"), 10))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(files.kind(folder.resolve("link"))).isEqualTo(Kind.OTHER);
    assertThat(files.kind(folder.resolve("a"))).isEqualTo(Kind.FILE);
    assertThat(files.kind(folder)).isEqualTo(Kind.DIRECTORY);
    assertThat(files.kind(folder.resolve("absent"))).isEqualTo(Kind.NOTHING);
  }

  /** A channel that writes down when it is forced, and can have its thread interrupted then. */
  private final class Watched extends FileChannel {
    private final String name;
    private final FileChannel channel;

    Watched(String name, FileChannel channel) {
      this.name = name;
      this.channel = channel;
    }

    @Override
    public void force(boolean metadata) throws IOException {
      if (interruptNext) {
        interruptNext = false;
        Thread.currentThread().interrupt();
        try {
          channel.force(metadata);
        } finally {
          implCloseChannel();
          close();
        }
      }
      channel.force(metadata);
      forced.add(name + (metadata ? " with metadata" : ""));
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return channel.read(into);
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) throws IOException {
      return channel.read(into, offset, length);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return channel.write(from);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
      return channel.write(from, offset, length);
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
      channel.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      channel.truncate(size);
      return this;
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel to) throws IOException {
      return channel.transferTo(position, count, to);
    }

    @Override
    public long transferFrom(ReadableByteChannel from, long position, long count)
        throws IOException {
      return channel.transferFrom(from, position, count);
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return channel.read(into, position);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
      return channel.write(from, position);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
      return channel.map(mode, position, size);
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
      return channel.lock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return channel.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      channel.close();
    }
  }
}
