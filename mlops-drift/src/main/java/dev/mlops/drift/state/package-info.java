/** The bytes in which detectors, a host's too, keep what they remember. */
@NullMarked
package dev.mlops.drift.state;

import org.jspecify.annotations.NullMarked;
