package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page docs/contracts.md says what is so. */
class ContractTableTest {
  private static final Path ROOT = Path.of(System.getProperty("mlops.root", ".."));

  @Test
  void everyClauseHasATestAndABrokenImplementation() throws IOException {
    assertThat(ContractTable.gaps(ROOT)).isEmpty();
    for (String api : Proofs.INTERFACES) {
      assertThat(ContractTable.clausesOf(ROOT, api)).as(api).isNotEmpty();
    }
  }

  @Test
  void thePageIsTheTable() throws IOException {
    Path page = ROOT.resolve("docs/contracts.md");
    String table = ContractTable.page(ROOT);
    if (Boolean.getBoolean("mlops.docs.write")) {
      Files.writeString(page, table);
    }
    assertThat(page).as("write it with -Dmlops.docs.write=true").hasContent(table);
  }
}
