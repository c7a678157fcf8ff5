package dev.mlops.core.pack;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The description of a package: an OCI image manifest with the media types of the CNCF ModelPack specification 0.0.7,
 * and our own for the sections that it has no place for.
 *
 * <p>Format 2, which this release writes, says of each layer its role, and of each section the version of its form. A role
 * that this release does not know is carried: the bytes of a manifest that was read are kept, so what is not understood is
 * not lost either. Format 1 had six sections, all of version 1, and no other roles.
 *
 * <p>A manifest holds texts and integers only, so its canonical form depends on no way of writing other numbers.
 */
final class Manifest {
  /** The format that this release writes, and the newest that it reads. */
  static final int FORMAT = 2;

  static final int MOST_BYTES = 4 << 20;
  static final int MOST_FILES = 1_000;
  /** Of a document or a section. */
  static final int LONGEST_DOCUMENT = 16 << 20;
  /** Of all files together: 1 TiB. */
  static final long MOST_WEIGHTS = 1L << 40;

  static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
  static final String INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
  static final String ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json";
  private static final String CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json";
  private static final String FILE_TYPE = "application/vnd.mlops.file.v1.raw";

  private static final String FORMAT_KEY = "dev.mlops.format";
  private static final String MODEL_KEY = "dev.mlops.model";
  private static final String RUNTIME_KEY = "dev.mlops.runtime";
  private static final String ROLE_KEY = "dev.mlops.role";
  private static final String SECTION_KEY = "dev.mlops.section";
  private static final String TITLE_KEY = "org.opencontainers.image.title";
  private static final String PATH_KEY = "org.cncf.model.filepath";

  private static final String DEVICE = "(con|prn|aux|nul|(com|lpt)[1-9])(\\..*)?";

  static final String NO_WEIGHTS = "weights are missing";

  /** Names that begin so belong to sections, of this release and of those to come. */
  private static final String RESERVED = "mlops/";

  private static final List<Role> SECTIONS_1 =
      List.of(Role.SCHEMA, Role.BASELINE, Role.EXAMPLES, Role.LIBRARIES, Role.CONFIGURATION);
  private static final List<Role> SECTIONS_2 = List.of(
      Role.SCHEMA,
      Role.BASELINE,
      Role.EXAMPLES,
      Role.LIBRARIES,
      Role.CONFIGURATION,
      Role.PROVENANCE,
      Role.ENVIRONMENT,
      Role.CALIBRATION);

  private final int format;
  private final String model;
  private final String runtime;
  private final List<PackageFile> files;
  /** One per file: the version of a section's form, 0 where the file is no section. */
  private final List<Integer> versions;

  private final byte[] bytes;

  private Manifest(
      int format,
      String model,
      String runtime,
      List<PackageFile> files,
      List<Integer> versions,
      byte[] bytes) {
    this.format = format;
    this.model = model;
    this.runtime = runtime;
    this.files = List.copyOf(files);
    this.versions = List.copyOf(versions);
    this.bytes = bytes;
  }

  /**
   * {@return the manifest of a package that is made now}
   *
   * @param files ordered by name
   */
  static Manifest of(String model, String runtime, List<PackageFile> files) {
    List<Integer> versions = files.stream()
        .map(file -> SECTIONS_2.contains(file.role()) ? Sections.version(file.role()) : 0)
        .toList();
    return new Manifest(
        FORMAT,
        model,
        runtime,
        files,
        versions,
        written(FORMAT, model, runtime, files, versions).bytes());
  }

  String model() {
    return model;
  }

  String runtime() {
    return runtime;
  }

  List<PackageFile> files() {
    return files;
  }

  /** {@return the canonical bytes; not a copy} */
  byte[] bytes() {
    return bytes;
  }

  /** {@return the version of the form that a section is in} */
  int version(PackageFile section) {
    return versions.get(files.indexOf(section));
  }

