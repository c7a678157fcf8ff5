package dev.mlops.examples;

import static java.util.Objects.requireNonNull;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs a program of this package for Maven in a JVM of its own.
 *
 * <p>What it prints goes where Maven prints. When it fails Maven ends at once with its exit code, so that the one line which
 * says why is the last one, and not one of forty that say how Maven noticed.
 */
public final class OwnJvm {
  private OwnJvm() {}

  /**
   * Runs it.
   *
   * @param args the simple name of the program, such as {@code Lifecycle}, and its arguments
   */
  public static void main(String[] args)
      throws IOException, InterruptedException, URISyntaxException {
    List<String> programs = programs();
    if (!programs.contains(args[0])) {
      System.err.println("-Dprogram: wanted one of " + programs + ", got \"" + args[0] + "\"");
      System.exit(2);
    }
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath()));
    command.add(OwnJvm.class.getPackageName() + "." + args[0]);
    command.addAll(List.of(args).subList(1, args.length));
    Process child = new ProcessBuilder(command)
        .directory(new File(System.getProperty("mlops.root", ".")))
        .inheritIO()
        .start();
    Runtime.getRuntime().addShutdownHook(new Thread(child::destroy));
    int exit = child.waitFor();
    if (exit != 0) {
      System.exit(exit);
    }
  }

  /** The classes of this package that can be run, by their simple names. */
  static List<String> programs() throws IOException, URISyntaxException {
    Path classes =
        Path.of(requireNonNull(OwnJvm.class.getResource("OwnJvm.class")).toURI());
    try (Stream<Path> files = Files.list(requireNonNull(classes.getParent()))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(file -> file.endsWith(".class"))
          .map(file -> file.substring(0, file.length() - ".class".length()))
          .filter(OwnJvm::isProgram)
          .sorted()
          .toList();
    }
  }

  private static boolean isProgram(String name) {
    try {
      Class<?> type = Class.forName(
          OwnJvm.class.getPackageName() + "." + name, false, OwnJvm.class.getClassLoader());
      return !type.equals(OwnJvm.class)
          && Modifier.isStatic(type.getDeclaredMethod("main", String[].class).getModifiers());
    } catch (ClassNotFoundException | NoSuchMethodException e) {
      return false;
    }
  }

  /** Maven loads programs by a class loader, and its own class path is not theirs. */
  private static String classPath() throws URISyntaxException {
    if (!(OwnJvm.class.getClassLoader() instanceof URLClassLoader loader)) {
      return System.getProperty("java.class.path");
    }
    List<String> path = new ArrayList<>();
    for (URL url : loader.getURLs()) {
      path.add(Path.of(url.toURI()).toString());
    }
    return String.join(File.pathSeparator, path);
  }
}
