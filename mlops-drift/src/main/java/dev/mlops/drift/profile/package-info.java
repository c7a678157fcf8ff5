/** Baselines of columns and quality, and the quality of a window of predictions with its uncertainty. */
@NullMarked
package dev.mlops.drift.profile;

import org.jspecify.annotations.NullMarked;
