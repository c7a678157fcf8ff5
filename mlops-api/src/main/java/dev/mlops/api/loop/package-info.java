/**
 * What a maintenance loop writes down, and where to.
 *
 * <p>A {@link dev.mlops.api.loop.LoopEvent} is one step of a loop, typed; a {@link dev.mlops.api.loop.Journal} keeps them. The
 * loop itself and its journal in a file are in core.
 *
 * <p>Imports {@code store} and what that imports. Read {@link dev.mlops.api.loop.LoopEvent} first; {@code LifecycleRun} reads
 * events, {@code OwnLoopPartsTest} shows a journal of a host's own.
 */
@NullMarked
package dev.mlops.api.loop;

import org.jspecify.annotations.NullMarked;
