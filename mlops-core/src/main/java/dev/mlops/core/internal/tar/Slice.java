package dev.mlops.core.internal.tar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/**
 * A part of a file as a channel of its own, which owns that of the whole.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class Slice implements SeekableByteChannel {
  private final SeekableByteChannel whole;
  private final long start;
  private final long size;
  private long position;

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
  public int read(ByteBuffer target) throws IOException {
    requireOpen();
    if (position >= size) {
      return -1;
    }
    int room = (int) Math.min(target.remaining(), size - position);
    ByteBuffer part = target.duplicate().limit(target.position() + room);
    whole.position(start + position);
    int count = whole.read(part);
    if (count > 0) {
      target.position(target.position() + count);
      position += count;
    }
    return count;
  }

  @Override
  public long position() throws IOException {
    requireOpen();
    return position;
  }

  @Override
  public SeekableByteChannel position(long newPosition) throws IOException {
    requireOpen();
    if (newPosition < 0) {
      throw new IllegalArgumentException("position must be >= 0, but was " + newPosition);
    }
    position = newPosition;
    return this;
  }

  @Override
  public long size() throws IOException {
    requireOpen();
    return size;
  }

  private void requireOpen() throws IOException {
    if (!whole.isOpen()) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public int write(ByteBuffer bytes) {
    throw new NonWritableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long newSize) {
    throw new NonWritableChannelException();
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
