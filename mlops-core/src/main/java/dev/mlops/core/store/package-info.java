/** Version stores on files and databases. */
@NullMarked
package dev.mlops.core.store;

import org.jspecify.annotations.NullMarked;
