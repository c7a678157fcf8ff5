/** Distributions that batch tests and detectors share; not exported. */
@NullMarked
package dev.mlops.drift.internal;

import org.jspecify.annotations.NullMarked;
