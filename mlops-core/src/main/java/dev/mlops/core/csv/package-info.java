/** Files of comma-separated values; nothing outside this package loads Commons CSV, which is an optional dependency. */
@NullMarked
package dev.mlops.core.csv;

import org.jspecify.annotations.NullMarked;
