/** What packages, stores and logs ask of a file system alike. */
@NullMarked
package dev.mlops.core.internal.disk;

import org.jspecify.annotations.NullMarked;
