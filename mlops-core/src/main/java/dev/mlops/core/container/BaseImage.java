package dev.mlops.core.container;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An image on the disk that another is built on: an OCI image layout as a folder or a tar, or what {@code docker save} writes.
 *
 * <p>Immutable.
 */
final class BaseImage {
  private static final int LONGEST_JSON = 4 << 20;
  private static final int DEEPEST_INDEX = 3;
  private static final int MOST_LAYERS = 500;

  private static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  private static final String DOCKER_MANIFEST =
      "application/vnd.docker.distribution.manifest.v2+json";
  private static final String DOCKER_LIST =
      "application/vnd.docker.distribution.manifest.list.v2+json";

  static final String TAR = "application/vnd.oci.image.layer.v1.tar";

  /** What a layer is called here, by what its base calls it. */
  private static final Map<String, String> LAYERS = Map.of(
      TAR,
      TAR,
      TAR + "+gzip",
      TAR + "+gzip",
      TAR + "+zstd",
      TAR + "+zstd",
      "application/vnd.docker.image.rootfs.diff.tar",
      TAR,
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
      TAR + "+gzip");

  /** A layer as the base has it, compressed or not. */
  record Layer(String type, Digest digest, long size, String diffId, String name) {}

  private final BaseFiles files;
  private final Json config;
  private final List<Layer> layers;
  private final Optional<Digest> manifest;

  private BaseImage(BaseFiles files, Json config, List<Layer> layers, Optional<Digest> manifest) {
    this.files = files;
    this.config = config;
    this.layers = List.copyOf(layers);
    this.manifest = manifest;
  }

  Json config() {
    return config;
  }

  List<Layer> layers() {
    return layers;
  }

  /** {@return the digest of its manifest; a docker archive has none} */
  Optional<Digest> manifest() {
    return manifest;
  }

  /** {@return the bytes of a layer, not verified} */
  SeekableByteChannel open(Layer layer) throws IOException {
    SeekableByteChannel found = files.open(layer.name());
    if (found == null) {
      throw refused("layer " + layer.digest() + " is missing");
    }
    return found;
  }

  /**
   * Reads a base; manifest and configuration are verified, layers when they are copied.
   *
   * @param architecture which of several images, as OCI names it
   */
  static BaseImage read(Path base, String architecture) throws IOException {
    BaseFiles files = BaseFiles.of(base);
    String where = "index.json";
    try {
      boolean layout;
      try (SeekableByteChannel index = files.open("index.json")) {
        layout = index != null;
      }
      where = layout ? "index.json" : "manifest.json";
      return layout ? ofLayout(files, architecture) : ofDocker(files);
    } catch (JsonException | IllegalArgumentException e) {
      throw new ImageFormatException(
          "no base image: " + where + " or what it leads to: " + e.getMessage()
              + "; nothing was written",
          e);
    }
  }

  // ---- an OCI image layout
  // ----------------------------------------------------------------------------------