  private static String mediaType(int format, Role role, int version) {
    if (role.equals(Role.WEIGHTS)) {
      return "application/vnd.cncf.model.weight.v1.raw";
    }
    if (role.equals(Role.CONFIGURATION)) {
      return "application/vnd.cncf.model.weight.config.v1.raw";
    }
    if (role.equals(Role.DOCUMENT)) {
      return "application/vnd.cncf.model.doc.v1.raw";
    }
    return sections(format).contains(role)
        ? "application/vnd.mlops." + role + ".v" + version + "+json"
        : FILE_TYPE;
  }

  private static List<Role> sections(int format) {
    return format == 1 ? SECTIONS_1 : SECTIONS_2;
  }

  /** {@return the only name that a section may have; other files may have any other} */
  static String sectionName(Role role) {
    boolean reserved = role.equals(Role.ENVIRONMENT) || role.equals(Role.CALIBRATION);
    return (reserved ? RESERVED : "") + role + ".json";
  }

  /** {@return whether this release parses files of a role} */
  static boolean isSection(Role role) {
    return SECTIONS_2.contains(role);
  }

  private static Json written(
      int format, String model, String runtime, List<PackageFile> files, List<Integer> versions) {
    byte[] config = config(model, runtime, files);
    List<Map<String, Object>> layers = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      PackageFile file = files.get(i);
      Map<String, String> annotations = new HashMap<>();
      annotations.put(TITLE_KEY, file.name());
      annotations.put(PATH_KEY, file.name());
      if (format > 1) {
        annotations.put(ROLE_KEY, file.role().toString());
        if (versions.get(i) > 0) {
          annotations.put(SECTION_KEY, versions.get(i).toString());
        }
      }
      layers.add(descriptor(
          mediaType(format, file.role(), versions.get(i)),
          file.digest(),
          file.size(),
          annotations));
    }
    return Json.of(Map.of(
        "schemaVersion",
        2,
        "mediaType",
        MANIFEST_TYPE,
        "artifactType",
        ARTIFACT_TYPE,
        "annotations",
        Map.of(FORMAT_KEY, Integer.toString(format), MODEL_KEY, model, RUNTIME_KEY, runtime),
        "config",
        descriptor(CONFIG_TYPE, Digest.of(config), config.length, Map.of()),
        "layers",
        layers));
  }

  static Map<String, Object> descriptor(
      String type, Digest digest, long size, Map<String, String> annotations) {
    Map<String, Object> members = new HashMap<>();
    members.put("mediaType", type);
    members.put("digest", digest.toString());
    members.put("size", size);
    if (!annotations.isEmpty()) {
      members.put("annotations", annotations);
    }
    return members;
  }

  /** {@return the ModelPack configuration, which says nothing that the manifest does not say} */
  byte[] config() {
    return config(model, runtime, files);
  }

  private static byte[] config(String model, String runtime, List<PackageFile> files) {
    return Json.of(Map.of(
            "descriptor",
            Map.of("name", model),
            "config",
            Map.of("format", runtime),
            "modelfs",
            Map.of(
                "type",
                "layers",
                "diffIds",
                files.stream().map(file -> file.digest().toString()).toList())))
        .bytes();
  }

  /**
   * Reads a manifest.
   *
   * @param bytes not changed any more
   * @throws PackageFormatException if it is not canonical, not of a package, or of a newer format
   */
  static Manifest parse(byte[] bytes) {
    try {
      Json json = Json.parse(bytes, MOST_BYTES);
      Manifest manifest = parse(json, bytes);
      List<String> problems = manifest.problems();
      if (!problems.isEmpty()) {
        throw new PackageFormatException(
            "manifest is not of a package: " + String.join("; ", problems) + "; nothing was read",
            null);
      }
      manifest.requireCanonical(json);
      return manifest;
    } catch (JsonException e) {
      throw new PackageFormatException("manifest at " + e.getMessage() + "; nothing was read", e);
    } catch (IllegalArgumentException e) {
      throw new PackageFormatException(
          "manifest is malformed: " + e.getMessage() + "; nothing was read", e);
    }
  }

  private static Manifest parse(Json json, byte[] bytes) {
    Json annotations = json.get("annotations");
    int format = format(annotations.get(FORMAT_KEY));
    json.only("schemaVersion", "mediaType", "artifactType", "annotations", "config", "layers");
    if (format == 1) {
      annotations.only(FORMAT_KEY, MODEL_KEY, RUNTIME_KEY);
    }
    if (json.get("layers").items().size() > MOST_FILES) {
      throw json.get("layers").wanted("at most " + MOST_FILES + " files");
    }
    List<PackageFile> files = new ArrayList<>();
    List<Integer> versions = new ArrayList<>();
    for (Json layer : json.get("layers").items()) {
      layer.only("mediaType", "digest", "size", "annotations");
      Role role = role(format, layer);
      files.add(new PackageFile(
          layer.get("annotations").get(TITLE_KEY).text(),
          role,
          layer.get("size").integer(),
          Digest.parse(layer.get("digest").text())));
      versions.add(version(format, role, layer));
    }
    return new Manifest(
        format,
        requireName("model", annotations.get(MODEL_KEY).text()),
        requireName("runtime", annotations.get(RUNTIME_KEY).text()),
        files,
        versions,
        bytes);
  }

  private static int format(Json json) {
    String text = json.text();
    if (!text.matches("[1-9][0-9]{0,8}")) {
      throw json.wanted("a format number");
    }
    int format = Integer.parseInt(text);
    if (format > FORMAT) {
      throw new PackageFormatException(
          "package was written in format " + text + ", this library reads 1 to " + FORMAT
              + "; a newer one may read it",
          null);
    }
    return format;
  }

  private static Role role(int format, Json layer) {
    if (format > 1) {
      Json text = layer.get("annotations").get(ROLE_KEY);
      try {
        return Role.of(text.text());
      } catch (IllegalArgumentException e) {
        throw text.wanted("a role");
      }
    }
    String type = layer.get("mediaType").text();
    for (Role role : Role.known()) {
      if ((sections(1).contains(role) || !isSection(role))
          && mediaType(1, role, 1).equals(type)) {
        return role;
      }
    }
    throw layer.get("mediaType").wanted("the media type of a file of a package");
  }

  private static int version(int format, Role role, Json layer) {
    if (!sections(format).contains(role)) {
      return 0;
    }
    if (format == 1) {
      return 1;
    }
    Json text = layer.get("annotations").get(SECTION_KEY);
    if (!text.text().matches("[1-9][0-9]{0,8}")) {
      throw text.wanted("the version of a section");
    }
    return Integer.parseInt(text.text());
  }

  /**
   * Refuses bytes that a writer of this format would not have written. What a newer release adds, annotations and files of
   * other roles, is checked for its canonical form only.
   */
  private void requireCanonical(Json json) {
    Json same = written(format, model, runtime, files, versions);
    List<String> differing = new ArrayList<>();
    for (String key : List.of("schemaVersion", "mediaType", "artifactType", "config")) {
      if (!json.get(key).equals(same.get(key))) {
        differing.add(key);
      }
    }
    for (int i = 0; i < files.size(); i++) {
      Json layer = json.get("layers").items().get(i);
      Json wanted = same.get("layers").items().get(i);
      if (!layer
          .get("annotations")
          .find(PATH_KEY)
          .equals(wanted.get("annotations").find(PATH_KEY))) {
        differing.add("path of " + files.get(i).name());
      }
      // A newer version of a section may have another type; it is refused by its version.
      if (files.get(i).role().isKnown()
          && !layer.get("mediaType").equals(wanted.get("mediaType"))) {
        differing.add("mediaType of " + files.get(i).name());
      }
    }
    if (format == 1 && differing.isEmpty() && !json.equals(same)) {
      differing.add("annotations");
    }
    if (!differing.isEmpty() || !Arrays.equals(json.bytes(), bytes)) {
      throw new PackageFormatException(
          "manifest must be canonical, but its bytes differ from those that its content is written as"
              + (differing.isEmpty() ? "" : ", in " + String.join(", ", differing))
              + "; nothing was read",
          null);
    }
  }

  /** {@return one sentence for each rule that the files break together} */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    Map<String, String> names = new HashMap<>();
    long total = 0;
    for (int i = 0; i < files.size(); i++) {
      PackageFile file = files.get(i);
      String other = names.put(file.name().toLowerCase(Locale.ROOT), file.name());
      if (other != null) {
        problems.add("file " + file.name() + " must differ from " + other + " by more than case");
      } else if (i > 0 && files.get(i - 1).name().compareTo(file.name()) > 0) {
        problems.add("file " + file.name() + " must stand in the order of names");
      }
      boolean section = sections(format).contains(file.role());
      if (section && !file.name().equals(sectionName(file.role()))) {
        problems.add("file " + file.name() + " of role " + file.role() + " must be named "
            + sectionName(file.role()));
      } else if (!section && isSectionName(file.name())) {
        problems.add("file " + file.name() + " must not have the name of a section");
      } else if (format > 1
          && !section
          && file.role().isKnown()
          && file.name().startsWith(RESERVED)) {
        problems.add("file " + file.name() + " must not begin with " + RESERVED);
      }
      long most = most(file.role());
      if (file.size() > most) {
        problems.add("file " + file.name() + " must have at most " + most + " bytes, but has "
            + file.size());
      }
      total += Math.min(file.size(), MOST_WEIGHTS + 1);
    }
    if (files.size() > MOST_FILES) {
      problems.add("a package must have at most " + MOST_FILES + " files, but has " + files.size());
    }
    if (total > MOST_WEIGHTS) {
      problems.add("a package must have at most " + MOST_WEIGHTS + " bytes, but has more");
    }
    Set<Role> roles = new HashSet<>();
    files.forEach(file -> roles.add(file.role()));
    if (!roles.contains(Role.WEIGHTS)) {
      problems.add(NO_WEIGHTS);
    }
    if (!roles.contains(Role.SCHEMA)) {
      problems.add("the schema is missing");
    }
    return problems;
  }

  /**
   * {@return one sentence for each name that some file system could not hold beside the others, where the files are unpacked by
   * their names} Packages that were made before this was asked have them, and are read.
   */
  List<String> unpackable() {
    List<String> problems = new ArrayList<>();
    Map<String, String> folders = new HashMap<>();
    for (PackageFile file : files) {
      String name = file.name().toLowerCase(Locale.ROOT);
      for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
        folders.putIfAbsent(name.substring(0, slash), file.name());
      }
      for (String part : name.split("/", -1)) {
        if (part.endsWith(".") || part.matches(DEVICE)) {
          problems.add("file " + file.name()
              + " must have no part that ends with a dot or is a device name of Windows, such as "
              + part);
        }
      }
    }
    for (PackageFile file : files) {
      String inside = folders.get(file.name().toLowerCase(Locale.ROOT));
      if (inside != null) {
        problems.add("file " + file.name() + " must not be the folder of " + inside);
      }
    }
    return problems;
  }

  /** {@return how many bytes a file of a role may have} */
  static long most(Role role) {
    return role.equals(Role.DOCUMENT) || isSection(role) ? LONGEST_DOCUMENT : MOST_WEIGHTS;
  }

  private boolean isSectionName(String name) {
    return sections(format).stream().anyMatch(role -> sectionName(role).equalsIgnoreCase(name));
  }

  /** Refuses a name that a version store would refuse. */
  static String requireName(String what, String name) {
    if (!name.matches("[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
        || name.contains("..")
        || name.matches(DEVICE)) {
      throw new IllegalArgumentException(what
          + " must be 1 to 64 of a-z 0-9 . _ -, begin and end with a letter or digit, without .. and no device"
          + " name, but was \""
          + MlopsException.shown(name)
          + "\"");
    }
    return name;
  }
}
