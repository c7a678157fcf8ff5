/** Tar files whose bytes depend on what is in them and on nothing else. */
@NullMarked
package dev.mlops.core.internal.tar;

import org.jspecify.annotations.NullMarked;
