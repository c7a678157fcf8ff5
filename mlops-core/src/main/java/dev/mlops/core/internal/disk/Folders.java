package dev.mlops.core.internal.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Set;

/**
 * Makes the names in folders outlive a crash.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Folders {
  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

  private Folders() {}

  /**
   * Returns once the names in a folder are on the device. On Windows it does nothing: there a folder cannot be opened, and the
   * file systems journal their names. An interrupt does not stop it.
   *
   * @param folder to be forced
   * @param opener opens it
   * @throws IOException if the folder cannot be opened or forced
   */
  public static void force(Path folder, ChannelOpener opener) throws IOException {
    if (WINDOWS) {
      return;
    }
    Uninterrupted.run(() -> {
      try (FileChannel channel = opener.open(folder, Set.of(StandardOpenOption.READ))) {
        channel.force(true);
        return folder;
      }
    });
  }
}
