/** Classifiers that learn row by row in bounded memory, and what makes versions of them. */
@NullMarked
package dev.mlops.core.adaptive;

import org.jspecify.annotations.NullMarked;
