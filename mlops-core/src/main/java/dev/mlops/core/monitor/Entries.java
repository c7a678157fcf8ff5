package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the entries of a ledger hold, as bytes in their chunks: the host's key, the call, prediction, truth and row; and the
 * numbers that stand for names, schemas and sections there.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Entries {
  private final Dictionary names = new Dictionary();
  private final List<@Nullable Section> sections = new ArrayList<>();
  private final List<Schema> schemas = new ArrayList<>();
  private final Arena scratch = new Arena(64);

  /** Adds a prediction to a chunk that has room; gives its slot. */
  int add(Chunk chunk, Served served, long key) {
    int slot = chunk.add(Chunk.WAITS, served.id, key, served.millis, enter(served.section()));
    chunk.segments[slot] = served.segments;
    Arena said = chunk.said;
    said.put((byte) CallFlags.of(served));
    said.putCount(served.millis - served.happened);
    if (served.key != null) {
      said.putText(served.key, null);
    }
    if (!said.put(served.prediction(), names)) {
      chunk.keepWhole(slot, served.prediction());
    }
    if (served.arm != null) {
      said.putText(served.arm, names);
    }
    if (served.segment != null) {
      said.putText(served.segment, names);
    }
    Schema schema = served.schema;
    if (schema != null && chunk.rows != null) {
      Arena rows = chunk.rows;
      int begin = rows.size;
      rows.putInt(0).putCount(number(schema)).putRow(schema, served.view(), names);
      rows.setInt(begin, rows.size - begin - 4);
      chunk.rowAt[slot] = begin;
    }
    chunk.fillUp();
    return slot;
  }

  @SuppressWarnings("ReferenceEquality") // nearly all rows share one schema
  private int number(Schema schema) {
    for (int i = 0; i < schemas.size(); i++) {
      if (schemas.get(i) == schema) {
        return i;
      }
    }
    int same = schemas.indexOf(schema);
    if (same >= 0) {
      return same;
    }
    schemas.add(schema);
    return schemas.size() - 1;
  }

  /** The number of a section, which has one entry more. */
  private int enter(Section section) {
    if (section.inLedger == 0) {
      int free = sections.indexOf(null);
      section.code = free < 0 ? sections.size() : free;
      if (free < 0) {
        sections.add(section);
      } else {
        sections.set(free, section);
      }
    }
    section.inLedger++;
    return section.code;
  }

  /** A section has one entry less. */
  void left(Section section) {
    if (--section.inLedger == 0) {
      sections.set(section.code, null);
    }
  }

  Section section(Chunk chunk, int slot) {
    return requireNonNull(sections.get(chunk.sections[slot]), "section");
  }

  /** Whether an entry was recorded under this key, of whose hash it is. */
  boolean isUnder(Chunk chunk, int slot, String key) {
    Arena said = facts(chunk, slot);
    said.getCount();
    return said.isText(key);
  }

  /** The facts of an entry, behind the byte of flags. */
  private static Arena facts(Chunk chunk, int slot) {
    chunk.said.cursor = chunk.facts[slot] + 1;
    return chunk.said;
  }

  private static int flags(Chunk chunk, int slot) {
    return chunk.said.bytes[chunk.facts[slot]];
  }

  /** What was predicted; the cursor goes on behind it. */
  Prediction prediction(Chunk chunk, int slot) {
    Arena said = facts(chunk, slot);
    said.getCount();
    if (CallFlags.has(flags(chunk, slot), CallFlags.KEY)) {
      said.skipText();
    }
    Prediction prediction = said.getPrediction(names);
    if (prediction == null && chunk.whole != null) {
      prediction = chunk.whole[slot];
    }
    return requireNonNull(prediction, "prediction");
  }

  /** When what a prediction is about happened. */
  static long happened(Chunk chunk, int slot) {
    return chunk.millis[slot] - facts(chunk, slot).getCount();
  }

  @Nullable
  Truth truth(Chunk chunk, int slot) {
    if (!chunk.hasTruth(slot)) {
      return null;
    }
    chunk.truths.cursor = chunk.truthAt[slot];
    return chunk.truths.getTruth(names);
  }

  void putTruth(Chunk chunk, int slot, Truth truth) {
    scratch.size = 0;
    chunk.putTruth(slot, scratch.put(truth, names));
  }

  /** Overwrites the key and the row of an entry, and marks it as erased. */
  static void erase(Chunk chunk, int slot) {
    Arena said = facts(chunk, slot);
    said.getCount();
    said.blank(said.cursor);
    said.bytes[chunk.facts[slot]] |= CallFlags.ERASED;
    chunk.eraseRow(slot);
    chunk.keys[slot] = KeyHash.NONE;
  }

  /** An entry that has matured at a position; null if its row was erased, or is not kept. */
  @Nullable
  Outcome outcome(Chunk chunk, int slot, long position) {
    int flags = flags(chunk, slot);
    Arena rows = chunk.rows;
    if (CallFlags.has(flags, CallFlags.ERASED) || !chunk.hasRow(slot) || rows == null) {
      return null;
    }
    Outcome.Builder outcome = Outcome.builder(
            position, chunk.ids[slot], section(chunk, slot).version)
        .prediction(prediction(chunk, slot));
    chunk.said.getCall(flags, outcome, names); // it is behind the prediction
    rows.cursor = chunk.rowAt[slot] + 4;
    Schema schema = schemas.get((int) rows.getCount());
    return outcome
        .row(rows.getRow(schema, names))
        .truth(requireNonNull(truth(chunk, slot), "truth"))
        .servedAt(Instant.ofEpochMilli(happened(chunk, slot)))
        .build();
  }
}
