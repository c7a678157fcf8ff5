package dev.mlops.core.pack;

import dev.mlops.testkit.PackageContents;

/** Puts the contents of a contract test into a builder. */
public final class PackageFilling {
  private PackageFilling() {}

  /** All but weights and examples, whose order and kind the caller chooses. */
  public static FilePackage.Builder fill(FilePackage.Builder builder, PackageContents contents) {
    contents.documents().forEach(builder::document);
    contents.others().forEach((name, bytes) -> builder.file(name, PackageContents.OTHER, bytes));
    contents.baseline().ifPresent(builder::baseline);
    builder.libraries(contents.libraries());
    contents.environment().ifPresent(builder::environment);
    contents.calibration().ifPresent(builder::calibration);
    contents.configuration().values().forEach((name, value) -> {
      if (value instanceof String text) {
        builder.configuration(name, text);
      } else if (value instanceof Double number) {
        builder.configuration(name, number);
      } else {
        builder.configuration(name, (Boolean) value);
      }
    });
    contents.provenance().values().forEach((name, value) -> {
      if (value instanceof Double number) {
        builder.provenance(name, number);
      } else {
        builder.provenance(name, value.toString());
      }
    });
    return builder;
  }
}
