package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.Reference;
import dev.mlops.testkit.JournalContract;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal in a file, and the files that earlier releases wrote. */
class FileJournalTest extends JournalContract {
  @TempDir
  Path folder;

  @Override
  protected Journal open() {
    return FileJournal.open(folder.resolve("journal.log"));
  }

  private Path stored(String name) throws IOException {
    Path copy = folder.resolve(name);
    try (InputStream stored = resource(name)) {
      Files.copy(stored, copy);
    }
    return copy;
  }

  private static InputStream resource(String name) {
    InputStream found = FileJournalTest.class.getResourceAsStream("/formats/0.1/" + name);
    assertThat(found).as(name).isNotNull();
    return found;
  }

  private static Properties expected() throws IOException {
    Properties expected = new Properties();
    try (Reader reader = new InputStreamReader(resource("expected.txt"), StandardCharsets.UTF_8)) {
      expected.load(reader);
    }
    return expected;
  }

  @Test
  void theJournalOfTheFirstReleaseIsReadEventByEvent() throws IOException {
    Properties expected = expected();
    List<LoopEvent> events = FileJournal.read(stored("journal.log"));

    assertThat(events).hasSize(Integer.parseInt(expected.getProperty("journal.events")));
    for (int i = 0; i < events.size(); i++) {
      LoopEvent event = events.get(i);
      String of = "journal." + i + ".";
      assertThat(event.at()).as(of).isEqualTo(expected.getProperty(of + "at"));
      assertThat(event.kind().name()).as(of).isEqualTo(expected.getProperty(of + "kind"));
      assertThat(event.text()).as(of).isEqualTo(expected.getProperty(of + "text"));
      if (expected.containsKey(of + "line")) { // left out where it is as long as the text
        assertThat(event.toString()).as(of).isEqualTo(expected.getProperty(of + "line"));
      }
      assertThat(event.more()).as(of).isEmpty();
      assertThat(LoopEvents.of(LoopEvents.toBytes(event))).as(of).isEqualTo(event);
    }
    LoopEvent promoting = events.get(12);
    assertThat(promoting.champion()).contains(Reference.parse("iris:1"));
    assertThat(promoting.candidate()).contains(Reference.parse("iris:3"));
    assertThat(promoting.intent()).contains(expected.getProperty("journal.12.subject"));
  }

  @Test
  void theJournalOfTheFirstReleaseIsAppendedTo() throws IOException {
    Path file = stored("journal.log");
    List<LoopEvent> all = new ArrayList<>(FileJournal.read(file));
    LoopEvent next =
        LoopEvent.builder(LoopEvent.Kind.KEPT, Instant.EPOCH).because("new").build();
    try (FileJournal journal = FileJournal.open(file)) {
      journal.append(next);
      all.add(next);
      assertThat(journal.events()).isEqualTo(all);
    }
    assertThat(FileJournal.read(file)).isEqualTo(all);
  }

  @Test
  void aMoveThatTheFirstReleaseWasAboutToMakeIsKnown() throws IOException {
    Properties expected = expected();
    JournalReplay past = JournalReplay.of(FileJournal.read(stored("journal-undecided.log")));

    assertThat(past.undecided()).isTrue();
    String begun = expected.getProperty("journal-undecided.past.candidates");
    assertThat(past.history().candidates()).isEqualTo(begun.split(", ").length);
    assertThat(begun).endsWith(past.history().lastCandidate().orElseThrow() + "]");
    assertThat(past.candidate()).contains(Reference.parse("iris:3"));
    assertThat(past.intent())
        .isEqualTo(Optional.of(expected.getProperty("journal-undecided.past.intent")));
  }
}
