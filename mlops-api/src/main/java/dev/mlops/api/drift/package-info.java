/**
 * Detectors that watch values or rows and say when what they see has changed.
 *
 * <p>A detector needs nobody: a host feeds it, one value or row at a time, and reads the {@link
 * dev.mlops.api.drift.Level} that comes back; what it has to say about a drift is its {@link
 * dev.mlops.api.drift.Signal}. How often it may raise a false alarm is its parameter ({@link
 * dev.mlops.api.drift.FalseAlarms}).
 *
 * <p>Imports {@code model} and {@code pack}. Read {@link dev.mlops.api.drift.DriftDetector} first; {@code
 * OnlyDriftDetector} shows it alone.
 */
@NullMarked
package dev.mlops.api.drift;

import org.jspecify.annotations.NullMarked;
