/** Contracts, fakes, faults and simulators for tests of what a host implements or wires. */
@NullMarked
package dev.mlops.testkit;

import org.jspecify.annotations.NullMarked;
