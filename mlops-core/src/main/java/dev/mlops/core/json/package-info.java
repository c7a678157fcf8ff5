/** A bounded, strict JSON reader and a canonical writer. */
@NullMarked
package dev.mlops.core.json;

import org.jspecify.annotations.NullMarked;
