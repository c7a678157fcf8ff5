/** The one net under code of a host that is asked a question. */
@NullMarked
package dev.mlops.core.internal.guard;

import org.jspecify.annotations.NullMarked;
