package dev.mlops.examples;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.List;

/** Labelled rows in the order in which they came. */
record Stream(String name, Schema schema, List<Labelled<Row>> rows) {}
