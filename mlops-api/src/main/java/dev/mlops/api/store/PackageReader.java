package dev.mlops.api.store;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import java.nio.channels.SeekableByteChannel;

/**
 * How a {@link Registry} makes a package of the bytes that it keeps.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
@FunctionalInterface
public interface PackageReader {
  /**
   * {@return the package that a manifest describes}
   *
   * @param manifest its bytes, verified
   * @param blobs gives the files that it lists; usable as long as the package is
   * @throws dev.mlops.api.pack.PackageFormatException if it is no manifest that this reader knows
   */
  ModelPackage read(byte[] manifest, Blobs blobs);

  /**
   * The blobs of one package.
   *
   * <p>Thread-safe.
   *
   * @since 0.1
   */
  @Beta
  interface Blobs {
    /**
     * {@return the bytes of a small blob, verified}
     *
     * @param blob its digest, of at most 2 GiB
     * @throws dev.mlops.api.pack.PackageIntegrityException if it is missing or damaged, or the package does not have it
     * @throws StoreException if it could not be read
     * @throws IllegalStateException if the store is closed
     */
    byte[] read(Digest blob);

    /**
     * {@return a channel over the bytes of a blob, of which every byte was verified before the first can be read}
     *
     * <p>Reads the blob once for that and holds none of it in memory. The caller closes the channel.
     *
     * @param blob its digest
     * @throws dev.mlops.api.pack.PackageIntegrityException if it is missing or damaged, or the package does not have it
     * @throws StoreException if it could not be read
     * @throws IllegalStateException if the store is closed
     */
    SeekableByteChannel open(Digest blob);
  }
}
