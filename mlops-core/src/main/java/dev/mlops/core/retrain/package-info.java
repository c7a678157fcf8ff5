/** Policies that decide when to train again. */
@NullMarked
package dev.mlops.core.retrain;

import org.jspecify.annotations.NullMarked;
