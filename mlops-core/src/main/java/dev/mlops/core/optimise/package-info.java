/** Finds the settings and the kind of a model by trying them: random search, TPE and successive halving. */
@NullMarked
package dev.mlops.core.optimise;

import org.jspecify.annotations.NullMarked;
