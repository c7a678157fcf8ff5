package dev.mlops.testkit;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The clauses of the interfaces, read from their Javadoc, beside the tests and broken implementations that prove them. */
final class ContractTable {
  static final List<Class<?>> CONTRACTS = List.of(
      ModelPackageContract.class,
      ModelRuntimeContract.class,
      AdaptiveModelContract.class,
      VersionStoreContract.class,
      StoreBackendContract.class,
      CoordinationContract.class,
      MetricsMonitorContract.class,
      DriftDetectorContract.class,
      ValueDetectorContract.class,
      VectorDetectorContract.class,
      RowDetectorContract.class,
      StatefulDetectorContract.class,
      RetrainPolicyContract.class,
      RolloutPlanContract.class,
      JournalContract.class,
      AlertSinkContract.class);

  private static final Pattern ITEM = Pattern.compile("<li>(.*?)(?=<li>|</ol>)", Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("<b>(\\w+)</b>");

  private ContractTable() {}

  /** The clause that a test is of: its name up to the first underscore. */
  static String clauseOf(String test) {
    return test.contains("_") ? test.substring(0, test.indexOf('_')) : test;
  }

  /** The tests that a contract declares itself, in parts that are not public too. */
  static List<String> testsOf(Class<?> contract) {
    return tests(contract).map(Method::getName).sorted().toList();
  }

  /** The tests of a contract and of its superclasses up to the next public one, which is a contract of its own. */
  private static Stream<Method> tests(Class<?> contract) {
    Stream<Method> own = Arrays.stream(contract.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Test.class));
    Class<?> above = contract.getSuperclass();
    return above == null || Modifier.isPublic(above.getModifiers())
        ? own
        : Stream.concat(own, tests(above));
  }

  /** The sentences of an interface, by the name of the clause. */
  static Map<String, String> clausesOf(Path root, String api) throws IOException {
    String source =
        Files.readString(root.resolve("mlops-api/src/main/java/dev/mlops/api/" + api + ".java"));
    String javadoc = source.substring(0, source.indexOf("public interface"));
    String text = javadoc.replaceAll("(?m)^ \\* ?", "");
    Map<String, String> clauses = new LinkedHashMap<>();
    Matcher item = ITEM.matcher(text);
    while (item.find()) {
      String sentence = item.group(1).replaceAll("\\s+", " ").trim();
      int colon = sentence.indexOf(':');
      Matcher name = NAME.matcher(sentence.substring(0, colon));
      while (name.find()) {
        clauses.put(name.group(1), plain(sentence.substring(colon + 1).trim()));
      }
    }
    return clauses;
  }

  private static String plain(String sentence) {
    return sentence
        .replaceAll("\\{@link #?([^} ]+) ([^}]+)\\}", "$2")
        .replaceAll("\\{@link #?([^}]+)\\}", "`$1`")
        .replaceAll("\\{@code ([^}]+)\\}", "`$1`")
        .replace('#', '.')
        .replace("|", "\\|");
  }

  /** The page. */
  static String page(Path root) throws IOException {
    StringBuilder page = new StringBuilder("""
        # Contracts and their tests

        Every clause of the Javadoc of an interface has a test in `mlops-testkit`, named after it, and every test fails for
        an implementation in the testkit's test sources that breaks just this clause. `ContractProofTest` runs them;
        `ContractTableTest` compares this page with sources and tests, and writes it with `-Dmlops.docs.write=true`.

        A type or a method that is marked `@Beta` is young. Its shape may change, or it may go, in any release, also in one
        that changes nothing else; a host that uses it reads the change log before it updates. Its clauses are tested like
        all others, and what it has stored is read for ever.
        """);
    for (int i = 0; i < CONTRACTS.size(); i++) {
      Class<?> contract = CONTRACTS.get(i);
      String api = Proofs.INTERFACES.get(i);
      String name = api.substring(api.indexOf('/') + 1);
      page.append("\n## ").append(name).append("\n\n");
      page.append("`").append(contract.getSimpleName()).append("`\n\n");
      page.append("| clause | says | tests | broken implementations that fail them |\n");
      page.append("|---|---|---|---|\n");
      for (Map.Entry<String, String> clause : clausesOf(root, api).entrySet()) {
        page.append("| ")
            .append(clause.getKey())
            .append(" | ")
            .append(clause.getValue())
            .append(" | ")
            .append(testsOf(contract).stream()
                .filter(test -> clauseOf(test).equals(clause.getKey()))
                .map(test -> "`" + test + "`: " + sentence(contract, test))
                .collect(joining("<br>")))
            .append(" | ")
            .append(Proofs.all().stream()
                .filter(proof -> proof.api().equals(name) && proof.clause().equals(clause.getKey()))
                .map(Proofs.Proof::how)
                .collect(joining("<br>")))
            .append(" |\n");
      }
    }
    return page.toString();
  }

  private static String sentence(Class<?> contract, String test) {
    return tests(contract)
        .filter(method -> method.getName().equals(test))
        .map(method -> method.getAnnotation(DisplayName.class).value())
        .findFirst()
        .orElseThrow();
  }

  /** What is wrong between clauses, tests and broken implementations. */
  static List<String> gaps(Path root) throws IOException {
    List<String> gaps = new ArrayList<>();
    for (int i = 0; i < CONTRACTS.size(); i++) {
      Class<?> contract = CONTRACTS.get(i);
      String api = Proofs.INTERFACES.get(i);
      String name = api.substring(api.indexOf('/') + 1);
      TreeSet<String> clauses = new TreeSet<>(clausesOf(root, api).keySet());
      TreeSet<String> tested = new TreeSet<>();
      for (String test : testsOf(contract)) {
        tested.add(clauseOf(test));
      }
      TreeSet<String> broken = new TreeSet<>();
      Proofs.all().stream()
          .filter(proof -> proof.api().equals(name))
          .forEach(proof -> broken.add(proof.clause()));
      for (String clause : clauses) {
        if (!tested.contains(clause)) {
          gaps.add(name + ": clause " + clause + " has no test");
        }
        if (!broken.contains(clause)) {
          gaps.add(name + ": clause " + clause + " is broken by no implementation");
        }
      }
      tested.stream()
          .filter(clause -> !clauses.contains(clause))
          .forEach(clause -> gaps.add(name + ": test " + clause + " is of no clause"));
      broken.stream()
          .filter(clause -> !clauses.contains(clause))
          .forEach(clause -> gaps.add(name + ": " + clause + " is broken but no clause"));
    }
    return gaps;
  }
}
