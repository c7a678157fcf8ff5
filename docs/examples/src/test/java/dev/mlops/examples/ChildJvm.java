package dev.mlops.examples;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Programs of this module in a JVM of their own. */
final class ChildJvm {
  private ChildJvm() {}

  /** What a program left behind; {@code lines} are of both of its streams. */
  record Ended(int exit, List<String> lines) {}

  /** The class path of the tests, of which the programs themselves are a part. */
  static List<Path> classPath() {
    String whole =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Stream.of(whole.split(File.pathSeparator)).map(Path::of).toList();
  }

  /** The jar's name, or the module's for a folder of classes. */
  static String name(Path entry) {
    Path named = entry.endsWith(Path.of("target", "classes"))
            || entry.endsWith(Path.of("target", "test-classes"))
        ? entry.getParent().getParent()
        : entry;
    return String.valueOf(named.getFileName()).toLowerCase(Locale.ROOT);
  }

  /** A folder with one program and its nested classes, and those parts of the class path that are wanted. */
  static List<Path> alone(Class<?> program, Path folder, Predicate<String> wanted) {
    List<Path> path = new ArrayList<>(List.of(folder));
    for (Path entry : classPath()) {
      if (wanted.test(name(entry))) {
        path.add(entry);
      }
    }
    String prefix = program.getName().replace('.', '/');
    try {
      Path compiled = Path.of(
              program.getProtectionDomain().getCodeSource().getLocation().toURI())
          .resolve(prefix)
          .getParent();
      Path target = Files.createDirectories(folder.resolve(prefix).getParent());
      try (Stream<Path> classes = Files.list(compiled)) {
        for (Path one : classes.toList()) {
          String file = String.valueOf(one.getFileName());
          if (file.equals(program.getSimpleName() + ".class")
              || file.startsWith(program.getSimpleName() + "$")) {
            Files.copy(one, target.resolve(file));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    return path;
  }

  static Process start(Class<?> program, List<Path> path, String... args) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1", // they live for seconds
        "-XX:+UseSerialGC",
        "-Duser.language=en",
        "-Dfile.encoding=UTF-8",
        "-Dstdout.encoding=UTF-8",
        "-Dsun.stdout.encoding=UTF-8",
        "-cp",
        String.join(File.pathSeparator, path.stream().map(Path::toString).toList()),
        program.getName()));
    command.addAll(List.of(args));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  static Ended run(Class<?> program, List<Path> path, String... args)
      throws IOException, InterruptedException {
    Process child = start(program, path, args);
    try (BufferedReader said = child.inputReader(StandardCharsets.UTF_8)) {
      List<String> lines = said.lines().toList();
      return new Ended(child.waitFor(), lines);
    } finally {
      child.destroyForcibly();
    }
  }
}
