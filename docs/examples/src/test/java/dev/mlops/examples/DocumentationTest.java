package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Java on a page is Java that was compiled.
 *
 * <p>A block of Java in the README or under docs (ADRs apart) follows a line {@code <!--
 * File.java#region -->} and equals what stands between {@code // region name} and {@code //
 * endregion} in that file of this module, common indentation removed.
 */
class DocumentationTest {
  private static final Pattern MARKER = Pattern.compile("<!-- ([\\w/]+\\.java)#(\\w+) -->");

  private static final Path ROOT = Path.of(System.getProperty("mlops.root", "../.."));

  private static final List<Path> SOURCES = Stream.of("main", "test")
      .map(kind -> ROOT.resolve("docs/examples/src/" + kind + "/java/dev/mlops/examples"))
      .toList();

  @TempDir
  Path dir;

  @Test
  void everyBlockOfJavaWasCompiled() throws IOException {
    List<String> problems = new ArrayList<>();
    for (Path page : pages()) {
      problems.addAll(
          problems(ROOT.relativize(page).toString(), Files.readAllLines(page), SOURCES));
    }
    assertThat(problems).isEmpty();
  }

  /** A reader who copies the dependencies gets what was built, and the Tribuo that it was built with. */
  @Test
  void theVersionsInTheReadmeAreThoseOfTheBuild() throws IOException {
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    assertThat(Files.readString(ROOT.resolve("README.md")))
        .contains("<artifactId>mlops-core</artifactId>\n  <version>" + first(pom, "version"))
        .contains("<artifactId>tribuo-classification-sgd</artifactId>\n  <version>"
            + first(pom, "tribuo.version"))
        .contains("Micrometer " + text(pom, "micrometer.version") + ".")
        .contains("<artifactId>mlops-bom</artifactId>\n      <version>" + first(pom, "version"));
    assertThat(Files.readString(ROOT.resolve("docs/testing.md")))
        .contains("<artifactId>mlops-testkit</artifactId>\n  <version>" + first(pom, "version"));
  }

  /** It has no parent, of which it would take the version. */
  @Test
  void theBomHasTheVersionOfTheBuildAndEachPublishedModule() throws IOException {
    String bom = Files.readString(ROOT.resolve("docs/bom/pom.xml"));
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    assertThat(first(bom, "version")).isEqualTo(first(pom, "version"));
    Matcher module = Pattern.compile("<module>(mlops-\\w+)</module>").matcher(pom);
    int modules = 0;
    while (module.find()) {
      assertThat(bom).contains("<artifactId>" + module.group(1) + "</artifactId>");
      modules++;
    }
    assertThat(modules).isPositive();
  }

