package dev.mlops.core.container;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.tar.CommonsCompress;
import dev.mlops.core.pack.FilePackage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A container image of a package, written without a daemon and without a network.
 *
 * <p>{@code ContainerImage.of(fraud).write(folder)} makes an image that holds the package under {@code /models} and nothing else:
 * to be mounted into another, or copied from. With a base, a class path and an entry point it becomes an image that runs:
 *
 * <pre>{@code
 * ContainerImage.of(fraud)
 *     .on(Path.of("jre.tar"))
 *     .classPath(jars)
 *     .entryPoint("com.acme.Serve")
 *     .write(Path.of("image"));
 * }</pre>
 *
 * <p>An image that runs has a layer for the jars that the package lists as libraries (under {@code /app/lib}), one for the rest of
 * the class path (under {@code /app/host} and {@code /app/classes}), and one for the model: a new model changes one layer. It
 * starts as user 65532, who is not root.
 *
 * <p>Under {@code /models} each file of the package has its own name, and {@code FilePackage.read(Path.of("/models"))} reads the
 * package.
 *
 * <p>The same inputs give the same bytes on every machine: layers are not compressed, times are 1970, owners are 0, and the
 * image is for {@code linux/amd64} unless {@link #architecture} says otherwise. What is written is written beside its target
 * and moved there once it is on the disk; a crash may leave a folder or file whose name begins with {@code .mlops-}.
 *
 * <p>Needs {@code org.apache.commons:commons-compress} on the class path; mlops-core declares it as optional.
 *
 * <p>Immutable; each method gives another image. Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class ContainerImage {
  private static final String CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
  private static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
  private static final String INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
  private static final String EPOCH = "1970-01-01T00:00:00Z";
  private static final String LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}";

  private final ModelPackage source;
  private @Nullable Path base;
  private List<Path> classPath = List.of();
  private @Nullable String mainClass;
  private String java = "java";
  private List<String> options = List.of();
  private List<String> arguments = List.of();
  private Map<String, String> variables = Map.of();
  private Map<String, String> labels = Map.of();
  private String user = "65532:65532";
  private String architecture = "amd64";
  private String tag = "latest";

  private ContainerImage(ModelPackage source) {
    this.source = requireNonNull(source, "source");
  }

  private ContainerImage with(Consumer<ContainerImage> change) {
    ContainerImage copy = new ContainerImage(source);
    copy.base = base;
    copy.classPath = classPath;
    copy.mainClass = mainClass;
    copy.java = java;
    copy.options = options;
    copy.arguments = arguments;
    copy.variables = variables;
    copy.labels = labels;
    copy.user = user;
    copy.architecture = architecture;
    copy.tag = tag;
    change.accept(copy);
    return copy;
  }

  /**
   * {@return an image that holds a package under {@code /models} and nothing else}
   *
   * @param source of the kind that {@link FilePackage} reads
   */
  public static ContainerImage of(ModelPackage source) {
    return new ContainerImage(source);
  }

  /**
   * {@return this image on top of another, which has a Java runtime}
   *
   * @param base an OCI image layout, as a folder or a tar, or what {@code docker save} writes; read when this is written
   */
  public ContainerImage on(Path base) {
    requireNonNull(base, "base");
    return with(copy -> copy.base = base);
  }

  /**
   * {@return this image with a class path; there is none by default}
   *
   * @param parts jars and folders of classes, in the order of the class path; read when this is written
   */
  public ContainerImage classPath(Collection<Path> parts) {
    return with(copy -> copy.classPath = List.copyOf(parts));
  }

  /**
   * {@return this image with the class whose {@code main} is started}
   *
   * @param mainClass its full name, such as {@code com.acme.Serve}
   * @throws IllegalArgumentException if it is no name of a class
   */
  public ContainerImage entryPoint(String mainClass) {
    if (!mainClass.matches("[\\p{L}_$][\\p{L}\\p{N}_$]*(\\.[\\p{L}_$][\\p{L}\\p{N}_$]*)*")) {
      throw new IllegalArgumentException("the entry point must be the name of a class, but was \""
          + MlopsException.shown(mainClass) + "\"");
    }
    return with(copy -> copy.mainClass = mainClass);
  }

  /**
   * {@return this image with a program that starts Java; {@code java}, found on the base's path, by default}
   *
   * @param program such as {@code /opt/java/bin/java}
   * @throws IllegalArgumentException if it is blank
   */
  public ContainerImage java(String program) {
    requireText("the program", program);
    if (program.isBlank()) {
      throw new IllegalArgumentException("the program that starts Java must not be blank");
    }
    return with(copy -> copy.java = program);
  }

  /**
   * {@return this image with options of the Java runtime; none by default}
   *
   * @param options such as {@code -Xmx512m}
   */
  public ContainerImage javaOptions(String... options) {
    List<String> all = List.of(options);
    all.forEach(option -> requireText("an option", option));
    return with(copy -> copy.options = all);
  }

  /**
   * {@return this image with arguments of {@code main}, which the one who starts a container may replace; none by default}
   *
   * @param arguments any
   */
  public ContainerImage arguments(String... arguments) {
    List<String> all = List.of(arguments);
    all.forEach(argument -> requireText("an argument", argument));
    return with(copy -> copy.arguments = all);
  }

  /**
   * {@return this image with one more environment variable, over one of the base of the same name}
   *
   * <p>Anybody who has the image can read it: no secret.
   *
   * @param name letters, digits and {@code _}, not beginning with a digit
   * @param value any
   * @throws IllegalArgumentException if the name has another form
   */
  public ContainerImage variable(String name, String value) {
    if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
      throw new IllegalArgumentException(
          "the name of an environment variable must be letters, digits"
              + " and _, and not begin with a digit, but was \"" + MlopsException.shown(name)
              + "\"");
    }
    requireText("the value of " + name, value);
    return with(copy -> copy.variables = more(variables, name, value));
  }

  /**
   * {@return this image with one more label}
   *
   * @param name such as {@code com.acme.team}; not empty
   * @param value any
   */
  public ContainerImage label(String name, String value) {
    requireText("the name of a label", name);
    requireText("the value of label " + MlopsException.shown(name), value);
    if (name.isEmpty()) {
      throw new IllegalArgumentException("the name of a label must not be empty");
    }
    return with(copy -> copy.labels = more(labels, name, value));
  }

  /**
   * {@return this image, started as another user; {@code 65532:65532} by default}
   *
   * @param user a name or number, and a group after a colon if wanted
   * @throws IllegalArgumentException if it is root, or has another form
   */
  public ContainerImage user(String user) {
    String part =
        "([a-z_][a-z0-9_-]*|[0-9]{1,9})"; // a name that begins with a digit is read as a number
    if (!user.matches(part + "(:" + part + ")?") || user.matches("(root|0+)(:.*)?")) {
      throw new IllegalArgumentException(
          "the user must be a name or number other than root, with a group after a colon if wanted,"
              + " but was \"" + MlopsException.shown(user) + "\"");
    }
    return with(copy -> copy.user = user);
  }

  /**
   * {@return this image for another processor; {@code amd64} by default}
   *
   * @param architecture as OCI names it, such as {@code arm64}; of a base with several images it says which
   */
  public ContainerImage architecture(String architecture) {
    if (!architecture.matches("[a-z0-9]+")) {
      throw new IllegalArgumentException(
          "the architecture must be letters and digits such as amd64, but was \""
              + MlopsException.shown(architecture) + "\"");
    }
    return with(copy -> copy.architecture = architecture);
  }

  /**
   * {@return this image with another tag; {@code latest} by default}
   *
   * @param tag letters, digits, {@code . _ -}, at most 128, beginning with a letter, a digit or {@code _}
   */
  public ContainerImage tag(String tag) {
    if (!tag.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")) {
      throw new IllegalArgumentException(
          "a tag must be letters, digits, . _ -, at most 128, but was \""
              + MlopsException.shown(tag) + "\"");
    }
    return with(copy -> copy.tag = tag);
  }

  private static Map<String, String> more(Map<String, String> before, String name, String value) {
    Map<String, String> after = new TreeMap<>(before);
    after.put(name, value);
    return Map.copyOf(after);
  }

  private static void requireText(String what, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(what + " must not hold a zero character");
    }
  }

  // ---- writing
  // --------------------------------------------------------------------------------------------

  /**
   * Writes the image as an OCI image layout.
   *
   * @param folder absent or empty; the folder above it must exist
   * @return the digest of its manifest
   * @throws IllegalArgumentException if the folder holds anything, an entry point is missing or has no base, or a part of the
   *     class path is missing; nothing was written
   * @throws ImageFormatException if the base is no image or is damaged; nothing was written
   * @throws dev.mlops.api.pack.PackageIntegrityException if the package's bytes are not what its manifest lists; nothing was
   *     written
   * @throws UncheckedIOException if the disk cannot be read or written; nothing was written
   */
  public Digest write(Path folder) {
    return write(folder, true);
  }

  /**
   * Writes the image as one tar: an OCI image layout that {@code docker load} takes too.
   *
   * @param file absent; the folder above it must exist
   * @return the digest of its manifest
   * @throws IllegalArgumentException if the file exists, or as {@link #write} says; nothing was written
   * @throws ImageFormatException as {@link #write} says
   * @throws UncheckedIOException as {@link #write} says
   */
  public Digest writeArchive(Path file) {
    return write(file, false);
  }

  private Digest write(Path target, boolean folder) {
    CommonsCompress.require("a container image");
    requireRunnable(base != null, "a base");
    FilePackage known = FilePackage.of(source);
    try {
      BaseImage under = base == null ? null : BaseImage.read(base, architecture);
      Layers.ClassPath divided = Layers.divided(known, classPath);
      try (Output out = Output.beside(target, folder)) {
        Digest digest = image(known, under, divided, out);
        if (folder) {
          out.finish();
        } else {
          out.finishAsTar(List.of("oci-layout", "index.json", "manifest.json"));
        }
        return digest;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "could not write the image of package " + known.model() + " sha256:"
              + known.digest().abbreviated() + "; nothing was written",
          e);
    }
  }

  private void requireRunnable(boolean hasBase, String what) {
    if (hasBase && mainClass == null) {
      throw new IllegalArgumentException(
          "an image on " + what + " must have an entry point, but has none; nothing was written");
    }
    if (!hasBase && (mainClass != null || !classPath.isEmpty())) {
      throw new IllegalArgumentException("an image with a class path or an entry point must have "
          + what + ", but has none; nothing was written");
    }
    if (mainClass != null && classPath.isEmpty()) {
      throw new IllegalArgumentException(
          "an image with an entry point must have a class path, but has none; nothing was written");
    }
  }

  private Digest image(
      FilePackage known, @Nullable BaseImage under, Layers.ClassPath divided, Output out)
      throws IOException {
    List<Map<String, Object>> layers = new ArrayList<>();
    List<String> diffIds = new ArrayList<>();
    List<Object> history = new ArrayList<>();
    if (under != null) {
      for (BaseImage.Layer layer : under.layers()) {
        try (SeekableByteChannel bytes = under.open(layer)) {
          out.blob(to -> Output.verified(
              bytes, layer.digest(), layer.size(), "layer " + layer.digest().abbreviated(), to));
        }
        layers.add(descriptor(layer.type(), layer.digest(), layer.size()));
        diffIds.add(layer.diffId());
      }
      under
          .config()
          .find("history")
          .filter(one -> !one.isNull())
          .ifPresent(past -> history.addAll(past.items()));
    }
    if (!divided.libraries().isEmpty()) {
      layer(
          "libraries", to -> Layers.files(divided.libraries(), to), layers, diffIds, history, out);
    }
    if (!divided.host().isEmpty()) {
      layer("class path", to -> Layers.files(divided.host(), to), layers, diffIds, history, out);
    }
    layer(
        "model " + known.model() + " " + known.digest(),
        to -> Layers.model(known, to),
        layers,
        diffIds,
        history,
        out);
    Output.Blob config = out.blob(
        Json.of(config(known, under, divided.entries(), diffIds, history)).bytes());
    Map<String, Object> manifest = new HashMap<>(Map.of(
        "schemaVersion",
        2,
        "mediaType",
        MANIFEST_TYPE,
        "config",
        descriptor(CONFIG_TYPE, config.digest(), config.size()),
        "layers",
        layers));
    if (under != null && under.manifest().isPresent()) {
      manifest.put(
          "annotations",
          Map.of("org.opencontainers.image.base.digest", under.manifest().get().toString()));
    }
    Output.Blob written = out.blob(Json.of(manifest).bytes());
    Map<String, Object> listed =
        new HashMap<>(descriptor(MANIFEST_TYPE, written.digest(), written.size()));
    listed.put("annotations", Map.of("org.opencontainers.image.ref.name", tag));
    listed.put("platform", Map.of("os", "linux", "architecture", built(under)));
    out.file(
        "index.json",
        Json.of(Map.of("schemaVersion", 2, "mediaType", INDEX_TYPE, "manifests", List.of(listed)))
            .bytes());
    out.file("oci-layout", LAYOUT.getBytes(UTF_8));
    out.file("manifest.json", docker(known.model(), config.digest(), layers));
    return written.digest();
  }

  /** What {@code docker load} reads first, in every release. */
  private byte[] docker(String model, Digest config, List<Map<String, Object>> layers) {
    List<String> paths = layers.stream()
        .map(layer -> blob(String.valueOf(layer.get("digest")).substring("sha256:".length())))
        .toList();
    boolean named = model.matches("[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*");
    return Json.of(List.of(Map.of(
            "Config",
            blob(config.hex()),
            "RepoTags",
            named ? List.of(model + ":" + tag) : List.of(),
            "Layers",
            paths)))
        .bytes();
  }

  private static String blob(String hex) {
    return "blobs/sha256/" + hex;
  }

  private static void layer(
      String what,
      Output.Content content,
      List<Map<String, Object>> layers,
      List<String> diffIds,
      List<Object> history,
      Output out)
      throws IOException {
    Output.Blob blob = out.blob(content);
    layers.add(descriptor(BaseImage.TAR, blob.digest(), blob.size()));
    diffIds.add(blob.digest().toString()); // not compressed
    history.add(Map.of("created", EPOCH, "created_by", "mlops: " + what));
  }

  private static Map<String, Object> descriptor(String type, Digest digest, long size) {
    return Map.of("mediaType", type, "digest", digest.toString(), "size", size);
  }

  private String built(@Nullable BaseImage under) {
    return under == null
        ? architecture
        : under.config().find("architecture").map(Json::text).orElse(architecture);
  }

  private Map<String, Object> config(
      FilePackage known,
      @Nullable BaseImage under,
      List<String> entries,
      List<String> diffIds,
      List<Object> history) {
    Map<String, Object> config = new HashMap<>();
    if (under != null) {
      for (String key : List.of("variant", "os.version", "os.features")) {
        under.config().find(key).ifPresent(value -> config.put(key, value));
      }
    }
    config.put("architecture", built(under));
    config.put("os", "linux");
    config.put("created", EPOCH);
    config.put("rootfs", Map.of("type", "layers", "diff_ids", diffIds));
    config.put("history", history);
    Map<String, Object> started = new HashMap<>();
    Map<String, String> named = new TreeMap<>();
    if (under != null) {
      for (String key :
          List.of("WorkingDir", "ExposedPorts", "Volumes", "StopSignal", "Shell", "ArgsEscaped")) {
        Json value = under.started(key);
        if (value != null) {
          started.put(key, value);
        }
      }
      Json inherited = under.started("Labels");
      if (inherited != null) {
        inherited.keys().forEach(key -> named.put(key, inherited.get(key).text()));
      }
      started.put("Env", environment(under.started("Env")));
      started.put("Entrypoint", command(entries));
      if (!arguments.isEmpty()) {
        started.put("Cmd", arguments);
      }
      started.put("User", user);
    } else if (!variables.isEmpty()) {
      started.put("Env", environment(null));
    }
    named.putAll(labels(known));
    started.put("Labels", named);
    config.put("config", started);
    return config;
  }

  private Map<String, String> labels(FilePackage known) {
    Map<String, String> all = new TreeMap<>();
    all.put("org.opencontainers.image.title", known.model());
    all.put("dev.mlops.model", known.model());
    all.put("dev.mlops.runtime", known.runtime());
    all.put("dev.mlops.package", known.digest().toString());
    all.putAll(labels);
    return all;
  }

  private List<String> environment(@Nullable Json inherited) {
    List<String> all = new ArrayList<>();
    if (inherited != null) {
      for (String one : inherited.texts()) {
        if (!variables.containsKey(one.split("=", 2)[0])) {
          all.add(one);
        }
      }
    }
    new TreeMap<>(variables).forEach((name, value) -> all.add(name + "=" + value));
    return all;
  }

  private List<String> command(List<String> entries) {
    List<String> command = new ArrayList<>();
    command.add(java);
    command.addAll(options);
    command.add("-cp");
    command.add(String.join(":", entries));
    command.add(requireNonNull(mainClass));
    return command;
  }

  // ---- a build context
  // ------------------------------------------------------------------------------------

  /**
   * Writes a build context: the layers as tars, and a {@code Containerfile} that adds them to a base of the builder's own.
   *
   * <p>{@code docker build -f Containerfile <folder>} then makes the image. {@link #on} and {@link #architecture} have no say
   * here: the builder fetches the base.
   *
   * @param folder absent or empty; the folder above it must exist
   * @param from the base as the builder names it
   * @throws IllegalArgumentException if the folder holds anything, an entry point is missing, a part of the class path is
   *     missing, or a name or value holds a line break; nothing was written
   * @throws UncheckedIOException if the disk cannot be read or written; nothing was written
   */
  public void writeContext(Path folder, String from) {
    if (!from.matches("[A-Za-z0-9][A-Za-z0-9._:/@+-]*")) {
      throw new IllegalArgumentException("the base must be named as a builder names it, but was \""
          + MlopsException.shown(from) + "\"; nothing was written");
    }
    CommonsCompress.require("a container image");
    requireRunnable(true, "a base");
    FilePackage known = FilePackage.of(source);
    try {
      Layers.ClassPath divided = Layers.divided(known, classPath);
      StringBuilder file = new StringBuilder("FROM ").append(from).append('\n');
      new TreeMap<>(labels(known))
          .forEach((name, value) -> file.append("LABEL ")
              .append(quoted(name))
              .append('=')
              .append(quoted(value))
              .append('\n'));
      new TreeMap<>(variables)
          .forEach((name, value) ->
              file.append("ENV ").append(name).append('=').append(quoted(value)).append('\n'));
      if (!divided.libraries().isEmpty()) {
        file.append("ADD libraries.tar /\n");
      }
      file.append("ADD host.tar /\nADD model.tar /\nUSER ").append(user).append('\n');
      file.append("ENTRYPOINT ").append(json(command(divided.entries()))).append('\n');
      file.append("CMD ").append(json(arguments)).append('\n');
      try (Output out = Output.beside(folder, true)) {
        if (!divided.libraries().isEmpty()) {
          out.file("libraries.tar", to -> Layers.files(divided.libraries(), to));
        }
        out.file("host.tar", to -> Layers.files(divided.host(), to));
        out.file("model.tar", to -> Layers.model(known, to));
        out.file("Containerfile", file.toString().getBytes(UTF_8));
        out.finish();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "could not write the build context of package " + known.model() + " sha256:"
              + known.digest().abbreviated() + "; nothing was written",
          e);
    }
  }

  private static String json(List<String> texts) {
    return new String(Json.of(texts).bytes(), UTF_8);
  }

  /** A text as a Containerfile takes it: the builder replaces nothing in it. */
  private static String quoted(String text) {
    if (text.chars().anyMatch(c -> c < ' ')) {
      throw new IllegalArgumentException("a Containerfile holds no line breaks or control"
          + " characters in names and values, but one was \"" + MlopsException.shown(text)
          + "\"; nothing was written");
    }
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("$", "\\$") + '"';
  }

  /** {@return such as {@code image of fraud, java com.acme.Serve}} */
  @Override
  public String toString() {
    return "image of " + source.model() + (mainClass == null ? "" : ", java " + mainClass);
  }
}
