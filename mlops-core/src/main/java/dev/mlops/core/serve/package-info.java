/** Serves one model from an alias of a version store, monitored, and swaps it without a request noticing. */
@NullMarked
package dev.mlops.core.serve;

import org.jspecify.annotations.NullMarked;
