package dev.mlops.core.optimise;

import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageDraft;

/** What a package that is made of another one keeps of it, beside its model. */
final class Inherited {
  private Inherited() {}

  /** Settings but for decision thresholds, libraries and environment. */
  static void settings(PackageDraft draft, ModelPackage from) {
    from.configuration().values().forEach((name, value) -> {
      if (DecisionThresholds.isSetting(name)) {
        return;
      }
      if (value instanceof Double number) {
        draft.configuration(name, number);
      } else if (value instanceof Boolean truth) {
        draft.configuration(name, truth);
      } else {
        draft.configuration(name, value.toString());
      }
    });
    from.libraries().forEach(draft::library);
    from.environment().ifPresent(draft::environment);
  }

  /** Where its model comes from. */
  static void provenance(PackageDraft draft, ModelPackage from) {
    from.provenance().values().forEach((name, value) -> {
      if (value instanceof Double number) {
        draft.provenance(name, number);
      } else {
        draft.provenance(name, value.toString());
      }
    });
  }
}
