/** Predictions recorded, joined with late truth, and summed up as evidence. */
@NullMarked
package dev.mlops.core.monitor;

import org.jspecify.annotations.NullMarked;
