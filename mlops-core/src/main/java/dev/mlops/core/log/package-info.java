/** Warnings through the System.Logger, once per cause. */
@NullMarked
package dev.mlops.core.log;

import org.jspecify.annotations.NullMarked;
