package dev.mlops.testkit;

/**
 * One implementation that breaks one clause.
 *
 * @param <F> how an implementation is made
 * @param clause the clause that it breaks
 * @param how what it does wrong
 * @param factory makes it
 */
record Broken<F>(String clause, String how, F factory) {}
