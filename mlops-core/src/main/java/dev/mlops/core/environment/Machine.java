package dev.mlops.core.environment;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.core.pack.Libraries;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a package is about to run: Java, system, libraries, memory, environment variables and native libraries.
 *
 * <p>{@link #here()} is this process; a test, or a host that knows a machine by other means, describes one by {@link
 * #builder()}.
 *
 * <p>Immutable and thread-safe, if the functions are that were given.
 *
 * @since 0.1
 */
@Beta
public final class Machine {
  private final Environment environment;
  private final List<Library> libraries;
  private final boolean complete;
  private final Function<String, Optional<Library>> search;
  private final long memory;
  private final Predicate<String> variables;
  private final Predicate<String> natives;

  private Machine(Builder builder) {
    this.environment = builder.environment;
    this.libraries = List.copyOf(builder.libraries);
    this.complete = builder.complete;
    this.search = builder.search;
    this.memory = builder.memory;
    this.variables = builder.variables;
    this.natives = builder.natives;
  }

  /**
   * {@return this process}
   *
   * <p>Libraries are those of the class path that the process was started with, read and hashed once, and those that their
   * Maven properties are found of by the class loader. Where the class path cannot tell, as behind a class loader of a
   * container or in one jar that holds everything, {@link #complete()} is false. Memory is the largest heap less what the last
   * garbage collection left. A native library is there if it lies in a folder of {@code java.library.path}, or in a jar of
   * the class path below a folder that is named after this system and processor; it is looked for once, and not loaded.
   */
  public static Machine here() {
    ClassPath path = ClassPath.HERE;
    return builder()
        .environment(Environment.here())
        .libraries(path.libraries())
        .complete(path.complete())
        .search(ClassPath::find)
        .memory(freeHeap())
        .variables(name -> System.getenv(name) != null)
        .natives(path::hasNative)
        .build();
  }

  /**
   * {@return a builder of a machine of which nothing is known, without libraries, with unlimited memory}
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return Java, operating system, processor and charset} */
  public Environment environment() {
    return environment;
  }

  /** {@return the libraries that are known to be there} */
  public List<Library> libraries() {
    return libraries;
  }

  /** {@return whether a library that is not listed is surely not there} */
  public boolean complete() {
    return complete;
  }

  /** {@return the bytes that a model may take} */
  public long memory() {
    return memory;
  }

  /**
   * {@return whether an environment variable is set}
   *
   * @param name of the variable
   */
  public boolean hasVariable(String name) {
    return variables.test(name);
  }

  /**
   * {@return whether a native library is there for this system}
   *
   * @param name as {@link System#loadLibrary} takes it, such as {@code onnxruntime}
   */
  public boolean hasNativeLibrary(String name) {
    return natives.test(name);
  }

  /**
   * {@return the library that a package means, if it is there: of the same name or the same bytes, or one whose coordinates
   * are not known and whose artifact has the name}
   *
   * @param wanted a library of a package
   */
  public Optional<Library> find(Library wanted) {
    String artifact = wanted.name().substring(wanted.name().lastIndexOf(':') + 1);
    Optional<Library> named =
        libraries.stream().filter(each -> each.name().equals(wanted.name())).findFirst();
    return named
        .or(() -> libraries.stream()
            .filter(each -> wanted.sha256().isPresent() && each.sha256().equals(wanted.sha256()))
            .findFirst())
        .or(() -> search.apply(wanted.name()))
        .or(() -> libraries.stream()
            .filter(each -> each.name().equals(artifact) && !each.name().equals(wanted.name()))
            .findFirst());
  }

  private static long freeHeap() {
    long live = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage left = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
      live += left == null ? 0 : left.getUsed();
    }
    return Math.max(0, Runtime.getRuntime().maxMemory() - live);
  }

  /** {@return such as {@code Java 17.0.15 (Debian), Linux 6.1.0 amd64, UTF-8; 34 libraries, 512 MiB}} */
  @Override
  public String toString() {
    return environment + "; " + libraries.size() + " libraries, " + (memory >> 20) + " MiB";
  }

  /** What the class path of this process holds; jars do not change under a Java process, so they are read once. */
  private record ClassPath(
      List<Library> libraries, boolean complete, List<Path> jars, Map<String, Boolean> natives) {
    private static final int MOST_NATIVES = 200;
    private static final ClassPath HERE = read();

    private static ClassPath read() {
      List<Path> jars = new ArrayList<>();
      int entries = 0;
      for (String entry :
          System.getProperty("java.class.path", "").split(Pattern.quote(File.pathSeparator), -1)) {
        entries++;
        try {
          if (Files.isRegularFile(Path.of(entry))) {
            jars.add(Path.of(entry));
          }
        } catch (InvalidPathException e) {
          // Java leaves it out, too.
        }
      }
      // One jar may hold everything, under whatever names; another class loader has what no
      // property tells.
      boolean told = ClassPath.class.getClassLoader() == ClassLoader.getSystemClassLoader();
      try {
        List<Library> libraries = Libraries.in(jars);
        return new ClassPath(
            libraries,
            told && (entries > 1 || libraries.size() > 1),
            jars,
            new ConcurrentHashMap<>());
      } catch (RuntimeException e) { // a jar that cannot be read: nothing is sure to be missing
        return new ClassPath(List.of(), false, jars, new ConcurrentHashMap<>());
      }
    }

    /** A library by its Maven properties, which also a jar of many libraries keeps. */
    static Optional<Library> find(String name) {
      int colon = name.indexOf(':');
      if (colon < 0) {
        return Optional.empty();
      }
      String folder =
          "META-INF/maven/" + name.substring(0, colon) + "/" + name.substring(colon + 1) + "/";
      ClassLoader loader = ClassPath.class.getClassLoader();
      try (InputStream in = stream(loader, folder + "pom.properties")) {
        if (in == null) {
          return loader.getResource(folder + "pom.xml") == null
              ? Optional.empty()
              : Optional.of(
                  new Library(name, Optional.empty(), Optional.empty(), Optional.empty()));
        }
        Properties pom = new Properties();
        pom.load(in);
        return Optional.of(new Library(
            name,
            Optional.ofNullable(pom.getProperty("version")),
            Optional.empty(),
            Optional.empty()));
      } catch (IOException | IllegalArgumentException e) {
        return Optional.empty();
      }
    }

    private static @Nullable InputStream stream(ClassLoader loader, String name) {
      return loader.getResourceAsStream(name);
    }

    boolean hasNative(String name) {
      // Names come from packages: no more of them are kept than any host has.
      return natives.size() < MOST_NATIVES
          ? natives.computeIfAbsent(name, this::searchNative)
          : searchNative(name);
    }

    private boolean searchNative(String name) {
      String file = System.mapLibraryName(name);
      for (String folder : System.getProperty("java.library.path", "")
          .split(Pattern.quote(File.pathSeparator), -1)) {
        if (!folder.isEmpty() && Files.isRegularFile(Path.of(folder).resolve(file))) {
          return true;
        }
      }
      Pattern here = Pattern.compile(".*(?:" + system() + ").*(?:" + processor() + ").*/"
          + Pattern.quote(file.toLowerCase(Locale.ROOT)));
      for (Path jar : jars) {
        try (JarFile content = new JarFile(jar.toFile(), false)) {
          if (content.stream()
              .anyMatch(entry ->
                  here.matcher(entry.getName().toLowerCase(Locale.ROOT)).matches())) {
            return true;
          }
        } catch (IOException e) {
          // It holds nothing that could be loaded.
        }
      }
      return false;
    }

    /** How folders of native libraries name this system. */
    private static String system() {
      String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
      return os.contains("win")
          ? "win"
          : os.contains("mac") ? "osx|mac|darwin" : Pattern.quote(os.split(" ", -1)[0]);
    }

    /** How folders of native libraries name this processor. */
    private static String processor() {
      String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
      return switch (processor) {
        case "amd64", "x86_64" -> "x64|amd64|x86_64|x86-64";
        case "aarch64", "arm64" -> "aarch64|arm64|aarch_64";
        default -> Pattern.quote(processor);
      };
    }
  }

  /**
   * Says what a machine has.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private Environment environment = Environment.builder().build();
    private Collection<Library> libraries = List.of();
    private boolean complete = true;
    private Function<String, Optional<Library>> search = name -> Optional.empty();
    private long memory = Long.MAX_VALUE;
    private Predicate<String> variables = name -> false;
    private Predicate<String> natives = name -> false;

    private Builder() {}

    /**
     * {@return this builder, with Java, operating system, processor and charset}
     *
     * @param environment what is not known of it is not compared
     */
    public Builder environment(Environment environment) {
      this.environment = requireNonNull(environment, "environment");
      return this;
    }

    /**
     * {@return this builder, with the libraries that are there}
     *
     * @param libraries copied
     */
    public Builder libraries(Collection<Library> libraries) {
      this.libraries = List.copyOf(libraries);
      return this;
    }

    /**
     * {@return this builder, with whether a library that is not listed is surely not there; true by default}
     *
     * @param complete false where nobody can tell: then a missing library is a warning
     */
    public Builder complete(boolean complete) {
      this.complete = complete;
      return this;
    }

    private Builder search(Function<String, Optional<Library>> search) {
      this.search = search;
      return this;
    }

    /**
     * {@return this builder, with the memory that a model may take; unlimited by default}
     *
     * @param bytes at least 0
     * @throws IllegalArgumentException if it is less
     */
    public Builder memory(long bytes) {
      if (bytes < 0) {
        throw new IllegalArgumentException("memory must be >= 0 bytes, but was " + bytes);
      }
      this.memory = bytes;
      return this;
    }

    /**
     * {@return this builder, with the environment variables that are set; none by default}
     *
     * @param names their names, never their values
     */
    public Builder variables(Set<String> names) {
      Set<String> copy = Set.copyOf(names);
      return variables(copy::contains);
    }

    private Builder variables(Predicate<String> set) {
      this.variables = set;
      return this;
    }

    /**
     * {@return this builder, with the native libraries that are there; none by default}
     *
     * @param names as {@link System#loadLibrary} takes them
     */
    public Builder nativeLibraries(Set<String> names) {
      Set<String> copy = Set.copyOf(names);
      return natives(copy::contains);
    }

    private Builder natives(Predicate<String> there) {
      this.natives = there;
      return this;
    }

    /**
     * {@return the machine}
     */
    public Machine build() {
      return new Machine(this);
    }
  }
}
