/** One model served under an alias. */
@NullMarked
package dev.mlops.core.serve;

import org.jspecify.annotations.NullMarked;