  private static BaseImage ofLayout(BaseFiles files, String architecture) throws IOException {
    List<Json> found = new ArrayList<>();
    Json index = Json.parse(files.small("index.json", LONGEST_JSON), LONGEST_JSON);
    manifests(files, index, 1, found);
    Json chosen = chosen(found, architecture);
    Digest digest = Digest.parse(chosen.get("digest").text());
    Json manifest = blob(files, chosen);
    Json config = blob(files, manifest.get("config"));
    List<String> diffIds = diffIds(config);
    List<Json> listed = manifest.get("layers").items();
    requireSame(listed.size(), diffIds.size());
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < listed.size(); i++) {
      Json layer = listed.get(i);
      String type = LAYERS.get(layer.get("mediaType").text());
      if (type == null) {
        throw refused("layer " + i + " must be a tar, plain, gzip or zstd, but has the media type "
            + MlopsException.shown(layer.get("mediaType").text()));
      }
      Digest blob = Digest.parse(layer.get("digest").text());
      layers.add(new Layer(
          type, blob, layer.get("size").integer(), diffIds.get(i), "blobs/sha256/" + blob.hex()));
    }
    return new BaseImage(files, config, layers, Optional.of(digest));
  }

  /** Adds the manifests that an index lists, itself or in indexes that it lists. */
  private static void manifests(BaseFiles files, Json index, int depth, List<Json> found)
      throws IOException {
    for (Json listed : index.get("manifests").items()) {
      String type = listed.find("mediaType").map(Json::text).orElse(OCI_MANIFEST);
      if (type.equals(OCI_INDEX) || type.equals(DOCKER_LIST)) {
        if (depth == DEEPEST_INDEX) {
          throw refused("indexes must nest at most " + DEEPEST_INDEX + " deep");
        }
        manifests(files, blob(files, listed), depth + 1, found);
      } else if ((type.equals(OCI_MANIFEST) || type.equals(DOCKER_MANIFEST))
          && !platform(listed, "os").equals("unknown")) {
        found.add(listed);
      }
    }
  }

  private static Json chosen(List<Json> found, String architecture) {
    if (found.size() == 1) {
      return found.get(0);
    }
    List<Json> fitting = found.stream()
        .filter(one -> platform(one, "os").equals("linux")
            && platform(one, "architecture").equals(architecture))
        .toList();
    if (fitting.size() != 1) {
      throw refused("wanted one image for linux/" + architecture + ", got " + fitting.size()
          + " of "
          + found.stream()
              .map(one -> platform(one, "os") + "/" + platform(one, "architecture"))
              .toList());
    }
    return fitting.get(0);
  }

  private static String platform(Json listed, String key) {
    return listed
        .find("platform")
        .flatMap(platform -> platform.find(key))
        .map(text -> MlopsException.shown(text.text()))
        .orElse("none");
  }

  /** {@return the JSON that a descriptor leads to, compared with its size and digest before it is parsed} */
  private static Json blob(BaseFiles files, Json descriptor) throws IOException {
    Digest digest = Digest.parse(descriptor.get("digest").text());
    long size = descriptor.get("size").integer();
    byte[] bytes = files.small("blobs/sha256/" + digest.hex(), LONGEST_JSON);
    if (bytes.length != size || !Digest.of(bytes).equals(digest)) {
      throw refused("blob " + digest.abbreviated() + " has " + bytes.length + " bytes, sha256 "
          + Digest.of(bytes).abbreviated() + ", wanted " + size + " bytes");
    }
    return Json.parse(bytes, LONGEST_JSON);
  }

  // ---- what docker save writes
  // ------------------------------------------------------------------------------

  private static BaseImage ofDocker(BaseFiles files) throws IOException {
    List<Json> images =
        Json.parse(files.small("manifest.json", LONGEST_JSON), LONGEST_JSON).items();
    if (images.size() != 1) {
      throw refused("manifest.json must list one image, but lists " + images.size());
    }
    Json config =
        Json.parse(files.small(images.get(0).get("Config").text(), LONGEST_JSON), LONGEST_JSON);
    List<String> names = images.get(0).get("Layers").texts();
    List<String> diffIds = diffIds(config);
    requireSame(names.size(), diffIds.size());
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      layers.add(measured(files, names.get(i), diffIds.get(i)));
    }
    return new BaseImage(files, config, layers, Optional.empty());
  }

  private static Layer measured(BaseFiles files, String name, String diffId) throws IOException {
    try (SeekableByteChannel channel = files.open(name)) {
      if (channel == null) {
        throw refused("layer " + MlopsException.shown(name) + " is missing");
      }
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] step = new byte[1 << 16];
      int magic = 0;
      long size = 0;
      try (InputStream bytes = new DigestInputStream(Channels.newInputStream(channel), digest)) {
        for (int count = bytes.read(step); count >= 0; count = bytes.read(step)) {
          if (size == 0 && count > 1) {
            magic = ((step[0] & 0xff) << 8) | (step[1] & 0xff);
          }
          size += count;
        }
      }
      Digest found = Digest.parse("sha256:" + HexFormat.of().formatHex(digest.digest()));
      boolean gzip = magic == 0x1f8b;
      if (!gzip && !found.toString().equals(diffId)) {
        throw refused("layer " + MlopsException.shown(name) + " has " + found.abbreviated()
            + ", its configuration says " + MlopsException.shown(diffId));
      }
      return new Layer(gzip ? TAR + "+gzip" : TAR, found, size, diffId, name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  // ---- both
  // -------------------------------------------------------------------------------------------------

  private static List<String> diffIds(Json config) {
    List<String> diffIds = config.get("rootfs").get("diff_ids").texts();
    if (diffIds.size() > MOST_LAYERS) {
      throw refused(
          "an image must have at most " + MOST_LAYERS + " layers, but has " + diffIds.size());
    }
    diffIds.forEach(Digest::parse);
    String os = config.find("os").map(Json::text).orElse("linux");
    if (!os.equals("linux")) {
      throw refused("an image must be for linux, but is for " + MlopsException.shown(os));
    }
    return diffIds;
  }

  private static void requireSame(int layers, int diffIds) {
    if (layers != diffIds) {
      throw refused("wanted one diff_id for each layer, got " + diffIds + " for " + layers);
    }
  }

  static ImageFormatException refused(String how) {
    return new ImageFormatException("no base image: " + how + "; nothing was written", null);
  }

  /** {@return a member of the configuration that containers are started with, if it has it} */
  @Nullable
  Json started(String key) {
    return config
        .find("config")
        .filter(one -> !one.isNull())
        .flatMap(one -> one.find(key))
        .filter(one -> !one.isNull())
        .orElse(null);
  }
}
