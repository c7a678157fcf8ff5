/** Forms that packages, evidence and gate reports store alike. */
@NullMarked
package dev.mlops.core.internal.stored;

import org.jspecify.annotations.NullMarked;
