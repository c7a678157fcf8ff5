package dev.mlops.core.internal.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;

/**
 * A channel that only reads, with a position of its own.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public abstract class ReadOnlyChannel implements SeekableByteChannel {
  private long position;

  /** A channel at its first byte. */
  protected ReadOnlyChannel() {}

  /**
   * {@return how many bytes were read; -1 if the position is at the end or behind it}
   *
   * @param from where they begin, at least 0
   * @param target gets them; its own position is moved
   * @throws IOException if they cannot be read
   */
  protected abstract int readAt(long from, ByteBuffer target) throws IOException;

  /**
   * {@return how many bytes there are}
   *
   * @throws IOException if that cannot be told
   */
  protected abstract long length() throws IOException;

  @Override
  public final int read(ByteBuffer target) throws IOException {
    requireOpen();
    int count = readAt(position, target);
    position += Math.max(0, count);
    return count;
  }

  @Override
  public final long position() throws IOException {
    requireOpen();
    return position;
  }

  @Override
  public final SeekableByteChannel position(long next) throws IOException {
    requireOpen();
    if (next < 0) {
      throw new IllegalArgumentException("position must be >= 0, but was " + next);
    }
    position = next;
    return this;
  }

  @Override
  public final long size() throws IOException {
    requireOpen();
    return length();
  }

  private void requireOpen() throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public final int write(ByteBuffer bytes) {
    throw new NonWritableChannelException();
  }

  @Override
  public final SeekableByteChannel truncate(long size) {
    throw new NonWritableChannelException();
  }

  /**
   * Reads until a buffer is full or a channel ends, since a channel may give fewer bytes than there is room for.
   *
   * @param source where it stands
   * @param target gets the bytes
   * @throws IOException if they cannot be read
   */
  public static void fill(ReadableByteChannel source, ByteBuffer target) throws IOException {
    int count = 0;
    while (count >= 0 && target.hasRemaining()) {
      count = source.read(target);
    }
  }
}
