/**
 * A strict JSON reader and a canonical writer for what this library stores; not API, it may change in any release.
 */
@NullMarked
package dev.mlops.core.internal.json;

import org.jspecify.annotations.NullMarked;
