/** Incidents: predictions that turned out unusually wrong, kept so that they can be replayed, explained and never repeated. */
@NullMarked
package dev.mlops.core.incident;

import org.jspecify.annotations.NullMarked;
