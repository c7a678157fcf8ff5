package dev.mlops.api.store;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageIntegrityException;
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
     * @throws PackageIntegrityException if it is missing or damaged, or the package does not have it
     * @throws StoreException if it could not be read
     * @throws IllegalStateException if the store is closed
     */
    byte[] read(Digest blob);

    /**
     * {@return a channel over the bytes of a blob as they are stored}
     *
     * <p>They are not verified: a package compares them with the digest before it gives the first of them to anybody, and throws
     * what {@link #damaged} gives where they are others. So the store does not hash them before the package does. The caller closes
     * the channel.
     *
     * @param blob its digest
     * @throws PackageIntegrityException if it is missing, or the package does not have it
     * @throws StoreException if it could not be read
     * @throws IllegalStateException if the store is closed
     */
    SeekableByteChannel open(Digest blob);

    /**
     * Looks at the bytes of a blob that a package found to be others, and sets them aside if they are.
     *
     * @param blob its digest
     * @param fault what the package would throw
     * @return what it throws: where the store finds the same, a fault that says where the bytes are and how to restore them
     */
    PackageIntegrityException damaged(Digest blob, PackageIntegrityException fault);
  }
}
