package dev.mlops.core.internal.log;

import static java.util.Objects.requireNonNull;

import dev.mlops.core.internal.disk.ChannelOpener;
import dev.mlops.core.internal.disk.Folders;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * What a log needs of a file; tests put faults here.
 *
 * <p>Never a {@link java.nio.channels.FileChannel}: an interrupt of one thread would close it for all.
 */
interface LogFile extends AutoCloseable {
  long length() throws IOException;

  /** {@return how many bytes were read, at least 1; -1 at the end} */
  int read(long position, byte[] into, int offset, int count) throws IOException;

  void write(long position, byte[] bytes) throws IOException;

  void truncate(long length) throws IOException;

  /** Returns once everything written is on the device. */
  void force() throws IOException;

  /** Returns once the name of the file in its directory is on the device. */
  void forceName() throws IOException;

  @Override
  void close() throws IOException;

  /** {@return a file of the default file system, created empty when it is to be written and absent} */
  static LogFile open(Path file, boolean write) throws IOException {
    RandomAccessFile opened = new RandomAccessFile(file.toFile(), write ? "rw" : "r");
    return new LogFile() {
      @Override
      public long length() throws IOException {
        return opened.length();
      }

      @Override
      public int read(long position, byte[] into, int offset, int count) throws IOException {
        opened.seek(position);
        return opened.read(into, offset, count);
      }

      @Override
      public void write(long position, byte[] bytes) throws IOException {
        opened.seek(position);
        opened.write(bytes);
      }

      @Override
      public void truncate(long length) throws IOException {
        opened.setLength(length);
      }

      @Override
      public void force() throws IOException {
        opened.getFD().sync();
      }

      @Override
      public void forceName() throws IOException {
        Folders.force(
            requireNonNull(file.toAbsolutePath().getParent(), "parent"), ChannelOpener.SYSTEM);
      }

      @Override
      public void close() throws IOException {
        opened.close();
      }
    };
  }
}
