/** Plain Java functions as models: the host has the code, the package its parameters. */
@NullMarked
package dev.mlops.core.function;

import org.jspecify.annotations.NullMarked;
