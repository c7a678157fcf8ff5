package dev.mlops.core.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.environment.EnvironmentReport.Finding;
import dev.mlops.core.environment.EnvironmentReport.Kind;
import dev.mlops.core.environment.EnvironmentReport.Level;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.pack.FilePackage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentCheckTest {
  private static final Schema SCHEMA = Schema.of(Column.number("a"));
  private static final Digest BYTES = Digest.of(new byte[] {1});
  private static final Environment MADE = Environment.builder()
      .java("17.0.15")
      .javaVendor("Debian")
      .os("Linux")
      .architecture("amd64")
      .charset("UTF-8")
      .variables(List.of("FRAUD_REGION"))
      .build();

  private static FilePackage.Builder draft() {
    return FilePackage.builder("fraud", SCHEMA)
        .runtime("rules")
        .weights("rules.bin", new byte[1 << 20])
        .environment(MADE)
        .library(Library.of("org.acme:rules", "4.3.2").inFile("rules-4.3.2.jar", BYTES))
        .library(Library.of("org.acme:tables", "1.0"))
        .configuration(EnvironmentCheck.NATIVE, "fastmath, blas");
  }

  private static ModelPackage made() {
    return draft().build();
  }

  /** Where nothing differs. */
  private static Machine.Builder same() {
    return Machine.builder()
        .environment(MADE)
        .libraries(List.of(
            Library.of("org.acme:rules", "4.3.2").inFile("rules-4.3.2.jar", BYTES),
            Library.of("org.acme:tables", "1.0"),
            Library.of("org.other:more", "9")))
        .variables(Set.of("FRAUD_REGION", "PATH"))
        .nativeLibraries(Set.of("fastmath", "blas"))
        .memory(64 << 20);
  }

  private static EnvironmentReport on(UnaryOperator<Machine.Builder> changed) {
    return EnvironmentCheck.of(made()).on(changed.apply(same()).build());
  }

  private static Environment.Builder elsewhere() {
    return Environment.builder()
        .java(MADE.java())
        .javaVendor(MADE.javaVendor())
        .os(MADE.os())
        .architecture(MADE.architecture())
        .charset(MADE.charset());
  }

  private static Finding only(EnvironmentReport report) {
    assertThat(report.findings()).as(report.toString()).hasSize(1);
    return report.findings().get(0);
  }

  @Test
  void whereNothingDiffersThereIsNothingToSay() {
    EnvironmentReport report = on(machine -> machine);
    assertThat(report.findings()).isEmpty();
    assertThat(report.fails()).isFalse();
    assertThat(report.level()).isEmpty();
    assertThat(report.toString()).contains("fraud sha256:", "nothing differs");
  }

  @Test
  void allThatStopsAModelIsFoundAtOnceEachWithARemedy() {
    EnvironmentReport report = EnvironmentCheck.of(made())
        .on(Machine.builder()
            .environment(elsewhere().java("11.0.2").architecture("aarch64").build())
            .libraries(List.of(Library.of("org.acme:rules", "3.9.1")))
            .memory(1 << 20)
            .build());

    assertThat(report.fails()).isTrue();
    assertThat(report.findings())
        .extracting(
            Finding::level, Finding::kind, Finding::subject, Finding::wanted, Finding::found)
        .containsExactlyInAnyOrder(
            tuple(Level.FAIL, Kind.JAVA, "", "17.0.15", "11.0.2"),
            tuple(Level.FAIL, Kind.VARIABLE, "FRAUD_REGION", "a value", "none"),
            tuple(Level.FAIL, Kind.LIBRARY_VERSION, "org.acme:rules", "4.3.2", "3.9.1"),
            tuple(Level.FAIL, Kind.LIBRARY_MISSING, "org.acme:tables", "1.0", "none"),
            tuple(Level.FAIL, Kind.MEMORY, "", "twice its weights, 2 MiB", "1 MiB"),
            tuple(Level.FAIL, Kind.NATIVE_LIBRARY, "fastmath", "one for Linux aarch64", "none"),
            tuple(Level.FAIL, Kind.NATIVE_LIBRARY, "blas", "one for Linux aarch64", "none"),
            tuple(Level.WARN, Kind.ARCHITECTURE, "", "amd64", "aarch64"));
    assertThat(report.findings()).last().extracting(Finding::level).isEqualTo(Level.WARN);
    assertThat(report.toString())
        .contains(
            "8 findings",
            "run on Java 17 or newer",
            "add org.acme:tables:1.0 to the class path",
            "put org.acme:rules:4.3.2 on the class path in the place of 3.9.1",
            "start Java with a larger -Xmx",
            "-Djava.library.path",
            "set the environment variable FRAUD_REGION",
            "run on amd64, or hold the model against its golden examples");
  }

  @ParameterizedTest
  @CsvSource({
    "17.0.15, 11.0.2, FAIL",
    "17.0.15, 1.8.0_402, FAIL",
    "1.8.0_402, 8.0.1, INFO",
    "17.0.15, 17.0.16, INFO",
    "17.0.15, 21, INFO",
    "17.0.15, 22-ea, INFO",
    "17.0.15, unknown, WARN",
    "17.0.15, 99999999999, WARN"
  })
  void anOlderJavaFailsAndANewerIsTold(String made, String here, Level level) {
    ModelPackage source = draft().environment(elsewhere().java(made).build()).build();
    Finding finding = only(EnvironmentCheck.of(source)
        .on(same().environment(elsewhere().java(here).build()).build()));
    assertThat(finding.kind()).isEqualTo(Kind.JAVA);
    assertThat(finding.level()).isEqualTo(level);
    assertThat(finding.remedy()).isNotBlank();
  }

  @Test
  void whatDiffersElsewhereHasTheLevelOfTheTable() {
    assertThat(only(on(m -> m.environment(elsewhere().javaVendor("Azul").build()))))
        .extracting(Finding::kind, Finding::level)
        .containsExactly(Kind.JAVA_VENDOR, Level.INFO);
    assertThat(only(on(m -> m.environment(elsewhere().os("Mac OS X").build()))))
        .extracting(Finding::kind, Finding::level)
        .containsExactly(Kind.OS, Level.INFO);
    Finding charset =
        only(on(m -> m.environment(elsewhere().charset("windows-1252").build())));
    assertThat(charset.level()).isEqualTo(Level.WARN);
    assertThat(charset.remedy()).contains("-Dfile.encoding=UTF-8");
    // One processor by two names; what is not known of a machine is not compared.
    assertThat(
            on(m -> m.environment(elsewhere().architecture("x86_64").build())).findings())
        .isEmpty();
    assertThat(on(m -> m.environment(Environment.builder().build())).findings()).isEmpty();
  }

  // ---- libraries

  private static EnvironmentReport having(Library... libraries) {
    List<Library> all = new java.util.ArrayList<>(List.of(libraries));
    all.add(Library.of("org.acme:tables", "1.0"));
    return on(machine -> machine.libraries(all));
  }

  @ParameterizedTest
  @CsvSource({"4.3.3, WARN", "4.10, WARN", "5.0.0, FAIL", "3.9, FAIL", "RELEASE, FAIL"})
  void anotherVersionFailsWhereItsFirstNumberDiffers(String version, Level level) {
    Finding finding = only(having(Library.of("org.acme:rules", version)));
    assertThat(finding.kind()).isEqualTo(Kind.LIBRARY_VERSION);
    assertThat(finding.level()).isEqualTo(level);
    assertThat(finding.found()).isEqualTo(version);
  }

  @Test
  void theBytesOfALibraryCountAboveItsName() {
    // The same jar whose coordinates nobody could read.
    assertThat(having(new Library(
                "renamed", Optional.empty(), Optional.of("renamed.jar"), Optional.of(BYTES)))
            .findings())
        .isEmpty();
    // Without coordinates, by its artifact.
    assertThat(
            having(new Library("rules", Optional.of("4.3.2"), Optional.empty(), Optional.empty()))
                .findings())
        .isEmpty();
    assertThat(only(having(
                new Library("rules", Optional.of("4.4"), Optional.empty(), Optional.empty())))
            .kind())
        .isEqualTo(Kind.LIBRARY_VERSION);
    Finding other = only(having(Library.of("org.acme:rules", "4.3.2")
        .inFile("rules-4.3.2.jar", Digest.of(new byte[] {2}))));
    assertThat(other.kind()).isEqualTo(Kind.LIBRARY_BYTES);
    assertThat(other.level()).isEqualTo(Level.WARN);
    assertThat(other.wanted()).contains(BYTES.abbreviated());
  }

  @Test
  void whereNobodyCanListAllAMissingLibraryIsAWarning() {
    Finding finding = only(on(machine ->
        machine.libraries(List.of(Library.of("org.acme:tables", "1.0"))).complete(false)));
    assertThat(finding.kind()).isEqualTo(Kind.LIBRARY_MISSING);
    assertThat(finding.level()).isEqualTo(Level.WARN);
    assertThat(finding.found()).contains("cannot be listed");
    assertThat(finding.remedy()).contains("it was rules-4.3.2.jar");
    assertThat(on(machine -> machine.nativeLibraries(Set.of()).complete(false)).findings())
        .hasSize(2)
        .allMatch(each -> each.kind() == Kind.NATIVE_LIBRARY && each.level() == Level.WARN);
  }

  // ---- memory, and a host's own levels

  @Test
  void theMemoryThatAPackageSaysCountsAboveTheEstimate() {
    ModelPackage small = draft().configuration(EnvironmentCheck.MEMORY, 1024).build();
    assertThat(EnvironmentCheck.of(small).on(same().memory(2048).build()).findings())
        .isEmpty();
    ModelPackage large = draft().configuration(EnvironmentCheck.MEMORY, 3e9).build();
    Finding finding = only(EnvironmentCheck.of(large).on(same().build()));
    assertThat(finding.kind()).isEqualTo(Kind.MEMORY);
    assertThat(finding.wanted()).isEqualTo("2862 MiB");
    assertThat(finding.found()).isEqualTo("64 MiB");
    // Settings of other kinds are somebody else's.
    ModelPackage texts = draft()
        .configuration(EnvironmentCheck.MEMORY, "much")
        .configuration(EnvironmentCheck.NATIVE, true)
        .build();
    assertThat(EnvironmentCheck.of(texts)
            .on(same().nativeLibraries(Set.of()).build())
            .findings())
        .isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Machine.builder().memory(-1))
        .withMessageContaining("-1");
  }

  @Test
  void aHostSetsTheLevelOfAKind() {
    Machine arm =
        same().environment(elsewhere().architecture("aarch64").build()).build();
    EnvironmentCheck check = EnvironmentCheck.of(made());
    assertThat(check.on(arm).fails()).isFalse();
    assertThat(check.level(Kind.ARCHITECTURE, Level.FAIL).on(arm).fails()).isTrue();
    assertThat(check.on(arm).fails()).as("a check is not changed").isFalse();
  }

  // ---- the report as a value

  @Test
  void theReportIsCanonicalJson() {
    EnvironmentReport report =
        on(machine -> machine.environment(elsewhere().architecture("aarch64").build()));
    Json json = Json.parse(report.json().getBytes(StandardCharsets.UTF_8), 1 << 20);
    assertThat(json.get("format").integer()).isEqualTo(1);
    assertThat(json.get("digest").text()).isEqualTo(made().digest().toString());
    Json finding = json.get("findings").items().get(0);
    assertThat(finding.keys())
        .containsExactlyInAnyOrder("level", "kind", "subject", "wanted", "found", "remedy");
    assertThat(finding.get("kind").text()).isEqualTo("architecture");
    assertThat(finding.get("found").text()).isEqualTo("aarch64");
    assertThat(report)
        .isEqualTo(on(
            machine -> machine.environment(elsewhere().architecture("aarch64").build())));
  }

  /** What a package says comes from anywhere: a terminal shows it escaped. */
  @Test
  void foreignTextIsEscaped() {
    ModelPackage source = FilePackage.builder("fraud", SCHEMA)
        .runtime("rules")
        .weights("rules.bin", new byte[1])
        .library(Library.of("evil\u001b[2J", "1\n2"))
        .build();
    EnvironmentReport report = EnvironmentCheck.of(source).on(Machine.builder().build());
    assertThat(report.fails()).isTrue();
    assertThat(report.toString().replace("\n  ", "")).matches("[ -~]*");
  }

  // ---- this process

  @Test
  void hereIsThisProcess() {
    Machine here = Machine.here();
    assertThat(here.environment().java()).isEqualTo(System.getProperty("java.version"));
    assertThat(here.memory()).isBetween(1L, Runtime.getRuntime().maxMemory());
    assertThat(here.hasVariable("PATH")).isEqualTo(System.getenv("PATH") != null);
    assertThat(here.hasVariable("NO_SUCH_VARIABLE_OF_A_TEST")).isFalse();
    assertThat(here.hasNativeLibrary("no-such-native-library")).isFalse();
    // Found by its Maven properties, whatever the class path of this test is.
    assertThat(here.find(Library.of("org.tribuo:tribuo-core", "4.3.2"))
            .orElseThrow()
            .version())
        .contains("4.3.2");
    assertThat(here.find(Library.of("org.acme:rules", "1"))).isEmpty();
    ModelPackage source = FilePackage.builder("fraud", SCHEMA)
        .runtime("rules")
        .weights("rules.bin", new byte[1])
        .environment(Environment.here())
        .library("org.tribuo:tribuo-core", "4.3.2")
        .build();
    assertThat(EnvironmentCheck.of(source).here().findings()).isEmpty();
  }
}
