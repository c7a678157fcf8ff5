package dev.mlops.core.pack;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.PackageIntegrityException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of a package's files are.
 *
 * <p>What it gives is verified, so it need not be trusted. It is asked from any thread.
 *
 * @since 0.1
 */
@Beta
@FunctionalInterface
public interface Blobs {
  /**
   * {@return a channel over the bytes of a digest, which the caller closes; null if there are none}
   *
   * @param digest of the bytes
   * @throws IOException if they cannot be opened
   */
  @Nullable
  SeekableByteChannel open(Digest digest) throws IOException;

  /**
   * {@return what is thrown where the bytes that {@link #open} gave are not those of the digest: by default the fault as the
   * package words it}
   *
   * <p>Where they are kept, they may be set aside.
   *
   * @param digest whose bytes are others
   * @param fault names the package, the file, and what was found
   */
  default PackageIntegrityException damaged(Digest digest, PackageIntegrityException fault) {
    return fault;
  }
}
