/** An append-only log of events in one file, and warnings through the System.Logger, once per cause. */
@NullMarked
package dev.mlops.core.internal.log;

import org.jspecify.annotations.NullMarked;
