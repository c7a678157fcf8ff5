package dev.mlops.examples;

import dev.mlops.api.model.Model;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.environment.EnvironmentCheck;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.tribuo.TribuoRuntime;
import java.nio.file.Path;

/** What runs in the image of {@link Ship}: says what differs here, loads the package and answers its golden examples. */
public final class Answer {
  /**
   * Answers, and exits with 1 if an answer is another than it was.
   *
   * @param args the folder of the package; {@code /models} if absent
   */
  public static void main(String[] args) {
    // region answer
    ModelPackage source = FilePackage.read(Path.of(args.length == 0 ? "/models" : args[0]));
    System.out.println(EnvironmentCheck.of(source).here()); // a Deployment asks it before each load
    Model model = source.deciding(new TribuoRuntime().load(source)); // as served
    int alike = 0;
    for (GoldenExample example : source.examples()) {
      alike += example.matches(model.predict(example.row())) ? 1 : 0;
    }
    // endregion
    System.out.println(source + ": " + alike + " of " + source.examples().size()
        + " golden examples answered as they were");
    System.exit(alike == source.examples().size() && alike > 0 ? 0 : 1);
  }
}
