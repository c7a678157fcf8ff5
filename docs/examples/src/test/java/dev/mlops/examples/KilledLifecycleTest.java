package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.loop.FileJournal;
import dev.mlops.core.store.FileVersionStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is killed leaves everything that it had said. */
@Tag("processes")
class KilledLifecycleTest {
  private static final long SEED = 20_261_124;
  private static final Pattern RELEASED =
      Pattern.compile("row +\\d+  RELEASED (lifecycle:\\d+): .*");
  private static final Pattern PUBLISHED =
      Pattern.compile("row +\\d+  PUBLISHED (lifecycle:\\d+): ([0-9a-f]{12})");
  private static final Pattern PROMOTED =
      Pattern.compile("row +\\d+  PROMOTED (lifecycle:\\d+): .*; generation (\\d+)");

  @TempDir
  Path dir;

  private final List<String> said = new ArrayList<>();

  @Test
  void whatWasSaidBeforeAKillIsThereAfterIt() throws Exception {
    kill(8);
  }

  @Test
  @Tag("slow")
  void whatWasSaidBeforeManyKillsIsThereAfterThem() throws Exception {
    kill(40);
  }

  private void kill(int kills) throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    Path csv = Streams.shop(dir.resolve("shop.csv"), 4_000, 600, 5);
    for (int kill = 1; kill <= kills; kill++) {
      // From before the first release to some candidates later, and then a moment in the middle of
      // whatever comes.
      int events = random.nextInt(14);
      int millis = random.nextInt(60);
      String where =
          "kill " + kill + " after " + events + " events and " + millis + " ms, seed " + SEED;
      List<String> lines = killed(csv, events, millis);
      startsWithAClearMessage(lines, where);
      said.addAll(lines);
      everythingSaidIsThere(where);
    }
    assertThat(said).anyMatch(line -> PUBLISHED.matcher(line).matches());
    assertThat(said).anyMatch(line -> PROMOTED.matcher(line).matches());

    List<String> lines = killed(csv, Integer.MAX_VALUE, 0);
    startsWithAClearMessage(lines, "the last run");
    said.addAll(lines);
    everythingSaidIsThere("the last run");
    assertThat(lines.get(lines.size() - 1)).startsWith("left in ");
  }

  /** Runs until a number of events were printed, then a little longer; every line that came out whole. */
  private List<String> killed(Path csv, int events, int millis) throws Exception {
    Process child = ChildJvm.start(
        Lifecycle.class,
        ChildJvm.classPath(),
        "--data",
        csv.toString(),
        "--label",
        "the \"outcome\"",
        "--drop",
        "day",
        "--initial",
        "300",
        "--every",
        "50",
        "--truth-delay",
        "10",
        "--control",
        "0",
        "--out",
        dir.resolve("out").toString());
    List<String> lines = new ArrayList<>();
    try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
      int seen = 0;
      String line;
      while (seen <= events && (line = out.readLine()) != null) {
        lines.add(line);
        seen += line.startsWith("row ") || line.startsWith("the first ") ? 1 : 0;
      }
      if (events < Integer.MAX_VALUE && !child.waitFor(millis, TimeUnit.MILLISECONDS)) {
        child
            .toHandle()
            .destroyForcibly(); // unlike the process's own method, leaves its output to be read
      }
      StringBuilder rest = new StringBuilder();
      for (int c = out.read(); c >= 0; c = out.read()) {
        rest.append((char) c);
      }
      int whole = rest.lastIndexOf("\n");
      lines.addAll(rest.substring(0, whole + 1).lines().toList());
      child.waitFor();
    } finally {
      child.destroyForcibly();
    }
    return lines;
  }

  /** A run that finds a champion says so before anything else happens. */
  private void startsWithAClearMessage(List<String> lines, String where) {
    Optional<String> first =
        lines.stream().filter(line -> line.startsWith("row ")).findFirst();
    assertThat(lines.get(0)).as(where).startsWith("mlops lifecycle: ");
    if (first.isPresent()
        && said.stream().anyMatch(line -> RELEASED.matcher(line).matches())) {
      assertThat(first.get())
          .as(where)
          .matches("row    300  found the store of an earlier run: lifecycle:\\d+ serves");
    }
    assertThat(lines).as(where).noneMatch(line -> line.contains("Exception"));
  }

  private void everythingSaidIsThere(String where) throws IOException {
    Path out = dir.resolve("out");
    if (!Files.exists(out.resolve("store"))) {
      assertThat(said).as(where).noneMatch(line -> line.startsWith("row "));
      return;
    }
    try (VersionStore store = FileVersionStore.open(out.resolve("store"))) {
      List<AliasChange> history = store.history("lifecycle@champion");
      Optional<Version> before = Optional.empty();
      for (int i = 0; i < history.size(); i++) {
        assertThat(history.get(i).generation()).as(where).isEqualTo(i + 1);
        assertThat(history.get(i).from()).as(where).isEqualTo(before);
        before = Optional.of(history.get(i).to());
      }
      for (Version version : store.versions("lifecycle")) {
        assertThat(store.open(version).digest()).as(where).isEqualTo(version.digest());
      }
      for (String line : said) {
        Matcher published = PUBLISHED.matcher(line);
        Matcher promoted = PROMOTED.matcher(line);
        Matcher released = RELEASED.matcher(line);
        if (published.matches()) {
          assertThat(store.find(published.group(1)))
              .as(where + ": " + line)
              .get()
              .extracting(version -> version.digest().toString())
              .asString()
              .contains(published.group(2));
        } else if (promoted.matches()) {
          int generation = Integer.parseInt(promoted.group(2));
          assertThat(history.size()).as(where + ": " + line).isGreaterThanOrEqualTo(generation);
          assertThat(history.get(generation - 1).to())
              .as(where + ": " + line)
              .hasToString(promoted.group(1));
        } else if (released.matches()) {
          assertThat(history.stream().map(change -> change.to().toString()))
              .as(where + ": " + line)
              .contains(released.group(1));
        }
      }
    }
    Path journal = out.resolve("journal.log");
    List<LoopEvent> steps = Files.exists(journal) ? FileJournal.read(journal) : List.of();
    for (String line : said) {
      Matcher promoted = PROMOTED.matcher(line);
      if (promoted.matches()) {
        assertThat(steps)
            .as(where + ": " + line)
            .anyMatch(step -> step.kind() == LoopEvent.Kind.PROMOTED
                && step.candidate()
                    .map(Reference::toString)
                    .equals(Optional.of(promoted.group(1))));
      }
    }
  }
}
