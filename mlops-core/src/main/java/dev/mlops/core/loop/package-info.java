/** Decides, trains, gates, shadows and promotes: the loop that keeps a champion good. */
@NullMarked
package dev.mlops.core.loop;

import org.jspecify.annotations.NullMarked;
