package dev.mlops.core.internal.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Set;

/**
 * Opens channels on files: {@link #SYSTEM}, or what a test puts in its place to see or break what is done with them.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface ChannelOpener {
  /** The file system that a path belongs to. */
  ChannelOpener SYSTEM = (file, options) -> FileChannel.open(file, options);

  /**
   * {@return an open channel; the caller closes it}
   *
   * @param file a file or, to force its names, a folder
   * @param options as those of {@link FileChannel#open}
   * @throws IOException if the file system does not open it
   */
  FileChannel open(Path file, Set<? extends OpenOption> options) throws IOException;
}
