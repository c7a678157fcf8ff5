/** What the tests of all packages share. */
@NullMarked
package dev.mlops.drift;

import org.jspecify.annotations.NullMarked;
