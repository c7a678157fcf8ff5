/** The one net under code of a host: what it answers to a question, and what it made. */
@NullMarked
package dev.mlops.core.internal.guard;

import org.jspecify.annotations.NullMarked;
