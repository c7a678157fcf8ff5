/**
 * A model as one immutable, content-addressed bundle: weights, schema, libraries, configuration, documents and the
 * numbers of its test phase.
 *
 * <p>A {@link dev.mlops.api.pack.ModelTrainer} makes a {@link dev.mlops.api.pack.ModelPackage}, a version store keeps it,
 * a {@link dev.mlops.api.pack.ModelRuntime} turns it back into a model. The {@link dev.mlops.api.pack.Baseline} inside is
 * what every monitor, detector, alert, gate and policy compares with.
 *
 * <p>Imports {@code model}. Read {@link dev.mlops.api.pack.ModelPackage} first; {@code OnlyModelPackage} shows it alone.
 */
@NullMarked
package dev.mlops.api.pack;

import org.jspecify.annotations.NullMarked;
