/** What a package needs, held against where it is about to run. */
@NullMarked
package dev.mlops.core.environment;

import org.jspecify.annotations.NullMarked;
