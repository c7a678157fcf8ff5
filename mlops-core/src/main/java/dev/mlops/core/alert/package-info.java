/** Alert rules evaluated and delivered. */
@NullMarked
package dev.mlops.core.alert;

import org.jspecify.annotations.NullMarked;
