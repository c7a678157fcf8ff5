/**
 * What a rollout or a maintenance loop writes down before it takes effect, and where to.
 *
 * <p>A {@link dev.mlops.api.journal.LoopEvent} is one step, typed; a {@link dev.mlops.api.journal.Journal} keeps them. A journal in
 * a file is in core.
 *
 * <p>Imports {@code store} and what that imports. Read {@link dev.mlops.api.journal.LoopEvent} first; {@code LifecycleRun} reads
 * events, {@code OwnLoopPartsTest} shows a journal of a host's own.
 */
@NullMarked
package dev.mlops.api.journal;

import org.jspecify.annotations.NullMarked;
