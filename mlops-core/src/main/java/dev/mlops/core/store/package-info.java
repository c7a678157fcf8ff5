/** The version store on files. */
@NullMarked
package dev.mlops.core.store;

import org.jspecify.annotations.NullMarked;
