package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The picture of the life cycle is a circle; the code is a line. */
class ImportOrderTest {
  /** A stage uses itself and the rows above it, never its own row. */
  private static final List<Set<String>> ORDER = List.of(
      Set.of("model"),
      Set.of("pack"),
      Set.of("store", "drift"),
      Set.of("journal"),
      Set.of("monitor"),
      Set.of("alert", "incident", "gate", "retrain"),
      Set.of("optimise"),
      Set.of("rollout"),
      Set.of("serve"),
      Set.of("loop"));

  /** Packages of core that belong to no stage. */
  private static final Set<String> HELPERS = Set.of(
      "internal",
      "adaptive",
      "tribuo",
      "function",
      "onnx",
      "csv",
      "environment",
      "container",
      "evidence",
      "platform");

  private static final Map<String, Integer> RANKS = ranks();

  private static final JavaClasses CLASSES = new ClassFileImporter()
      .importPaths(
          Stream.of("mlops-api", "mlops-drift", "mlops-core", "mlops-testkit", "docs/examples")
              .map(module ->
                  Path.of(System.getProperty("mlops.root", "../.."), module, "target/classes"))
              .toList());

  @Test
  void everyModuleIsSeen() {
    assertThat(CLASSES.stream().map(type -> part(type.getPackageName(), 2)).distinct())
        .contains("api", "drift", "core", "testkit", "examples");
  }

