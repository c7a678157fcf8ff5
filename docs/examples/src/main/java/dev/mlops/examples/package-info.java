/** The programs that the documentation quotes. */
@NullMarked
package dev.mlops.examples;

import org.jspecify.annotations.NullMarked;
