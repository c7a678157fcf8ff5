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
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The description of a package: an OCI image manifest with the media types of the CNCF ModelPack specification 0.0.7,
 * and our own for the sections that it has no place for.
 *
 * @param model name of the model
 * @param runtime name of the runtime that loads it
 * @param files ordered by name
 */
record Manifest(String model, String runtime, List<PackageFile> files) {
  /** The format that this release writes, and the newest that it reads. */
  static final long FORMAT = 1;

  static final int MOST_BYTES = 4 << 20;
  static final int MOST_FILES = 1_000;
  /** Of a document or a section. */
  static final int LONGEST_DOCUMENT = 16 << 20;
  /** Of all files together: what one array can hold. */
  static final long MOST_WEIGHTS = Integer.MAX_VALUE - 8;

  static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
  static final String INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
  static final String ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json";
  private static final String CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json";

  private static final String FORMAT_KEY = "dev.mlops.format";
  private static final String MODEL_KEY = "dev.mlops.model";
  private static final String RUNTIME_KEY = "dev.mlops.runtime";
  private static final String TITLE_KEY = "org.opencontainers.image.title";
  private static final String PATH_KEY = "org.cncf.model.filepath";

  static String mediaType(Role role) {
    return switch (role) {
      case WEIGHTS -> "application/vnd.cncf.model.weight.v1.raw";
      case CONFIGURATION -> "application/vnd.cncf.model.weight.config.v1.raw";
      case DOCUMENT -> "application/vnd.cncf.model.doc.v1.raw";
      case SCHEMA -> "application/vnd.mlops.schema.v1+json";
      case BASELINE -> "application/vnd.mlops.baseline.v1+json";
      case EXAMPLES -> "application/vnd.mlops.examples.v1+json";
      case LIBRARIES -> "application/vnd.mlops.libraries.v1+json";
    };
  }

  /** {@return the only name that a section may have; weights and documents may have any other} */
  static String sectionName(Role role) {
    return role.name().toLowerCase(Locale.ROOT) + ".json";
  }

  static boolean isSection(Role role) {
    return role != Role.WEIGHTS && role != Role.DOCUMENT;
  }

  /** {@return the canonical bytes} */
  byte[] bytes() {
    byte[] config = config();
    return Json.of(Map.of(
            "schemaVersion",
            2,
            "mediaType",
            MANIFEST_TYPE,
            "artifactType",
            ARTIFACT_TYPE,
            "annotations",
            Map.of(FORMAT_KEY, Long.toString(FORMAT), MODEL_KEY, model, RUNTIME_KEY, runtime),
            "config",
            descriptor(CONFIG_TYPE, Digest.of(config), config.length, Map.of()),
            "layers",
            files.stream()
                .map(file -> descriptor(
                    mediaType(file.role()),
                    file.digest(),
                    file.size(),
                    Map.of(TITLE_KEY, file.name(), PATH_KEY, file.name())))
                .toList()))
        .bytes();
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
   * @throws PackageFormatException if it is not one that {@link #bytes()} of this release could have written
   */
  static Manifest parse(byte[] bytes) {
    try {
      Json json = Json.parse(bytes, MOST_BYTES);
      Manifest manifest = parse(json);
      manifest.requireWhole();
      if (!Arrays.equals(manifest.bytes(), bytes)) {
        throw new PackageFormatException(
            "manifest must be canonical, but its bytes differ from those that its content is written as; nothing was read",
            null);
      }
      return manifest;
    } catch (JsonException e) {
      throw new PackageFormatException("manifest at " + e.getMessage() + "; nothing was read", e);
    } catch (IllegalArgumentException e) {
      throw new PackageFormatException(
          "manifest is malformed: " + e.getMessage() + "; nothing was read", e);
    }
  }

  private static Manifest parse(Json json) {
    Json annotations = json.get("annotations");
    requireFormat(annotations.get(FORMAT_KEY));
    json.only("schemaVersion", "mediaType", "artifactType", "annotations", "config", "layers");
    annotations.only(FORMAT_KEY, MODEL_KEY, RUNTIME_KEY);
    if (json.get("layers").items().size() > MOST_FILES) {
      throw json.get("layers").wanted("at most " + MOST_FILES + " files");
    }
    List<PackageFile> files = new ArrayList<>();
    for (Json layer : json.get("layers").items()) {
      layer.only("mediaType", "digest", "size", "annotations");
      files.add(new PackageFile(
          layer.get("annotations").get(TITLE_KEY).text(),
          role(layer.get("mediaType")),
          layer.get("size").integer(),
          Digest.parse(layer.get("digest").text())));
    }
    return new Manifest(
        requireName("model", annotations.get(MODEL_KEY).text()),
        requireName("runtime", annotations.get(RUNTIME_KEY).text()),
        List.copyOf(files));
  }

  private static void requireFormat(Json json) {
    String text = json.text();
    if (!text.equals(Long.toString(FORMAT))) {
      throw text.matches("[1-9][0-9]{0,8}")
          ? new PackageFormatException(
              "package was written in format " + text + ", this library reads " + FORMAT
                  + "; a newer one may read it",
              null)
          : json.wanted("a format number");
    }
  }

  private static Role role(Json mediaType) {
    for (Role role : Role.values()) {
      if (mediaType(role).equals(mediaType.text())) {
        return role;
      }
    }
    throw mediaType.wanted("the media type of a file of a package");
  }

  /** Checks what a single file cannot show; the canonical form does not repeat it. */
  private void requireWhole() {
    List<String> problems = problems();
    if (!problems.isEmpty()) {
      throw new PackageFormatException(
          "manifest is not of a package: " + String.join("; ", problems) + "; nothing was read",
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
      if (isSection(file.role()) && !file.name().equals(sectionName(file.role()))) {
        problems.add("file " + file.name() + " of role " + file.role() + " must be named "
            + sectionName(file.role()));
      } else if (!isSection(file.role()) && isSectionName(file.name())) {
        problems.add("file " + file.name() + " must not have the name of a section");
      }
      long most = file.role() == Role.WEIGHTS ? MOST_WEIGHTS : LONGEST_DOCUMENT;
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
    if (files.stream().noneMatch(file -> file.role() == Role.WEIGHTS)) {
      problems.add("weights are missing");
    }
    if (files.stream().noneMatch(file -> file.role() == Role.SCHEMA)) {
      problems.add("the schema is missing");
    }
    return problems;
  }

  private static boolean isSectionName(String name) {
    return Arrays.stream(Role.values())
        .anyMatch(role -> isSection(role) && sectionName(role).equalsIgnoreCase(name));
  }

  /** Refuses a name that a version store would refuse. */
  static String requireName(String what, String name) {
    if (!name.matches("[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
        || name.contains("..")
        || name.matches("(con|prn|aux|nul|(com|lpt)[1-9])(\\..*)?")) {
      throw new IllegalArgumentException(what
          + " must be 1 to 64 of a-z 0-9 . _ -, begin and end with a letter or digit, without .. and no device"
          + " name, but was \""
          + MlopsException.shown(name)
          + "\"");
    }
    return name;
  }
}
