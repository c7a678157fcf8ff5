package dev.mlops.examples;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionComparison;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.store.FileVersionStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Publishes versions, moves an alias by compare-and-set, reads its history, attaches a document and compares. */
public final class OnlyVersionStore {
  /**
   * Fills a store.
   *
   * @param args the folder; a new temporary one if absent
   * @throws IOException if the temporary folder cannot be made
   */
  public static void main(String[] args) throws IOException {
    Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("store");
    try (VersionStore store = FileVersionStore.open(folder)) {
      Version one = store.publish(orders("first rules"));
      Version two = store.publish(orders("second rules"));
      store
          .move("orders@champion")
          .fromNothing()
          .to(one)
          .by("alice")
          .because("go live")
          .commit();
      // region move
      store
          .move("orders@champion")
          .from(one)
          .to(two)
          .by("release-bot")
          .because("quarterly refresh")
          .commit();
      // endregion
      try {
        store
            .move("orders@champion")
            .from(one)
            .to(two)
            .by("bob")
            .because("too late")
            .commit();
      } catch (AliasConflictException e) {
        System.out.println(e.getMessage());
      }
      for (AliasChange change : store.history("orders@champion")) {
        System.out.println(change);
      }
      System.out.println(store.require("orders@champion") + " serves");
      store.attach(two, "approval.txt", bytes("approved"), "carol", "audit of the new rules");
      System.out.println(VersionComparison.of(store, one, two));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ModelPackage orders(String rules) {
    Schema schema = Schema.of(Column.number("amount")).predicting(Task.CLASSIFICATION);
    return FilePackage.builder("orders", schema)
        .runtime("rules")
        .weights("rules.txt", bytes(rules))
        .build();
  }
}
