package dev.mlops.core.pack;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A channel over bytes that can be streamed again and again: forward it skips, backward it begins anew.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class StreamChannel implements SeekableByteChannel {
  private final Supplier<InputStream> streams;
  private final long size;
  private @Nullable InputStream stream;
  /** Where the stream stands. */
  private long reached;

  private long position;
  private boolean closed;

  StreamChannel(Supplier<InputStream> streams, long size) {
    this.streams = streams;
    this.size = size;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    InputStream in = at(position);
    int wanted = target.remaining();
    int count;
    if (target.hasArray()) {
      count = in.read(target.array(), target.arrayOffset() + target.position(), wanted);
      target.position(target.position() + Math.max(0, count));
    } else {
      byte[] some = new byte[Math.min(wanted, 1 << 16)];
      count = in.read(some);
      target.put(some, 0, Math.max(0, count));
    }
    reached += Math.max(0, count);
    position += Math.max(0, count);
    return count;
  }

  private InputStream at(long wanted) throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    InputStream in = stream;
    if (in == null || wanted < reached) {
      if (in != null) {
        in.close();
      }
      in = streams.get();
      stream = in;
      reached = 0;
    }
    while (reached < wanted) {
      long skipped = in.skip(wanted - reached);
      if (skipped <= 0) {
        if (in.read() < 0) {
          break; // beyond the end there is nothing to read
        }
        skipped = 1;
      }
      reached += skipped;
    }
    return in;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public SeekableByteChannel position(long newPosition) {
    position = newPosition;
    return this;
  }

  @Override
  public long size() {
    return size;
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
    return !closed;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    if (stream != null) {
      stream.close();
    }
  }
}
