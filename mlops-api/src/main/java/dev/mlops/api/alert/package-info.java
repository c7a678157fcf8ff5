/**
 * Alerts: what a rule waits for, and where its events go.
 *
 * <p>An {@link dev.mlops.api.alert.AlertRule} is a condition with its timing; the engine that evaluates it is in {@code
 * dev.mlops.core.alert}; a host implements {@link dev.mlops.api.alert.AlertSink}.
 *
 * <p>Imports {@code monitor} and what that imports. Read {@link dev.mlops.api.alert.AlertRule} first.
 */
@NullMarked
package dev.mlops.api.alert;

import org.jspecify.annotations.NullMarked;
