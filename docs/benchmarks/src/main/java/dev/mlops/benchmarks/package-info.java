/** What the hot paths cost, next to their peers. */
@NullMarked
package dev.mlops.benchmarks;

import org.jspecify.annotations.NullMarked;
