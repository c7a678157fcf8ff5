/** What the hot paths cost next to their peers, and what the promises about false alarms are worth, measured. */
@NullMarked
package dev.mlops.benchmarks;

import org.jspecify.annotations.NullMarked;
