package dev.mlops.core.container;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.internal.tar.TarWriter;
import dev.mlops.core.pack.FilePackage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The layers that an image gets on top of its base; each is a tar that depends on its files and names alone. */
final class Layers {
  private static final String MODELS = "models/";

  private Layers() {}

  // ---- the model
  // ----------------------------------------------------------------------------------------------

  /**
   * The package under {@code /models}: its layout in {@code .mlops}, and a second name for each of its files, which takes no
   * room.
   */
  static void model(FilePackage source, OutputStream out) throws IOException {
    Map<String, Object> blobs = new TreeMap<>();
    Map<String, String> names = new TreeMap<>();
    for (PackageFile file : source.files()) {
      if (file.name().equals(FilePackage.IN_IMAGE)
          || file.name().startsWith(FilePackage.IN_IMAGE + "/")) {
        throw new IllegalArgumentException("file " + file.name() + " must not begin with "
            + FilePackage.IN_IMAGE + " to be put into an image; nothing was written");
      }
      blobs.put(file.digest().hex(), file);
      names.put(MODELS + file.name(), file.digest().hex());
    }
    String layout = MODELS + FilePackage.IN_IMAGE + "/";
    TarWriter tar = new TarWriter(out);
    Set<String> folders = new TreeSet<>(List.of("models"));
    names.keySet().forEach(name -> folders.addAll(above(name)));
    folders.addAll(above(layout + "blobs/sha256/x"));
    for (String folder : folders) {
      if (names.containsKey(folder)) {
        throw new IllegalArgumentException("file " + folder.substring(MODELS.length())
            + " must not be a folder of other files to be put into an image; nothing was written");
      }
      tar.folder(folder);
    }
    Map<String, byte[]> small = source.layout();
    small.forEach((name, bytes) -> {
      if (name.startsWith("blobs/")) {
        blobs.put(name.substring(name.lastIndexOf('/') + 1), bytes);
      }
    });
    for (Map.Entry<String, Object> blob : blobs.entrySet()) {
      String name = layout + "blobs/sha256/" + blob.getKey();
      if (blob.getValue() instanceof PackageFile file) {
        try (OutputStream content = tar.file(name, file.size())) {
          source.copyTo(file, content);
        }
      } else {
        tar.file(name, (byte[]) blob.getValue());
      }
    }
    for (Map.Entry<String, byte[]> file : small.entrySet()) {
      if (!file.getKey().startsWith("blobs/")) {
        tar.file(layout + file.getKey(), file.getValue());
      }
    }
    for (Map.Entry<String, String> name : names.entrySet()) {
      tar.link(name.getKey(), layout + "blobs/sha256/" + name.getValue());
    }
    tar.finish();
  }

  private static Set<String> above(String name) {
    Set<String> folders = new TreeSet<>();
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      folders.add(name.substring(0, slash));
    }
    return folders;
  }

  // ---- the class path
  // -----------------------------------------------------------------------------------------

  /** Where the parts of a class path lie in an image. */
  record ClassPath(Map<String, Path> libraries, Map<String, Path> host, List<String> entries) {}

  /**
   * Divides a class path: jars that the package lists as libraries, by their digest, and what is the host's own.
   *
   * @throws IllegalArgumentException if a part is missing or no jar; the message lists all of them
   */
  static ClassPath divided(ModelPackage source, List<Path> parts) throws IOException {
    Set<Digest> known = new HashSet<>();
    source.libraries().forEach(library -> library.sha256().ifPresent(known::add));
    Map<String, Path> libraries = new LinkedHashMap<>();
    Map<String, Path> host = new LinkedHashMap<>();
    List<String> entries = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      Path part = parts.get(i);
      String name = name(part);
      if (Files.isDirectory(part)) {
        String folder = "app/classes/" + i;
        entries.add("/" + folder);
        host.put(folder, part);
      } else if (!Files.isRegularFile(part)) {
        problems.add(MlopsException.shown(name) + " is missing");
      } else if (!name.matches("[A-Za-z0-9._+-]+\\.jar")) {
        problems.add(MlopsException.shown(name)
            + " must be named with letters, digits, . _ + - and end with .jar");
      } else {
        boolean library;
        try (InputStream bytes = Files.newInputStream(part)) {
          library = known.contains(digest(bytes));
        }
        String folder = library ? "app/lib/" : "app/host/";
        String place = folder + name;
        for (int k = i; !taken.add(place); k++) { // two jars of one name, from two folders
          place = folder + k + "-" + name;
        }
        (library ? libraries : host).put(place, part);
        entries.add("/" + place);
      }
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "class path: " + String.join("; ", problems) + "; nothing was written");
    }
    return new ClassPath(libraries, host, entries);
  }

  private static Digest digest(InputStream bytes) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] step = new byte[1 << 16];
      for (int count = bytes.read(step); count >= 0; count = bytes.read(step)) {
        digest.update(step, 0, count);
      }
      return Digest.parse("sha256:" + HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Jars and folders of classes, by where they lie in the image. */
  static void files(Map<String, Path> parts, OutputStream out) throws IOException {
    TreeMap<String, Path> files = new TreeMap<>();
    Set<String> folders = new TreeSet<>();
    for (Map.Entry<String, Path> part : parts.entrySet()) {
      if (Files.isDirectory(part.getValue())) {
        folders.add(part.getKey());
        folders.addAll(above(part.getKey()));
        try (Stream<Path> all = Files.walk(part.getValue())) {
          for (Path file : all.filter(Files::isRegularFile).toList()) {
            List<String> steps = new ArrayList<>(List.of(part.getKey()));
            part.getValue().relativize(file).forEach(step -> steps.add(step.toString()));
            files.put(String.join("/", steps), file);
          }
        }
      } else {
        files.put(part.getKey(), part.getValue());
      }
    }
    files.keySet().forEach(name -> folders.addAll(above(name)));
    TarWriter tar = new TarWriter(out);
    for (String folder : folders) {
      tar.folder(folder);
    }
    for (Map.Entry<String, Path> file : files.entrySet()) {
      try (InputStream bytes = Files.newInputStream(file.getValue());
          OutputStream content = tar.file(file.getKey(), Files.size(file.getValue()))) {
        bytes.transferTo(content);
      }
    }
    tar.finish();
  }

  private static String name(Path file) {
    Path name = file.getFileName();
    return name == null ? "" : name.toString();
  }
}
