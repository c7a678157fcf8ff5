/**
 * Rows in, predictions out: the values that every other part speaks in.
 *
 * <p>A host describes its input once with a {@link dev.mlops.api.model.RowBinding}, which gives a {@link
 * dev.mlops.api.model.Schema} and turns the host's own type into a {@link dev.mlops.api.model.Row}. A {@link
 * dev.mlops.api.model.Model} turns a row into a {@link dev.mlops.api.model.Prediction}; what turned out right, often
 * much later, is a {@link dev.mlops.api.model.Truth}. Nothing here knows a machine-learning library, does I/O, starts a
 * thread or reads a clock.
 *
 * <p>This package imports no other package of ours; every other one may import it. Read {@link
 * dev.mlops.api.model.RowBinding} first; the programs {@code Hello} and {@code OnlyMetricsMonitor} show it in use.
 */
@NullMarked
package dev.mlops.api.model;

import org.jspecify.annotations.NullMarked;
