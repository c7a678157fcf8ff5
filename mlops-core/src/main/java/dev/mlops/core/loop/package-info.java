/** The maintenance loop: decide, train, gate, roll out. */
@NullMarked
package dev.mlops.core.loop;

import org.jspecify.annotations.NullMarked;
