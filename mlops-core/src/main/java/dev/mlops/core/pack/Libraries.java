package dev.mlops.core.pack;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Library;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Enumeration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the libraries of a class path: Maven coordinates where a jar has them, file name and SHA-256 of each.
 *
 * <p>Coordinates are those of {@code META-INF/maven} if the jar has one set of them, or has one whose artifact its file is
 * named after; else those of {@code Implementation-Title}, where that is {@code group#artifact;version}. Without them a
 * library is named by its file without version and {@code .jar}, and its version is {@code Implementation-Version}, {@code
 * Bundle-Version}, or what the file name says.
 *
 * <p>Only jars are libraries: folders of classes are the host's own code, and jars inside a jar are parts of it.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Libraries {
  private static final int MOST_JARS = 10_000;
  private static final int LONGEST_MANIFEST = 1 << 20;

  /** An empty line. */
  private static final Pattern SECTION_END = Pattern.compile("(?>\\r\\n|\\n|\\r){2}");

  private static final int LONGEST_POM = 64 << 10;
  private static final Pattern POM = Pattern.compile("META-INF/maven/[^/]+/[^/]+/pom\\.properties");
  private static final Pattern NEBULA = Pattern.compile("([^#;\\s]+)#([^#;\\s]+);[^#;\\s]+");
  private static final Pattern VERSIONED = Pattern.compile("(.+?)-(\\d[A-Za-z0-9._-]*)");

  private Libraries() {}

  /**
   * {@return the libraries of the class path that this Java process was started with, ordered by name}
   *
   * <p>Jars that a jar's manifest names on its {@code Class-Path} are read too, and what is not there is left out, both as
   * Java does it.
   *
   * @throws UncheckedIOException if a jar cannot be read
   */
  public static List<Library> onClassPath() {
    List<Path> jars = new ArrayList<>();
    for (String entry :
        System.getProperty("java.class.path", "").split(Pattern.quote(File.pathSeparator), -1)) {
      if (!entry.isEmpty()) {
        jars.add(Path.of(entry));
      }
    }
    return in(jars);
  }

  /**
   * {@return the libraries of these jars and of those on their manifests' {@code Class-Path}, ordered by name}
   *
   * <p>Where two jars have one name, the first is listed, as Java takes classes from it. Folders, and what does not exist, are
   * left out.
   *
   * @param classPath jars, in the order of a class path
   * @throws UncheckedIOException if a jar cannot be read
   */
  public static List<Library> in(Collection<Path> classPath) {
    Map<String, Library> found = new TreeMap<>();
    Set<Path> seen = new LinkedHashSet<>();
    Deque<Path> open = new ArrayDeque<>(classPath);
    while (!open.isEmpty() && seen.size() < MOST_JARS) {
      Path jar = open.removeFirst();
      if (!Files.isRegularFile(jar) || !seen.add(jar.toAbsolutePath().normalize())) {
        continue;
      }
      try {
        List<Path> more = new ArrayList<>();
        Library library = read(jar, more);
        found.putIfAbsent(library.name(), library);
        for (int i = more.size() - 1; i >= 0; i--) {
          open.addFirst(more.get(i));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(
            "could not read the jar " + MlopsException.shown(name(jar)) + " of the class path", e);
      }
    }
    return List.copyOf(found.values());
  }

  private static Library read(Path jar, List<Path> more) throws IOException {
    Digest digest;
    try (SeekableByteChannel channel = Files.newByteChannel(jar)) {
      digest = VerifiedChannel.digest(channel);
    }
    String file = name(jar);
    String bare = file.endsWith(".jar") ? file.substring(0, file.length() - 4) : file;
    try (JarFile content = new JarFile(jar.toFile(), false)) {
      Attributes attributes = attributes(content);
      classPath(jar, attributes.getValue(Attributes.Name.CLASS_PATH), more);
      return named(bare, poms(content), attributes).inFile(file, digest);
    }
  }

  /** What the manifest says of the whole jar, read no further than that: its other sections may be of any size. */
  private static Attributes attributes(JarFile jar) throws IOException {
    JarEntry entry = jar.stream()
        .filter(each -> each.getName().equalsIgnoreCase(JarFile.MANIFEST_NAME))
        .findFirst()
        .orElse(null);
    if (entry == null) {
      return new Attributes();
    }
    byte[] bytes;
    try (InputStream manifest = jar.getInputStream(entry)) {
      bytes = manifest.readNBytes(LONGEST_MANIFEST);
    }
    Matcher end = SECTION_END.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    int length = end.find() ? end.end() : bytes.length;
    if (length == LONGEST_MANIFEST) {
      throw new IOException("what the manifest says of the whole jar must have less than "
          + LONGEST_MANIFEST + " bytes");
    }
    return new Manifest(new ByteArrayInputStream(bytes, 0, length)).getMainAttributes();
  }

  private static Library named(String bare, List<Properties> poms, Attributes attributes) {
    Properties own = poms.size() == 1 ? poms.get(0) : null;
    for (Properties pom : poms) {
      String artifact = pom.getProperty("artifactId");
      if (bare.equals(artifact) || bare.startsWith(artifact + "-")) {
        own =
            own == null || artifact.length() >= own.getProperty("artifactId").length() ? pom : own;
      }
    }
    if (own != null) {
      return Library.of(
          own.getProperty("groupId") + ":" + own.getProperty("artifactId"),
          own.getProperty("version"));
    }
    Matcher versioned = VERSIONED.matcher(bare);
    boolean says = versioned.matches();
    String version = first(
        attributes.getValue(Attributes.Name.IMPLEMENTATION_VERSION),
        attributes.getValue("Bundle-Version"),
        says ? versioned.group(2) : null);
    String title = attributes.getValue(Attributes.Name.IMPLEMENTATION_TITLE);
    Matcher coordinates = NEBULA.matcher(title == null ? "" : title.strip());
    String name = coordinates.matches()
        ? coordinates.group(1) + ":" + coordinates.group(2)
        : says ? versioned.group(1) : bare;
    return new Library(name, Optional.ofNullable(version), Optional.empty(), Optional.empty());
  }

  private static @Nullable String first(@Nullable String... texts) {
    for (String text : texts) {
      if (text != null && !text.isBlank()) {
        return text.strip();
      }
    }
    return null;
  }

  /** What {@code META-INF/maven} says, if it says group, artifact and version. */
  private static List<Properties> poms(JarFile jar) throws IOException {
    List<Properties> poms = new ArrayList<>();
    for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
      JarEntry entry = entries.nextElement();
      if (POM.matcher(entry.getName()).matches()) {
        Properties pom = new Properties();
        try (InputStream bytes = jar.getInputStream(entry)) {
          pom.load(new ByteArrayInputStream(bytes.readNBytes(LONGEST_POM)));
        } catch (IllegalArgumentException e) {
          continue; // a malformed escape: no coordinates
        }
        if (pom.getProperty("groupId", "").isEmpty()
            || pom.getProperty("artifactId", "").isEmpty()
            || pom.getProperty("version", "").isEmpty()) {
          continue;
        }
        poms.add(pom);
      }
    }
    return poms;
  }

  /** Adds the jars that a manifest names, relative to its own jar. */
  private static void classPath(Path jar, @Nullable String entries, List<Path> more) {
    if (entries == null) {
      return;
    }
    for (String entry : entries.strip().split("\\s+", -1)) {
      try {
        URI target = jar.toUri().resolve(entry);
        if ("file".equals(target.getScheme()) && !entry.isEmpty()) {
          more.add(Path.of(target));
        }
      } catch (IllegalArgumentException | FileSystemNotFoundException e) {
        // Java ignores what is no address of a file.
      }
    }
  }

  private static String name(Path file) {
    Path name = file.getFileName();
    return name == null ? "" : name.toString();
  }
}
