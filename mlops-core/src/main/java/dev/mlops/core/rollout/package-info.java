/** Shadow, canary and promotion of a challenger. */
@NullMarked
package dev.mlops.core.rollout;

import org.jspecify.annotations.NullMarked;
