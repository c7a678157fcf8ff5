/** Streams whose changes are known, and how well detectors find them. */
@NullMarked
package dev.mlops.testkit.streams;

import org.jspecify.annotations.NullMarked;
