package dev.mlops.core.internal.tar;

import dev.mlops.core.internal.disk.ReadOnlyChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;

/**
 * A part of a file as a channel of its own, which owns that of the whole.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class Slice extends ReadOnlyChannel {
  private final SeekableByteChannel whole;
  private final long start;
  private final long size;

  /**
   * Takes a part.
   *
   * @param whole closed with this
   * @param start its first byte
   * @param size how many bytes
   */
  public Slice(SeekableByteChannel whole, long start, long size) {
    this.whole = whole;
    this.start = start;
    this.size = size;
  }

  @Override
  protected int readAt(long from, ByteBuffer target) throws IOException {
    if (from >= size) {
      return -1;
    }
    int room = (int) Math.min(target.remaining(), size - from);
    ByteBuffer part = target.duplicate().limit(target.position() + room);
    whole.position(start + from);
    int count = whole.read(part);
    if (count > 0) {
      target.position(target.position() + count);
    }
    return count;
  }

  @Override
  protected long length() {
    return size;
  }

  @Override
  public boolean isOpen() {
    return whole.isOpen();
  }

  @Override
  public void close() throws IOException {
    whole.close();
  }
}
