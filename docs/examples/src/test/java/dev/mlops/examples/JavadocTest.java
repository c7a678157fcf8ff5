package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every public type of the published modules, nested ones too, says since when it is there and which threads may use it.
 *
 * <p>Enums, annotations and exceptions say no threads: there is nothing to say. Nor do contracts, which JUnit runs.
 */
class JavadocTest {
  private static final Path ROOT = Path.of(System.getProperty("mlops.root", "../.."));

  private static final Pattern SINCE = Pattern.compile("@since \\d+\\.\\d+");

  /** What a class or record says of itself. */
  private static final Pattern STOCK = Pattern.compile("<p>(Immutable|Thread-safe"
      + "|Not thread-safe: confine to one thread|Record from many threads, read from one)\\b");

  /** What an interface asks of its implementations, in words of its own. */
  private static final Pattern ASKED = Pattern.compile("(?i)\\bthread|\\bimmutable\\b");

  @TempDir
  Path dir;

  @Test
  void everyPublicTypeSaysSinceWhenAndWhichThreads() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : List.of("mlops-api", "mlops-drift", "mlops-core", "mlops-testkit")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    assertThat(sources).hasSizeGreaterThan(100);
    assertThat(problems(sources)).isEmpty();
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    Path file = dir.resolve("Outer.java");
    Files.writeString(file, """
        /**
         * Says all.
         *
         * <p>Immutable.
         *
         * @since 0.1
         */
        public final class Outer {
          /** Not thread-safe: confine to one thread. */
          public static final class Builder {}
          /** @since 0.1 */
          public record Part(int size) {}
          /** @since 0.1 */
          public enum Kind { ONE }
          /** @since 0.1 */
          public interface Sink {
            class Nothing {}
          }
          private static final class Inside {
            public static final class Own {}
          }
          class Hidden {}
        }
        """);
    assertThat(problems(List.of(file)))
        .containsExactly(
            "Outer.java: Builder has no @since",
            "Outer.java: Builder has no sentence on threads",
            "Outer.java: Part has no sentence on threads",
            "Outer.java: Sink has no sentence on threads",
            "Outer.java: Nothing has no @since",
            "Outer.java: Nothing has no sentence on threads");
  }

  private static List<String> problems(List<Path> sources) throws IOException {
    List<String> problems = new ArrayList<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task = (JavacTask) compiler.getTask(
          null,
          files,
          null,
          List.of("-proc:none"),
          null,
          files.getJavaFileObjectsFromPaths(sources));
      DocTrees docs = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        new Types(docs, problems).scan(unit, null);
      }
    }
    return problems;
  }

  /** Walks the types that a user sees; those inside methods and hidden types are none. */
  private static final class Types extends TreePathScanner<Void, ClassTree> {
    private final DocTrees docs;
    private final List<String> problems;

    Types(DocTrees docs, List<String> problems) {
      this.docs = docs;
      this.problems = problems;
    }

    @Override
    public Void visitClass(ClassTree type, ClassTree around) {
      Set<Modifier> modifiers = type.getModifiers().getFlags();
      boolean inInterface = around != null && around.getKind() == Tree.Kind.INTERFACE;
      if (!inInterface
          && !modifiers.contains(Modifier.PUBLIC)
          && !modifiers.contains(Modifier.PROTECTED)) {
        return null;
      }
      String name = type.getSimpleName().toString();
      String text = Optional.ofNullable(docs.getDocComment(getCurrentPath()))
          .orElse("")
          .replaceAll("\\s+", " ");
      String where =
          Path.of(getCurrentPath().getCompilationUnit().getSourceFile().getName())
                  .getFileName() + ": " + name;
      if (!SINCE.matcher(text).find()) {
        problems.add(where + " has no @since");
      }
      boolean silent = type.getKind() == Tree.Kind.ENUM
          || type.getKind() == Tree.Kind.ANNOTATION_TYPE
          || name.endsWith("Exception")
          || name.endsWith("Contract");
      Pattern wanted = type.getKind() == Tree.Kind.INTERFACE ? ASKED : STOCK;
      if (!silent && !wanted.matcher(text).find()) {
        problems.add(where + " has no sentence on threads");
      }
      return super.visitClass(type, type);
    }

    @Override
    public Void visitMethod(MethodTree method, ClassTree around) {
      return null;
    }
  }
}
