/** Two-sample tests and windows of rows against a baseline. */
@NullMarked
package dev.mlops.drift.batch;

import org.jspecify.annotations.NullMarked;
