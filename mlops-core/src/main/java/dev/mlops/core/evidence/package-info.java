/** What is known about a model, as JSON for dashboards, tickets and archives. */
@NullMarked
package dev.mlops.core.evidence;

import org.jspecify.annotations.NullMarked;