  @Test
  void everyCodeOfAFaultHasItsLine() throws IOException {
    String page = Files.readString(ROOT.resolve("docs/errors.md"));
    Pattern code = Pattern.compile("super\\(\"([A-Z]+-[A-Z-]+)\"");
    int codes = 0;
    for (String module : List.of("mlops-api", "mlops-core", "mlops-drift")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module + "/src/main/java"))) {
        for (Path file :
            files.filter(any -> any.toString().endsWith("Exception.java")).toList()) {
          Matcher found = code.matcher(Files.readString(file));
          if (found.find()) {
            String type = file.getFileName().toString().replace(".java", "");
            assertThat(page).contains("| `" + found.group(1) + "` | `" + type + "` |");
            codes++;
          }
        }
      }
    }
    assertThat(page.lines().filter(line -> line.startsWith("| `"))).hasSize(codes);
  }

  private static String first(String pom, String element) {
    return text(pom, element) + "</version>";
  }

  private static String text(String pom, String element) {
    Matcher found =
        Pattern.compile("<" + element + ">([^<]+)</" + element + ">").matcher(pom);
    assertThat(found.find()).isTrue();
    return found.group(1);
  }

  @Test
  void aBlockThatEqualsItsRegionPasses() throws IOException {
    write(
        "Hello.java",
        "class Hello {",
        "  // region main",
        "  void main() {",
        "    a();",
        "  }",
        "  // endregion",
        "}");
    assertThat(found(
            "text", "<!-- Hello.java#main -->", "```java", "void main() {", "  a();", "}", "```"))
        .isEmpty();
  }

  @Test
  void aBlockThatDiffersSaysWhere() throws IOException {
    write("Hello.java", "// region main", "a();", "b();", "// endregion");
    assertThat(found("<!-- Hello.java#main -->", "```java", "a();", "c();", "```"))
        .containsExactly("page.md:4 differs from Hello.java#main\n  wanted: b();\n  got:    c();");
    assertThat(found("<!-- Hello.java#main -->", "```java", "a();", "```"))
        .containsExactly(
            "page.md:4 differs from Hello.java#main\n  wanted: b();\n  got:    the end of the block");
    assertThat(found("<!-- Hello.java#main -->", "```java", "a();", "b();", "c();", "```"))
        .containsExactly(
            "page.md:5 differs from Hello.java#main\n  wanted: the end of the block\n  got:    c();");
  }

  @Test
  void aBlockWithoutAMarkerFails() {
    assertThat(found("Some prose.", "```java", "a();", "```"))
        .containsExactly(
            "page.md:2 wanted <!-- File.java#region --> on the line before the block, got \"Some prose.\"");
  }

  @Test
  void aMarkerWithoutItsSourceFails() throws IOException {
    write("Hello.java", "// region main", "a();", "// endregion", "// region open", "b();");
    assertThat(found("<!-- Gone.java#main -->", "```java", "a();", "```"))
        .containsExactly("page.md:2 wanted Gone.java among the examples, got no such file");
    assertThat(found("<!-- Hello.java#gone -->", "```java", "a();", "```"))
        .containsExactly("page.md:2 wanted \"// region gone\" in Hello.java once, got it 0 times");
    assertThat(found("<!-- Hello.java#open -->", "```java", "b();", "```"))
        .containsExactly(
            "page.md:2 wanted \"// endregion\" after \"// region open\" in Hello.java, got none");
  }

  private void write(String name, String... lines) throws IOException {
    Files.write(dir.resolve(name), List.of(lines));
  }

  private List<String> found(String... page) {
    return problems("page.md", List.of(page), List.of(dir));
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    Path readme = ROOT.resolve("README.md");
    if (Files.exists(readme)) {
      pages.add(readme);
    }
    Path docs = ROOT.resolve("docs");
    try (Stream<Path> files = Files.walk(docs)) {
      files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !file.startsWith(docs.resolve("adr")))
          .filter(file -> !docs.relativize(file).toString().contains("/target/"))
          .sorted()
          .forEach(pages::add);
    }
    return pages;
  }

  private static List<String> problems(String page, List<String> lines, List<Path> sources) {
    List<String> problems = new ArrayList<>();
    for (int start = 0; start < lines.size(); start++) {
      if (!lines.get(start).strip().matches("```java( .*)?")) {
        continue;
      }
      int end = start + 1;
      while (end < lines.size() && !lines.get(end).strip().equals("```")) {
        end++;
      }
      String where = page + ":" + (start + 1);
      String before = start == 0 ? "" : lines.get(start - 1).strip();
      Matcher marker = MARKER.matcher(before);
      if (!marker.matches()) {
        problems.add(
            where + " wanted <!-- File.java#region --> on the line before the block, got \""
                + before + "\"");
      } else {
        String file = marker.group(1);
        String region = marker.group(2);
        try {
          List<String> wanted = region(file, region, sources);
          List<String> got = stripped(lines.subList(start + 1, end));
          difference(wanted, got, page, start + 2, file + "#" + region).ifPresent(problems::add);
        } catch (IllegalArgumentException e) {
          problems.add(where + " " + e.getMessage());
        }
      }
      start = end;
    }
    return problems;
  }

  /** The lines of a region, without the indentation that they share. */
  private static List<String> region(String file, String region, List<Path> sources) {
    Path source = sources.stream()
        .map(folder -> folder.resolve(file))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "wanted " + file + " among the examples, got no such file"));
    List<String> lines;
    try {
      lines = Files.readAllLines(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String opening = "// region " + region;
    long times = lines.stream().filter(line -> line.strip().equals(opening)).count();
    if (times != 1) {
      throw new IllegalArgumentException(
          "wanted \"" + opening + "\" in " + file + " once, got it " + times + " times");
    }
    List<String> inside = lines.stream()
        .dropWhile(line -> !line.strip().equals(opening))
        .skip(1)
        .takeWhile(line -> !line.strip().equals("// endregion"))
        .toList();
    if (inside.size() + 1 + index(lines, opening) == lines.size()) {
      throw new IllegalArgumentException(
          "wanted \"// endregion\" after \"" + opening + "\" in " + file + ", got none");
    }
    return stripped(inside);
  }

  private static int index(List<String> lines, String stripped) {
    return lines.stream().map(String::strip).toList().indexOf(stripped);
  }

  private static List<String> stripped(List<String> lines) {
    return String.join("\n", lines).stripIndent().lines().toList();
  }

  /** Where two blocks part. */
  private static Optional<String> difference(
      List<String> wanted, List<String> got, String page, int firstLine, String source) {
    for (int i = 0; i < Math.max(wanted.size(), got.size()); i++) {
      String want = i < wanted.size() ? wanted.get(i) : "the end of the block";
      String have = i < got.size() ? got.get(i) : "the end of the block";
      if (!want.equals(have)) {
        return Optional.of(page + ":" + (firstLine + i) + " differs from " + source + "\n  wanted: "
            + want + "\n  got:    " + have);
      }
    }
    return Optional.empty();
  }
}
