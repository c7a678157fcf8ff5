/**
 * Versions that never change, aliases that move, and the history of who moved them.
 *
 * <p>Publish a package and get a {@link dev.mlops.api.store.Version}; move an alias such as {@code fraud@champion} by
 * compare-and-set; read the history back. The history of an alias is the only authority for who serves.
 *
 * <p>Imports {@code model} and {@code pack}. Read {@link dev.mlops.api.store.VersionStore} first; {@code
 * OnlyVersionStore} shows it alone.
 */
@NullMarked
package dev.mlops.api.store;

import org.jspecify.annotations.NullMarked;
