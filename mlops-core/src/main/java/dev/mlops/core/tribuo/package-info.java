/** Tribuo models trained, packaged and read; nothing outside this package loads Tribuo. */
@NullMarked
package dev.mlops.core.tribuo;

import org.jspecify.annotations.NullMarked;
