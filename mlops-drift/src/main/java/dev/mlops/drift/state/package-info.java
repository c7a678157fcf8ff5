/** The bytes in which detectors keep what they remember; not exported. */
@NullMarked
package dev.mlops.drift.state;

import org.jspecify.annotations.NullMarked;
