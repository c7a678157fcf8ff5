/** Alert rules and dashboards for the platforms on which people watch their services. */
@NullMarked
package dev.mlops.core.platform;

import org.jspecify.annotations.NullMarked;
