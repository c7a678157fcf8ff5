package dev.mlops.core.internal.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/** The file of a log on a disk that is full whenever a test says so: what is written then comes half way. */
public final class SmallDisk {
  private SmallDisk() {}

  /**
   * {@return a log that can only be appended to while there is space}
   *
   * @param file the log
   * @param full asked before each write
   */
  public static EventLog open(Path file, BooleanSupplier full) {
    return EventLog.open(file, (path, write) -> new Full(LogFile.open(path, write), full));
  }

  private record Full(LogFile behind, BooleanSupplier full) implements LogFile {
    @Override
    public long length() throws IOException {
      return behind.length();
    }

    @Override
    public int read(long position, byte[] into, int offset, int count) throws IOException {
      return behind.read(position, into, offset, count);
    }

    @Override
    public void write(long position, byte[] bytes) throws IOException {
      if (full.getAsBoolean()) {
        behind.write(position, Arrays.copyOf(bytes, bytes.length / 2));
        throw new IOException("No space left on device");
      }
      behind.write(position, bytes);
    }

    @Override
    public void truncate(long length) throws IOException {
      behind.truncate(length);
    }

    @Override
    public void force() throws IOException {
      behind.force();
    }

    @Override
    public void forceName() throws IOException {
      behind.forceName();
    }

    @Override
    public void close() throws IOException {
      behind.close();
    }
  }
}
