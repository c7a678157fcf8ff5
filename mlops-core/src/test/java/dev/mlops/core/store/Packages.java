package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.pack.FilePackage;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Packages for tests: documents that all share, weights of their own. */
final class Packages {
  private static final Map<String, ModelPackage> MADE = new ConcurrentHashMap<>();

  private static final byte[] SAME = "# the same for all\n".getBytes(UTF_8);

  private Packages() {}

  static ModelPackage of(String model, int variant) {
    return MADE.computeIfAbsent(model + variant, name -> make(model, variant));
  }

  private static ModelPackage make(String model, int variant) {
    Schema schema = Schema.of(Column.number("amount")).predicting(Task.REGRESSION);
    return FilePackage.builder(model, schema)
        .runtime("none")
        .weights("weights.bin", ("weights of " + model + " " + variant).getBytes(UTF_8))
        .document("card.md", SAME)
        .document(ModelPackage.MODEL_CARD, SAME)
        .document(ModelPackage.SBOM, SAME)
        .build();
  }
}
