/** Profiles of columns and scores: bins fixed by the baseline, counted live, merged exactly. */
@NullMarked
package dev.mlops.drift.profile;

import org.jspecify.annotations.NullMarked;
