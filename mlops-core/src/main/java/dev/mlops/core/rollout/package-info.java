/** Takes a candidate from the gate to the alias: the paired shadow. */
@NullMarked
package dev.mlops.core.rollout;

import org.jspecify.annotations.NullMarked;
