/** Judges a candidate before it comes near traffic. */
@NullMarked
package dev.mlops.core.gate;

import org.jspecify.annotations.NullMarked;
