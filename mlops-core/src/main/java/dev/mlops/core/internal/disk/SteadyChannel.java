package dev.mlops.core.internal.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;

/**
 * Reads a file that is not a link. An interrupt of the thread that reads does not end it: the file is opened again, and the
 * thread finds itself interrupted afterwards.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class SteadyChannel extends ReadOnlyChannel {
  private static final Set<OpenOption> READ =
      Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

  private final ChannelOpener opener;
  private final Path file;
  private FileChannel channel;
  private boolean closed;

  private SteadyChannel(Path file, ChannelOpener opener) throws IOException {
    this.opener = opener;
    this.file = file;
    this.channel = Uninterrupted.run(() -> opener.open(file, READ));
  }

  /**
   * {@return a channel at the first byte of a file; the caller closes it}
   *
   * @param file not a link, a folder or a device: the caller has looked
   * @param opener opens it, again after each interrupt
   * @throws IOException if it cannot be opened
   */
  public static SteadyChannel open(Path file, ChannelOpener opener) throws IOException {
    return new SteadyChannel(file, opener);
  }

  /**
   * {@return the bytes of a small file; the first {@code atMost} + 1 if it has more than {@code atMost}}
   *
   * @param file not a link, a folder or a device: the caller has looked
   * @param atMost at least 0, below the largest {@code int}
   * @param opener opens it, again after each interrupt
   * @throws IOException if it cannot be read
   */
  public static byte[] read(Path file, int atMost, ChannelOpener opener) throws IOException {
    try (SteadyChannel channel = open(file, opener)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(channel.size(), atMost) + 1);
      fill(channel, bytes);
      return Arrays.copyOf(bytes.array(), bytes.position());
    }
  }

  private FileChannel channel() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (!channel.isOpen()) {
      channel = opener.open(file, READ);
    }
    return channel;
  }

  @Override
  protected int readAt(long from, ByteBuffer target) throws IOException {
    return Uninterrupted.run(() -> channel().read(target, from));
  }

  @Override
  protected long length() throws IOException {
    return Uninterrupted.run(() -> channel().size());
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    channel.close();
  }
}
