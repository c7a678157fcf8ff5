/** Packages written, verified and read. */
@NullMarked
package dev.mlops.core.pack;

import org.jspecify.annotations.NullMarked;
