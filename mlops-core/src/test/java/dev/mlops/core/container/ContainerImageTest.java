package dev.mlops.core.container;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.core.internal.guard.Allocated;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.tar.TarWriter;
import dev.mlops.core.pack.FilePackage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContainerImageTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));
  private static final byte[] LIBRARY = "bytes of a library".getBytes(UTF_8);
  private static final String LONG = "docs/" + "long".repeat(40) + ".txt";

  @TempDir
  Path folder;

  private Path jars;

  @BeforeEach
  void classPath() throws IOException {
    jars = Files.createDirectories(folder.resolve("in"));
    Files.write(jars.resolve("lib.jar"), LIBRARY);
    Files.write(jars.resolve("serve.jar"), "bytes of the host".getBytes(UTF_8));
    Path classes = Files.createDirectories(jars.resolve("classes/com/acme"));
    Files.write(classes.resolve("Serve.class"), new byte[] {1, 2, 3});
    Files.write(jars.resolve("classes/größe.properties"), new byte[] {4});
  }

  private static FilePackage fraud(String weights) {
    return FilePackage.builder("fraud", SCHEMA)
        .runtime("mine")
        .weights("model.bin", weights.getBytes(UTF_8))
        .weights("parts/second.bin", weights.getBytes(UTF_8))
        .document(LONG, "a long name")
        .library(Library.of("org.acme:lib", "1").inFile("lib.jar", Digest.of(LIBRARY)))
        .build();
  }

  private List<Path> parts() {
    return List.of(jars.resolve("classes"), jars.resolve("lib.jar"), jars.resolve("serve.jar"));
  }

  private ContainerImage runnable(FilePackage source, Path base) {
    return ContainerImage.of(source).on(base).classPath(parts()).entryPoint("com.acme.Serve");
  }

  // ---- bases

  private static byte[] layer(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      TarWriter tar = new TarWriter(out);
      tar.file(name, name.getBytes(UTF_8));
      tar.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] configuration() {
    return Json.of(Map.of(
            "architecture",
            "amd64",
            "os",
            "linux",
            "config",
            Map.of(
                "Env", List.of("PATH=/usr/bin", "TZ=UTC"),
                "User", "root",
                "WorkingDir", "/work",
                "Labels", Map.of("base", "yes"),
                "Cmd", List.of("sh")),
            "history",
            List.of(Map.of("created_by", "base")),
            "rootfs",
            Map.of(
                "type",
                "layers",
                "diff_ids",
                List.of(
                    Digest.of(layer("first")).toString(),
                    Digest.of(layer("second")).toString()))))
        .bytes();
  }

  /** The files of an OCI image layout with one plain and one gzip layer. */
  private static Map<String, byte[]> base() {
    Map<String, byte[]> files = new TreeMap<>();
    List<Object> layers = new ArrayList<>();
    for (byte[] bytes : List.of(layer("first"), gzip(layer("second")))) {
      layers.add(Map.of(
          "mediaType",
          "application/vnd.oci.image.layer.v1.tar" + (bytes[0] == 0x1f ? "+gzip" : ""),
          "digest",
          put(files, bytes).toString(),
          "size",
          bytes.length));
    }
    byte[] manifest = Json.of(Map.of(
            "schemaVersion",
            2,
            "config",
            Map.of(
                "mediaType",
                "application/vnd.oci.image.config.v1+json",
                "digest",
                put(files, configuration()).toString(),
                "size",
                configuration().length),
            "layers",
            layers))
        .bytes();
    files.put("index.json", index(descriptor(put(files, manifest), manifest.length, "amd64")));
    files.put("oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}".getBytes(UTF_8));
    return files;
  }

  private static Map<String, Object> descriptor(Digest digest, int size, String architecture) {
    return Map.of(
        "mediaType",
        "application/vnd.oci.image.manifest.v1+json",
        "digest",
        digest.toString(),
        "size",
        size,
        "platform",
        Map.of("os", "linux", "architecture", architecture));
  }

  private static byte[] index(Object... manifests) {
    return Json.of(Map.of("schemaVersion", 2, "manifests", List.of(manifests))).bytes();
  }

  private static Digest put(Map<String, byte[]> files, byte[] bytes) {
    files.put("blobs/sha256/" + Digest.of(bytes).hex(), bytes);
    return Digest.of(bytes);
  }

  private Path inFolder(Map<String, byte[]> files) {
    Path base = folder.resolve("base-" + Integer.toHexString(System.identityHashCode(files)));
    try {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Path path = base.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.write(path, file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return base;
  }

  private Path inTar(String name, Map<String, byte[]> files) throws IOException {
    Path base = folder.resolve(name);
    try (var out = Files.newOutputStream(base)) {
      TarWriter tar = new TarWriter(out);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        tar.file(file.getKey(), file.getValue());
      }
      tar.finish();
    }
    return base;
  }

  // ---- reading what was written

  private static byte[] blob(Path image, Json descriptor) throws IOException {
    Digest digest = Digest.parse(descriptor.get("digest").text());
    byte[] bytes = Files.readAllBytes(image.resolve("blobs/sha256").resolve(digest.hex()));
    assertThat(Digest.of(bytes)).isEqualTo(digest);
    assertThat((long) bytes.length).isEqualTo(descriptor.get("size").integer());
    return bytes;
  }

  private static Json json(byte[] bytes) {
    return Json.parse(bytes, 1 << 24);
  }

  private static Json manifest(Path image) throws IOException {
    Json index = json(Files.readAllBytes(image.resolve("index.json")));
    assertThat(index.get("manifests").items()).hasSize(1);
    return json(blob(image, index.get("manifests").items().get(0)));
  }

  private static Json config(Path image) throws IOException {
    return json(blob(image, manifest(image).get("config")));
  }

  /** What a layer holds: contents of files, {@code -> target} of links, and names of folders that end with a slash. */
  private static Map<String, String> content(byte[] layer) throws IOException {
    Map<String, String> content = new LinkedHashMap<>();
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new ByteArrayInputStream(layer))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        content.put(
            entry.getName(),
            entry.isLink() ? "-> " + entry.getLinkName() : new String(tar.readAllBytes(), UTF_8));
        assertThat(entry.getLongUserId() + entry.getLongGroupId()).isZero();
        assertThat(entry.getLastModifiedTime().toMillis()).isZero();
      }
    }
    return content;
  }

  /** Unpacks layers as a container runtime does. */
  private Path unpacked(Path image) throws IOException {
    Path root = folder.resolve("root");
    for (Json layer : manifest(image).get("layers").items()) {
      InputStream bytes = new ByteArrayInputStream(blob(image, layer));
      if (layer.get("mediaType").text().endsWith("gzip")) {
        bytes = new GZIPInputStream(bytes);
      }
      try (TarArchiveInputStream tar = new TarArchiveInputStream(bytes)) {
        for (TarArchiveEntry one = tar.getNextEntry(); one != null; one = tar.getNextEntry()) {
          Path target = root.resolve(one.getName());
          if (one.isDirectory()) {
            Files.createDirectories(target);
          } else if (one.isLink()) {
            Files.createLink(target, root.resolve(one.getLinkName()));
          } else {
            Files.createDirectories(target.getParent());
            Files.copy(tar, target);
          }
        }
      }
    }
    return root;
  }

  private static List<String> names(Path parent) {
    return Arrays.stream(parent.toFile().list()).sorted().toList();
  }

  // ---- the image of a model alone

  @Test
  void anImageHoldsThePackageUnderModels() throws IOException {
    FilePackage made = fraud("weights");
    Path image = folder.resolve("image");
    Digest digest = ContainerImage.of(made).label("team", "risk").write(image);

    Json index = json(Files.readAllBytes(image.resolve("index.json")));
    assertThat(index.get("manifests").items().get(0).get("digest").text())
        .isEqualTo(digest.toString());
    assertThat(manifest(image).get("layers").items()).hasSize(1);
    Json config = config(image);
    assertThat(config.get("os").text() + "/" + config.get("architecture").text())
        .isEqualTo("linux/amd64");
    assertThat(config.get("rootfs").get("diff_ids").texts())
        .containsExactly(
            manifest(image).get("layers").items().get(0).get("digest").text());
    assertThat(config.get("config").get("Labels").get("dev.mlops.package").text())
        .isEqualTo(made.digest().toString());
    assertThat(config.get("config").get("Labels").get("team").text()).isEqualTo("risk");

    Path root = unpacked(image);
    FilePackage read = FilePackage.read(root.resolve("models"));
    assertThat(read).isEqualTo(made);
    for (PackageFile file : made.files()) {
      assertThat(root.resolve("models").resolve(file.name())).hasBinaryContent(made.read(file));
    }
    assertThat(names(root)).containsExactly("models");
  }

  @Test
  void aFileOfAnImageTakesRoomOnce() throws IOException {
    Path image = folder.resolve("image");
    ContainerImage.of(fraud("weights")).write(image);
    Map<String, String> content =
        content(blob(image, manifest(image).get("layers").items().get(0)));
    assertThat(content.values().stream().filter("weights"::equals)).hasSize(1);
    String blob =
        "models/.mlops/blobs/sha256/" + Digest.of("weights".getBytes(UTF_8)).hex();
    assertThat(content)
        .containsEntry("models/model.bin", "-> " + blob)
        .containsEntry("models/parts/second.bin", "-> " + blob)
        .containsKeys("models/", "models/parts/", "models/.mlops/blobs/sha256/", "models/" + LONG);
  }

  @Test
  void aNameThatThePackageItselfHasInAnImageIsRefused() {
    FilePackage made = FilePackage.builder("fraud", SCHEMA)
        .runtime("mine")
        .weights(".mlops/index.json", new byte[0])
        .build();
    assertThatThrownBy(() -> ContainerImage.of(made).write(folder.resolve("image")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(".mlops/index.json");
    assertThat(names(folder)).containsExactly("in");
  }

  /** Packages of before, and of others, may have such names; an image could not be unpacked. */
  @Test
  void aFileThatIsAFolderOfAnotherIsRefused() {
    FilePackage other = FilePackage.builder("fraud", SCHEMA)
        .runtime("mine")
        .weights("a", new byte[] {1})
        .weights("a.b", new byte[] {2})
        .build();
    Map<Digest, byte[]> blobs = new HashMap<>();
    other.files().forEach(file -> blobs.put(file.digest(), other.read(file)));
    FilePackage made = FilePackage.of(
        new String(other.manifest(), UTF_8).replace("\"a.b\"", "\"a/b\"").getBytes(UTF_8),
        blobs::get);
    assertThatThrownBy(() -> ContainerImage.of(made).write(folder.resolve("image")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("file a must not be", "nothing was written");
    assertThat(names(folder)).containsExactly("in");
  }

  // ---- the image that runs

  @Test
  void anImageThatRunsHasALayerForEachKindOnTopOfItsBase() throws IOException {
    Path image = folder.resolve("image");
    runnable(fraud("weights"), inFolder(base()))
        .javaOptions("-Xmx64m")
        .arguments("--port", "8080")
        .variable("TZ", "Europe/Berlin")
        .variable("MODE", "a b")
        .write(image);

    List<Json> layers = manifest(image).get("layers").items();
    assertThat(layers).hasSize(5);
    assertThat(layers.get(1).get("mediaType").text()).endsWith("+gzip");
    assertThat(content(blob(image, layers.get(2))))
        .containsOnlyKeys("app/", "app/lib/", "app/lib/lib.jar")
        .containsEntry("app/lib/lib.jar", new String(LIBRARY, UTF_8));
    assertThat(content(blob(image, layers.get(3))).keySet())
        .containsExactly(
            "app/",
            "app/classes/",
            "app/classes/0/",
            "app/classes/0/com/",
            "app/classes/0/com/acme/",
            "app/host/",
            "app/classes/0/com/acme/Serve.class",
            "app/classes/0/größe.properties",
            "app/host/serve.jar");
    assertThat(content(blob(image, layers.get(4)))).containsKey("models/model.bin");

    Json config = config(image);
    assertThat(config.get("rootfs").get("diff_ids").texts())
        .startsWith(
            Digest.of(layer("first")).toString(), Digest.of(layer("second")).toString())
        .hasSize(5);
    assertThat(config.get("history").items()).hasSize(4);
    Json started = config.get("config");
    assertThat(started.get("Entrypoint").texts())
        .containsExactly(
            "java",
            "-Xmx64m",
            "-cp",
            "/app/classes/0:/app/lib/lib.jar:/app/host/serve.jar",
            "com.acme.Serve");
    assertThat(started.get("Cmd").texts()).containsExactly("--port", "8080");
    assertThat(started.get("Env").texts())
        .containsExactly("PATH=/usr/bin", "MODE=a b", "TZ=Europe/Berlin");
    assertThat(started.get("User").text()).isEqualTo("65532:65532");
    assertThat(started.get("WorkingDir").text()).isEqualTo("/work");
    assertThat(started.get("Labels").get("base").text()).isEqualTo("yes");
    assertThat(manifest(image).get("annotations").keys())
        .containsExactly("org.opencontainers.image.base.digest");
  }

  @Test
  void aNewModelChangesOneLayer() throws IOException {
    Path base = inFolder(base());
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    runnable(fraud("weights"), base).write(one);
    runnable(fraud("other weights"), base).write(two);
    List<String> before = digests(one);
    List<String> after = digests(two);
    assertThat(after.subList(0, 4)).isEqualTo(before.subList(0, 4));
    assertThat(after.get(4)).isNotEqualTo(before.get(4));
  }

  private static List<String> digests(Path image) throws IOException {
    return manifest(image).get("layers").items().stream()
        .map(layer -> layer.get("digest").text())
        .toList();
  }

  @Test
  void theBaseMayBeAFolderATarOrADockerArchive() throws IOException {
    Path folderImage = folder.resolve("one");
    Path tarImage = folder.resolve("two");
    Digest digest = runnable(fraud("w"), inFolder(base())).write(folderImage);
    assertThat(runnable(fraud("w"), inTar("base.tar", base())).write(tarImage)).isEqualTo(digest);

    Map<String, byte[]> docker = new LinkedHashMap<>();
    docker.put("abc/layer.tar", layer("first"));
    docker.put("def/layer.tar", gzip(layer("second")));
    docker.put("config.json", configuration());
    docker.put(
        "manifest.json",
        Json.of(List.of(Map.of(
                "Config", "config.json", "Layers", List.of("abc/layer.tar", "def/layer.tar"))))
            .bytes());
    Path dockerImage = folder.resolve("three");
    runnable(fraud("w"), inTar("docker.tar", docker)).write(dockerImage);
    assertThat(digests(dockerImage)).isEqualTo(digests(folderImage));
    assertThat(config(dockerImage)).isEqualTo(config(folderImage));
  }

  /** Old releases of docker write a layer that two images share once, and a link to it. */
  @Test
  void aLayerOfADockerArchiveMayBeALink() throws IOException {
    Path base = folder.resolve("docker.tar");
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(base))) {
      add(tar, "abc/layer.tar", layer("first"));
      TarArchiveEntry link = new TarArchiveEntry("def/layer.tar", (byte) '2');
      link.setLinkName("../abc/layer.tar");
      tar.putArchiveEntry(link);
      tar.closeArchiveEntry();
      String second = Digest.of(layer("second")).toString();
      String first = Digest.of(layer("first")).toString();
      add(
          tar,
          "c.json",
          new String(configuration(), UTF_8).replace(second, first).getBytes(UTF_8));
      add(
          tar,
          "manifest.json",
          "[{\"Config\":\"c.json\",\"Layers\":[\"abc/layer.tar\",\"def/layer.tar\"]}]"
              .getBytes(UTF_8));
    }
    Path image = folder.resolve("image");
    runnable(fraud("w"), base).write(image);
    assertThat(digests(image).get(0)).isEqualTo(digests(image).get(1));
  }

  private static void add(TarArchiveOutputStream tar, String name, byte[] bytes)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(bytes.length);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }

  @Test
  void ofABaseForSeveralProcessorsTheOneThatFitsIsTaken() throws IOException {
    Map<String, byte[]> files = base();
    byte[] manifest = json(files.get("index.json"))
        .get("manifests")
        .items()
        .get(0)
        .get("digest")
        .text()
        .getBytes(UTF_8);
    Digest amd64 = Digest.parse(new String(manifest, UTF_8));
    int size = files.get("blobs/sha256/" + amd64.hex()).length;
    byte[] inner = index(
        descriptor(amd64, size, "amd64"),
        descriptor(Digest.of(new byte[] {1}), 1, "arm64"),
        Map.of(
            "mediaType",
            "application/vnd.oci.image.manifest.v1+json",
            "digest",
            Digest.of(new byte[] {2}).toString(),
            "size",
            1,
            "platform",
            Map.of("os", "unknown", "architecture", "unknown")));
    files.put(
        "index.json",
        index(Map.of(
            "mediaType",
            "application/vnd.oci.image.index.v1+json",
            "digest",
            put(files, inner).toString(),
            "size",
            inner.length)));
    Path base = inFolder(files);
    runnable(fraud("w"), base).write(folder.resolve("image"));
    assertThat(config(folder.resolve("image")).get("architecture").text()).isEqualTo("amd64");
    assertThatThrownBy(
            () -> runnable(fraud("w"), base).architecture("riscv64").write(folder.resolve("other")))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContaining("linux/riscv64")
        .hasMessageContaining("linux/amd64")
        .hasMessageContaining("linux/arm64");
  }

  @Test
  void oneTarHoldsTheSameImageAndWhatDockerReads() throws IOException {
    Path base = inFolder(base());
    Path image = folder.resolve("image");
    Path tar = folder.resolve("image.tar");
    Digest digest = runnable(fraud("w"), base).tag("7").write(image);
    assertThat(runnable(fraud("w"), base).tag("7").writeArchive(tar)).isEqualTo(digest);
    Map<String, String> entries = content(Files.readAllBytes(tar));
    assertThat(new ArrayList<>(entries.keySet()).subList(0, 3))
        .containsExactly("oci-layout", "index.json", "manifest.json");
    try (Stream<Path> files = Files.walk(image)) {
      assertThat(files.filter(Files::isRegularFile)).hasSize(entries.size());
    }
    Json docker = json(entries.get("manifest.json").getBytes(UTF_8)).items().get(0);
    assertThat(docker.get("RepoTags").texts()).containsExactly("fraud:7");
    assertThat(entries).containsKeys(docker.get("Layers").texts().toArray(String[]::new));
    // It is a base like any other.
    runnable(fraud("w2"), tar).write(folder.resolve("next"));
    assertThat(digests(folder.resolve("next"))).hasSize(8);
  }

  // ---- the same everywhere

  @Test
  void theSameInputsGiveTheSameBytesEverywhere() throws IOException {
    Path base = inFolder(base());
    Map<String, byte[]> first = everyForm("a", base);
    Locale locale = Locale.getDefault();
    TimeZone zone = TimeZone.getDefault();
    String user = System.getProperty("user.name");
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Chatham"));
      System.setProperty("user.name", "somebody-else");
      try (Stream<Path> files = Files.walk(jars)) {
        for (Path file : files.toList()) {
          Files.setLastModifiedTime(file, FileTime.fromMillis(1_234_567_890_123L));
        }
      }
      Map<String, byte[]> second = everyForm("b", base);
      assertThat(second.keySet()).isEqualTo(first.keySet());
      first.forEach((name, bytes) -> assertThat(second.get(name)).as(name).isEqualTo(bytes));
    } finally {
      Locale.setDefault(locale);
      TimeZone.setDefault(zone);
      System.setProperty("user.name", user);
    }
    // Computed once, on JDK 17: any machine must find it again.
    assertThat(ContainerImage.of(fraud("w")).write(folder.resolve("pinned")).abbreviated())
        .isEqualTo("397fafc630be");
  }

  private Map<String, byte[]> everyForm(String name, Path base) throws IOException {
    Path target = Files.createDirectory(folder.resolve("forms-" + name));
    ContainerImage.of(fraud("w")).write(target.resolve("model"));
    ContainerImage image = runnable(fraud("w"), base).variable("B", "2").variable("A", "1");
    image.write(target.resolve("runnable"));
    image.writeArchive(target.resolve("runnable.tar"));
    image.writeContext(target.resolve("context"), "jre:17");
    Map<String, byte[]> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(target)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        all.put(target.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return all;
  }

  // ---- a build context

  @Test
  void aBuildContextAddsTheSameLayers() throws IOException {
    Path context = folder.resolve("context");
    runnable(fraud("w"), folder.resolve("unused"))
        .variable("PRICE", "$5 \"net\" \\")
        .arguments("a b")
        .writeContext(context, "eclipse-temurin:17-jre");
    assertThat(Files.readAllLines(context.resolve("Containerfile")))
        .startsWith("FROM eclipse-temurin:17-jre")
        .contains(
            "ENV PRICE=\"\\$5 \\\"net\\\" \\\\\"",
            "ADD libraries.tar /",
            "ADD host.tar /",
            "ADD model.tar /",
            "USER 65532:65532",
            "ENTRYPOINT [\"java\",\"-cp\",\"/app/classes/0:/app/lib/lib.jar:/app/host/serve.jar\",\"com.acme.Serve\"]",
            "CMD [\"a b\"]");
    Path image = folder.resolve("image");
    runnable(fraud("w"), inFolder(base())).write(image);
    List<Json> layers = manifest(image).get("layers").items();
    assertThat(context.resolve("libraries.tar")).hasBinaryContent(blob(image, layers.get(2)));
    assertThat(context.resolve("host.tar")).hasBinaryContent(blob(image, layers.get(3)));
    assertThat(context.resolve("model.tar")).hasBinaryContent(blob(image, layers.get(4)));
    assertThatThrownBy(() -> runnable(fraud("w"), context)
            .variable("X", "a\nRUN evil")
            .writeContext(folder.resolve("other"), "jre"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a\\u000aRUN evil");
    for (String from : List.of("", "a b", "jre\nRUN x", "--platform=x")) {
      assertThatThrownBy(
              () -> runnable(fraud("w"), context).writeContext(folder.resolve("other"), from))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("base");
    }
    assertThat(folder.resolve("other")).doesNotExist();
  }

  // ---- what is refused

  @Test
  void whatIsMissingIsSaidAtOnceBeforeAnythingIsWritten() {
    ContainerImage image = ContainerImage.of(fraud("w"));
    Path target = folder.resolve("image");
    Path base = inFolder(base());
    List<String> before = names(folder);
    Map<ContainerImage, String> refusals = new HashMap<>();
    refusals.put(image.on(base), "entry point");
    refusals.put(image.on(base).entryPoint("A"), "class path");
    refusals.put(image.entryPoint("A"), "a base");
    refusals.put(image.classPath(parts()), "a base");
    refusals.put(
        runnable(fraud("w"), base)
            .classPath(List.of(
                jars.resolve("gone.jar"), jars.resolve("none.jar"), jars.resolve("lib.jar"))),
        "gone.jar is missing; none.jar is missing");
    refusals.forEach((one, words) -> assertThatThrownBy(() -> one.write(target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words)
        .hasMessageContaining("nothing was written"));
    assertThat(names(folder)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root",
        "0",
        "0:0",
        "root:users",
        "00",
        "",
        "a b",
        "1000:",
        "x\ny",
        "0x0",
        "999999999999",
        "1000:0x0"
      })
  void aUserThatIsRootOrNoneIsRefused(String user) {
    assertThatThrownBy(() -> ContainerImage.of(fraud("w")).user(user))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("other than root");
  }

  @Test
  void namesThatAreNoneAreRefused() {
    ContainerImage image = ContainerImage.of(fraud("w"));
    for (Consumer<ContainerImage> change : List.<Consumer<ContainerImage>>of(
        one -> one.entryPoint("-version"),
        one -> one.entryPoint("com..acme"),
        one -> one.entryPoint(""),
        one -> one.java(" "),
        one -> one.variable("A=B", "x"),
        one -> one.variable("1A", "x"),
        one -> one.variable("A", "x\0y"),
        one -> one.label("", "x"),
        one -> one.tag("a b"),
        one -> one.tag(".a"),
        one -> one.architecture("AMD 64"),
        one -> one.arguments("\0"))) {
      assertThatThrownBy(() -> change.accept(image)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aTargetThatIsThereIsNotChanged() throws IOException {
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.writeString(full.resolve("mine"), "x");
    Path file = Files.writeString(folder.resolve("file"), "x");
    ContainerImage image = ContainerImage.of(fraud("w"));
    for (Path target : List.of(full, file)) {
      assertThatThrownBy(() -> image.write(target))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not changed");
      assertThatThrownBy(() -> image.writeArchive(target))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not changed");
    }
    assertThat(full.resolve("mine")).hasContent("x");
    assertThat(file).hasContent("x");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    assertThatThrownBy(() -> image.write(link))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got a link");
    assertThat(folder.resolve("nowhere")).doesNotExist();
    Path empty = Files.createDirectory(folder.resolve("empty"));
    image.write(empty);
    assertThat(empty.resolve("index.json")).exists();
    assertThat(names(folder)).containsExactly("empty", "file", "full", "in", "link");
  }

  /** Every damage of a base is found before the image has its name, and no part of it stays. */
  @Test
  void aBaseThatIsDamagedIsRefusedAndNothingStays() throws IOException {
    Map<String, byte[]> whole = base();
    List<Map<String, byte[]>> damaged = new ArrayList<>();
    List<String> facts = new ArrayList<>();
    for (String name : whole.keySet()) {
      if (name.equals("oci-layout")) {
        continue; // says no more than that this is a layout
      }
      Map<String, byte[]> without = new TreeMap<>(whole);
      without.remove(name);
      damaged.add(without);
      facts.add("missing");
      byte[] bytes = whole.get(name);
      if (name.startsWith("blobs/")) {
        Map<String, byte[]> flipped = new TreeMap<>(whole);
        byte[] other = bytes.clone();
        other[other.length / 2] ^= 1;
        flipped.put(name, other);
        damaged.add(flipped);
        facts.add("sha256");
        Map<String, byte[]> shorter = new TreeMap<>(whole);
        shorter.put(name, Arrays.copyOf(bytes, bytes.length - 1));
        damaged.add(shorter);
        facts.add("wanted " + bytes.length);
      }
    }
    for (String text : List.of(
        "",
        "[]",
        "{}",
        "{\"manifests\":[]}",
        "[".repeat(5_000),
        "{\"a\":1,\"a\":2}",
        "{\"manifests\":[{\"digest\":\"md5:00\",\"size\":1}]}",
        "{\"manifests\":[{\"digest\":\"sha256:ABC\",\"size\":1}]}",
        "{\"manifests\":[{\"digest\":\"sha256:" + "0".repeat(64) + "\",\"size\":1}]}",
        "{\"manifests\":\"" + "x".repeat(5 << 20) + "\"}")) {
      Map<String, byte[]> other = new TreeMap<>(whole);
      other.put("index.json", text.getBytes(UTF_8));
      damaged.add(other);
      facts.add("no base image");
    }
    for (int i = 0; i < damaged.size(); i++) {
      Path base = inFolder(damaged.get(i));
      List<String> before = names(folder);
      Path target = folder.resolve("image");
      assertThatThrownBy(() -> runnable(fraud("w"), base).write(target))
          .as("damage %d", i)
          .isInstanceOf(ImageFormatException.class)
          .hasMessageContaining(facts.get(i))
          .hasMessageContaining("nothing was written")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain(folder.toString()));
      assertThat(names(folder)).as("damage %d", i).isEqualTo(before);
    }
    byte[] nothing = new byte[0];
    for (byte[] text : List.of(
        nothing,
        new byte[] {0x1f, (byte) 0x8b},
        "x".repeat(2_000).getBytes(UTF_8),
        new byte[5_000])) {
      Path base = Files.write(folder.resolve("base.tar"), text);
      assertThatThrownBy(() -> runnable(fraud("w"), base).write(folder.resolve("image")))
          .isInstanceOf(ImageFormatException.class);
    }
    assertThatThrownBy(
            () -> runnable(fraud("w"), folder.resolve("gone")).write(folder.resolve("image")))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContaining("got nothing");
  }

  /** Readers of tars keep a long name in memory, as long as the tar says that it is. */
  @ParameterizedTest
  @ValueSource(chars = {'L', 'K', 'x', 'g'})
  void namesWithoutEndAreRefusedBeforeTheyAreKept(char type) throws IOException {
    byte[] header = TarWriter.header("names", 64 << 20);
    header[156] = (byte) type;
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte each : header) {
      sum += each & 0xff;
    }
    System.arraycopy(String.format("%06o\0 ", sum).getBytes(UTF_8), 0, header, 148, 8);
    byte[] names = new byte[64 << 20];
    Arrays.fill(names, (byte) 'n');
    System.arraycopy("67108864 path=".getBytes(UTF_8), 0, names, 0, 14);
    names[names.length - 1] = '\n';
    Path base = folder.resolve("base.tar");
    try (OutputStream out = Files.newOutputStream(base)) {
      out.write(header);
      out.write(names);
      out.write(TarWriter.header("index.json", 0));
      out.write(new byte[1_024]);
    }
    long before = Allocated.byThisThread().orElseThrow();
    assertThatThrownBy(() -> runnable(fraud("w"), base).write(folder.resolve("image")))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContainingAll("at most 1048576 bytes of names", "offset", "nothing was written");
    assertThat(Allocated.byThisThread().orElseThrow() - before).isLessThan(32L << 20);
    assertThat(names(folder)).doesNotContain("image");
  }

  @Test
  void aLongNameInABaseIsFine() throws IOException {
    Path base = folder.resolve("docker.tar");
    String first = "d".repeat(300) + "/layer.tar";
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(base))) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      add(tar, first, layer("first"));
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
      add(tar, "e".repeat(300), layer("second"));
      add(tar, "c.json", configuration());
      add(
          tar,
          "manifest.json",
          ("[{\"Config\":\"c.json\",\"Layers\":[\"" + first + "\",\"" + "e".repeat(300) + "\"]}]")
              .getBytes(UTF_8));
    }
    runnable(fraud("w"), base).write(folder.resolve("image"));
    assertThat(digests(folder.resolve("image")).get(0))
        .isEqualTo(Digest.of(layer("first")).toString());
  }

  /** A layer that is a gzip file is copied as it is: what it would become is nobody's business here. */
  @Test
  void aLayerThatWouldGrowAThousandTimesIsCopiedAsItIs() throws IOException {
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
      for (int i = 0; i < 1 << 10; i++) {
        gzip.write(
            new byte[1 << 16]); // 64 MiB of 64 KiB; more of them would only take longer to make
      }
    }
    Map<String, byte[]> docker = new LinkedHashMap<>();
    docker.put("l1", layer("first"));
    docker.put("l2", bomb.toByteArray());
    docker.put("c", configuration());
    docker.put("manifest.json", "[{\"Config\":\"c\",\"Layers\":[\"l1\",\"l2\"]}]".getBytes(UTF_8));
    Path base = inTar("docker.tar", docker);
    long before = Allocated.byThisThread().orElseThrow();
    Path image = folder.resolve("image");
    runnable(fraud("w"), base).write(image);
    assertThat(Allocated.byThisThread().orElseThrow() - before).isLessThan(32L << 20);
    assertThat(digests(image).get(1)).isEqualTo(Digest.of(bomb.toByteArray()).toString());
  }

  /** What a manifest of a base names is looked up among the files of the base, and nowhere else. */
  @ParameterizedTest
  @ValueSource(strings = {"../secret", "/etc/hostname", "a/../../secret", "..", "./c.json/", ""})
  void aNameInABaseLeadsToNoOtherFile(String name) throws IOException {
    Files.write(folder.resolve("secret"), configuration());
    String manifest = "[{\"Config\":\"" + name + "\",\"Layers\":[]}]";
    Path inFolder = inFolder(new TreeMap<>(Map.of("manifest.json", manifest.getBytes(UTF_8))));
    Path inTar = inTar("docker.tar", Map.of("manifest.json", manifest.getBytes(UTF_8)));
    for (Path base : List.of(inFolder, inTar)) {
      assertThatThrownBy(() -> runnable(fraud("w"), base).write(folder.resolve("image")))
          .isInstanceOf(ImageFormatException.class)
          .hasMessageContaining("is missing");
    }
  }

  @Test
  void aLinkInABaseIsNotFollowed() throws IOException {
    Map<String, byte[]> files = base();
    Path base = inFolder(files);
    Path index = base.resolve("index.json");
    Files.move(index, folder.resolve("elsewhere"));
    Files.createSymbolicLink(index, folder.resolve("elsewhere"));
    assertThatThrownBy(() -> runnable(fraud("w"), base).write(folder.resolve("image")))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContaining("no link");
    Files.delete(index);
    Files.move(folder.resolve("elsewhere"), index);
    Files.move(base.resolve("blobs"), folder.resolve("elsewhere"));
    Files.createSymbolicLink(base.resolve("blobs"), folder.resolve("elsewhere"));
    assertThatThrownBy(() -> runnable(fraud("w"), base).write(folder.resolve("image")))
        .isInstanceOf(ImageFormatException.class)
        .hasMessageContaining("in folders that are none");
  }

  @Test
  void jarsOfOneNameStayApartWhateverTheOthersAreNamed() throws IOException {
    List<Path> three = new ArrayList<>();
    for (String place : List.of("a/x.jar", "b/2-x.jar", "c/x.jar")) {
      Path jar = jars.resolve(place);
      Files.createDirectories(jar.getParent());
      three.add(Files.writeString(jar, place));
    }
    Layers.ClassPath divided = Layers.divided(fraud("w"), three);
    assertThat(divided.entries())
        .containsExactly("/app/host/x.jar", "/app/host/2-x.jar", "/app/host/3-x.jar");
    assertThat(divided.host().values()).containsExactlyElementsOf(three);
  }

  @Test
  void aBaseForAnotherSystemOrWithLayersOfAnotherKindIsRefused() throws IOException {
    for (String[] change : new String[][] {
      {"\"os\":\"linux\"", "\"os\":\"windows\"", "windows"},
      {"\"diff_ids\":[", "\"diff_ids\":[\"" + Digest.of(new byte[0]) + "\",", "3 for 2"}
    }) {
      Map<String, byte[]> docker = new LinkedHashMap<>();
      docker.put("l1", layer("first"));
      docker.put("l2", layer("second"));
      docker.put(
          "c", new String(configuration(), UTF_8).replace(change[0], change[1]).getBytes(UTF_8));
      docker.put(
          "manifest.json", "[{\"Config\":\"c\",\"Layers\":[\"l1\",\"l2\"]}]".getBytes(UTF_8));
      Path base = inTar("docker.tar", docker);
      assertThatThrownBy(() -> runnable(fraud("w"), base).write(folder.resolve("image")))
          .isInstanceOf(ImageFormatException.class)
          .hasMessageContaining(change[2]);
    }
  }

  @Test
  void aPackageThatIsDamagedIsRefusedAndNothingStays() throws IOException {
    Path weights = folder.resolve("weights");
    byte[] bytes = new byte[ModelPackage.LARGEST_READ + 1];
    Files.write(weights, bytes);
    FilePackage made = FilePackage.builder("fraud", SCHEMA)
        .runtime("mine")
        .weights("model.bin", weights)
        .build();
    bytes[99] = 1;
    Files.write(weights, bytes);
    assertThatThrownBy(() -> ContainerImage.of(made).write(folder.resolve("image")))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContaining("model.bin");
    assertThatThrownBy(() -> ContainerImage.of(made).writeArchive(folder.resolve("image.tar")))
        .isInstanceOf(PackageIntegrityException.class);
    assertThatThrownBy(() -> ContainerImage.of(fraud("w")).write(folder.resolve("absent/image")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("nothing was written")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain(folder.toString()));
    assertThat(names(folder)).containsExactly("in", "weights");
  }
}
