/**
 * Records predictions and late truth, and turns them into one snapshot that decisions read.
 *
 * <p>A {@link dev.mlops.api.monitor.Recorder} takes predictions on the request path, {@link
 * dev.mlops.api.monitor.MetricsMonitor} joins what turned out right, and {@link dev.mlops.api.monitor.Evidence} is what
 * alerts, gates and retrain policies read. {@link dev.mlops.api.monitor.Signals} is the grammar of what they ask.
 *
 * <p>Imports {@code model}, {@code pack}, {@code store} and {@code drift}. Read {@link
 * dev.mlops.api.monitor.MetricsMonitor} first; {@code OnlyMetricsMonitor} shows it alone.
 */
@NullMarked
package dev.mlops.api.monitor;

import org.jspecify.annotations.NullMarked;
