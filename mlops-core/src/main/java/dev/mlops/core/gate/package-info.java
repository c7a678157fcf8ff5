/** Questions a candidate answers before it sees traffic. */
@NullMarked
package dev.mlops.core.gate;

import org.jspecify.annotations.NullMarked;