  @Test
  void everyPackageOfApiAndCoreIsAStageOrAHelper() {
    assertThat(CLASSES.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> in(name, "dev.mlops.api") || in(name, "dev.mlops.core"))
            .filter(name -> stage(name).isEmpty() && helper(name).isEmpty())
            .distinct())
        .as("packages that the order does not know")
        .isEmpty();
  }

  /** NullAway looks only where this annotation is. */
  @Test
  void everyPackageIsNullMarked() {
    assertThat(CLASSES.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> !name.isEmpty())
            .distinct()
            .filter(name -> !CLASSES.contain(name + ".package-info")
                || !CLASSES.get(name + ".package-info").isAnnotatedWith(NullMarked.class)))
        .as("packages without @NullMarked")
        .isEmpty();
  }

  @Test
  void stagesUseOnlyEarlierStages() {
    check((from, to) -> {
      Optional<String> user = stage(from);
      Optional<String> used = stage(to);
      return user.isPresent()
              && used.isPresent()
              && !user.equals(used)
              && RANKS.get(used.get()) >= RANKS.get(user.get())
          ? Optional.of(user.get() + " may not use " + used.get())
          : Optional.empty();
    });
  }

  @Test
  void apiUsesNoOtherModule() {
    check((from, to) -> in(from, "dev.mlops.api") && in(to, "dev.mlops") && !in(to, "dev.mlops.api")
        ? Optional.of("api stands alone")
        : Optional.empty());
  }

  @Test
  void driftUsesModelPackAndDriftOfTheApi() {
    Set<String> allowed = Set.of("model", "pack", "drift");
    check((from, to) -> in(from, "dev.mlops.drift")
            && in(to, "dev.mlops")
            && !in(to, "dev.mlops.drift")
            && !(in(to, "dev.mlops.api") && allowed.contains(part(to, 3)))
        ? Optional.of("drift uses only dev.mlops.api.{model,pack,drift}")
        : Optional.empty());
  }

  @Test
  void testkitUsesOnlyTheApi() {
    check((from, to) -> in(from, "dev.mlops.testkit")
            && in(to, "dev.mlops")
            && !in(to, "dev.mlops.testkit")
            && !in(to, "dev.mlops.api")
        ? Optional.of("testkit uses only dev.mlops.api")
        : Optional.empty());
  }

  @Test
  void helpersUseNoStageButTheFirst() {
    check((from, to) -> in(from, "dev.mlops.core.internal.json")
            && stage(to).isPresent()
            && !to.equals("dev.mlops.api.model")
        ? Optional.of("a helper uses no stage but dev.mlops.api.model")
        : Optional.empty());
  }

  @Test
  void accessToFilesUsesNoStageAndNoOtherHelper() {
    check((from, to) -> in(from, "dev.mlops.core.internal.disk")
            && in(to, "dev.mlops")
            && !in(to, "dev.mlops.core.internal.disk")
        ? Optional.of("what all have in common needs none of them")
        : Optional.empty());
  }

  @Test
  void theLogUsesNoStageButTheFaultsOfTheStore() {
    Set<String> faults = Set.of("dev.mlops.api.store", "dev.mlops.api.model");
    check((from, to) ->
        in(from, "dev.mlops.core.internal.log") && stage(to).isPresent() && !faults.contains(to)
            ? Optional.of("the log uses no stage but StoreException and what it extends")
            : Optional.empty());
  }

  /** A host may exclude Tribuo and keep the rest of core. */
  @Test
  void onlyCoreTribuoNeedsTribuo() {
    check((from, to) -> (in(from, "dev.mlops.core") || in(from, "dev.mlops.testkit"))
            && !in(from, "dev.mlops.core.tribuo")
            && (in(to, "org.tribuo") || in(to, "dev.mlops.core.tribuo"))
        ? Optional.of("only dev.mlops.core.tribuo loads Tribuo")
        : Optional.empty());
  }

  /** A host may leave out ONNX Runtime, which is optional, and keep the rest of core. */
  @Test
  void onlyCoreOnnxNeedsOnnxRuntime() {
    check((from, to) -> (in(from, "dev.mlops.core") || in(from, "dev.mlops.testkit"))
            && !in(from, "dev.mlops.core.onnx")
            && (in(to, "ai.onnxruntime") || in(to, "dev.mlops.core.onnx"))
        ? Optional.of("only dev.mlops.core.onnx loads ONNX Runtime")
        : Optional.empty());
  }

  /** A host may leave out Commons CSV, which is optional, and keep the rest of core. */
  @Test
  void onlyCoreCsvNeedsCommonsCsv() {
    check((from, to) -> (in(from, "dev.mlops.core") || in(from, "dev.mlops.testkit"))
            && !in(from, "dev.mlops.core.csv")
            && (in(to, "org.apache.commons.csv") || in(to, "dev.mlops.core.csv"))
        ? Optional.of("only dev.mlops.core.csv loads Commons CSV")
        : Optional.empty());
  }

  /** Processes, sockets, Java serialisation and its filters are the host's. */
  @Test
  void theLibraryStartsNoProcessOpensNoSocketAndReadsNoSerialisedObject() {
    Set<String> hosts = Set.of(
        "java.lang.ProcessBuilder",
        "java.lang.Runtime.exec",
        "java.lang.Runtime.addShutdownHook",
        "java.lang.System.exit",
        "java.lang.Thread.start",
        "java.net.Socket",
        "java.net.ServerSocket",
        "java.net.DatagramSocket",
        "java.net.URL.openConnection",
        "java.net.URL.openStream",
        "java.net.http.HttpClient.newBuilder",
        "java.net.http.HttpClient.newHttpClient",
        "java.nio.channels.SocketChannel",
        "java.nio.channels.ServerSocketChannel",
        "java.io.ObjectInputStream",
        "java.io.ObjectInputFilter");
    List<String> found = new ArrayList<>();
    int calls = 0;
    for (JavaClass type : CLASSES) {
      if (in(type.getPackageName(), "dev.mlops.examples")) {
        continue;
      }
      for (JavaAccess<?> call : type.getAccessesFromSelf()) {
        calls++;
        String owner = call.getTargetOwner().getName();
        if (hosts.contains(owner) || hosts.contains(owner + "." + call.getName())) {
          found.add(call.getDescription());
        }
      }
    }
    assertThat(calls).isGreaterThan(1_000);
    assertThat(found).isEmpty();
  }

  /** The {@code Only…} programs take one part and no composition. */
  @Test
  void onePartAloneNeedsNoComposition() {
    List<String> found = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      if (type.getName().startsWith("dev.mlops.examples.Only")) {
        for (Dependency use : type.getDirectDependenciesFromSelf()) {
          String to = use.getTargetClass().getPackageName();
          if (in(to, "dev.mlops.core.serve") || in(to, "dev.mlops.core.loop")) {
            found.add("one part stands alone: " + use.getDescription());
          }
        }
      }
    }
    assertThat(found).isEmpty();
  }

  /** Fails with every use for which {@code rule}, given the two packages, states a breach. */
  private static void check(BiFunction<String, String, Optional<String>> rule) {
    List<String> found = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      for (Dependency use : type.getDirectDependenciesFromSelf()) {
        String to = use.getTargetClass().getBaseComponentType().getPackageName();
        rule.apply(home(type), to)
            .ifPresent(breach -> found.add(breach + ": " + use.getDescription()));
      }
    }
    assertThat(found).isEmpty();
  }

  /** Counting what alerts and loops tell comes last, though it lies beside the meters that it shares with the monitor. */
  private static String home(JavaClass type) {
    return type.getName().startsWith("dev.mlops.core.monitor.ModelMeters")
        ? "dev.mlops.core.loop"
        : type.getPackageName();
  }

  private static Map<String, Integer> ranks() {
    Map<String, Integer> ranks = new HashMap<>();
    for (Set<String> row : ORDER) {
      row.forEach(stage -> ranks.put(stage, ORDER.indexOf(row)));
    }
    return ranks;
  }

  private static Optional<String> stage(String packageName) {
    return in(packageName, "dev.mlops.api") || in(packageName, "dev.mlops.core")
        ? Optional.of(part(packageName, 3)).filter(RANKS::containsKey)
        : Optional.empty();
  }

  private static Optional<String> helper(String packageName) {
    return in(packageName, "dev.mlops.core")
        ? Optional.of(part(packageName, 3)).filter(HELPERS::contains)
        : Optional.empty();
  }

  private static boolean in(String packageName, String parent) {
    return packageName.equals(parent) || packageName.startsWith(parent + ".");
  }

  /** The n-th name of a package, from 0; empty if it has no more than n. */
  private static String part(String packageName, int n) {
    String[] parts = packageName.split("\\.", -1);
    return parts.length > n ? parts[n] : "";
  }
}
