package dev.mlops.core.internal.tar;

/**
 * Says in words what is missing where the library that reads and writes tars is not there: it is optional.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class CommonsCompress {
  private static final String ENTRY =
      "org.apache.commons.compress.archivers.tar.TarArchiveOutputStream";

  private CommonsCompress() {}

  /**
   * Refuses to begin what would end in a class that is not found.
   *
   * @param what needs it, such as {@code a package archive}
   * @throws IllegalStateException if the library is not on the class path
   */
  public static void require(String what) {
    require(what, CommonsCompress.class.getClassLoader());
  }

  static void require(String what, ClassLoader loader) {
    try {
      Class.forName(ENTRY, false, loader);
    } catch (ClassNotFoundException | LinkageError e) {
      throw new IllegalStateException(
          what + " needs org.apache.commons:commons-compress on the class path, which mlops-core"
              + " declares as optional; add it. Nothing was read or written",
          e);
    }
  }
}
