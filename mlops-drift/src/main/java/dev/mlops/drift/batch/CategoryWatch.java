package dev.mlops.drift.batch;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A column of categories: chi-square of its counts against those of the profile. */
final class CategoryWatch extends ColumnWatch {
  private static final int MISSING = -1;
  private static final int SHOWN = 3;
  private static final int LONGEST_NAME = 64;

  private final List<String> names;
  private final Map<String, Integer> codes = new HashMap<>();
  /** By code; the last is of kinds that the profile does not list. */
  private final long[] baseline;

  private final int[] window;
  /** The kind that most unlisted values of the window have, if one has the majority. */
  private String unlisted = "";

  private int majority;

  CategoryWatch(CategoryProfile profile, int index, int window) {
    super(profile, index);
    this.names = new ArrayList<>(profile.counts().keySet());
    this.baseline = new long[names.size() + 1];
    for (int code = 0; code < names.size(); code++) {
      codes.put(names.get(code), code);
      baseline[code] = profile.counts().getOrDefault(names.get(code), 0L);
    }
    baseline[names.size()] = profile.other();
    this.window = new int[window];
  }

  @Override
  void put(Row row, int place) {
    String kind = row.category(index);
    if (kind.isEmpty()) {
      window[place] = MISSING;
      return;
    }
    Integer code = codes.get(kind);
    if (code != null) {
      window[place] = code;
      return;
    }
    window[place] = names.size();
    if (kind.length() > LONGEST_NAME) {
      kind = kind.substring(0, LONGEST_NAME + 1);
    }
    if (majority == 0) {
      unlisted = kind;
      majority = 1;
    } else {
      majority += kind.equals(unlisted) ? 1 : -1;
    }
  }

  @Override
  void clear() {
    unlisted = "";
    majority = 0;
  }

  @Override
  void identify(DataOutput out) throws IOException {
    out.writeUTF(name());
    for (int code = 0; code < baseline.length; code++) {
      out.writeChars(code < names.size() ? names.get(code) : "");
      out.writeLong(baseline[code]);
    }
  }

  @Override
  void write(DataOutput out, int filled) throws IOException {
    for (int place = 0; place < filled; place++) {
      out.writeInt(window[place]);
    }
    out.writeUTF(unlisted);
    out.writeInt(majority);
  }

  @Override
  void read(DataInput in, int filled) throws IOException {
    for (int place = 0; place < filled; place++) {
      window[place] = in.readInt();
      if (window[place] < MISSING || window[place] > names.size()) {
        throw DetectorState.refused("it names a category that the baseline does not list");
      }
    }
    unlisted = in.readUTF();
    majority = in.readInt();
  }

  @Override
  int mostBytes() {
    return 4 * window.length + 2 + 3 * (LONGEST_NAME + 1) + 4;
  }

  @Override
  Comparison compare() {
    long[] counts = new long[baseline.length];
    long missing = 0;
    for (int code : window) {
      if (code == MISSING) {
        missing++;
      } else {
        counts[code]++;
      }
    }
    double p = Tables.homogeneity(baseline, counts);
    long present = window.length - missing;
    String newcomer = majority > 0 ? unlisted : "";
    return new Comparison(p, missingP(missing, present), missing, present) {
      @Override
      ColumnShift values() {
        int[] shown = mostMoved(counts);
        return new ColumnShift(
            name(),
            Direction.OTHER,
            describe(baseline, shown, newcomer),
            describe(counts, shown, newcomer),
            Tables.effect(baseline, counts),
            valueP);
      }
    };
  }

  /** The kinds whose share moved most. */
  private int[] mostMoved(long[] counts) {
    double before = Arrays.stream(baseline).sum();
    double now = Arrays.stream(counts).sum();
    return IntStream.range(0, baseline.length)
        .filter(code -> baseline[code] + counts[code] > 0)
        .boxed()
        .sorted(Comparator.comparingDouble(
            code -> -Math.abs(counts[code] / now - baseline[code] / before)))
        .limit(SHOWN)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private String describe(long[] counts, int[] shown, String newcomer) {
    double n = Arrays.stream(counts).sum();
    return Arrays.stream(shown)
        .boxed()
        .sorted(Comparator.comparingLong(code -> -counts[code]))
        .map(code -> name(code, newcomer) + " " + percent(counts[code] / n))
        .collect(Collectors.joining(", "));
  }

  private String name(int code, String newcomer) {
    if (code < names.size()) {
      return shown(names.get(code));
    }
    return newcomer.isEmpty() ? "unlisted kinds" : "unlisted kinds such as " + shown(newcomer);
  }

  /** Foreign text: without control characters, and cut. */
  private static String shown(String text) {
    StringBuilder safe = new StringBuilder();
    for (int i = 0; i < text.length() && i < LONGEST_NAME; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
        safe.append(String.format("\\u%04x", (int) c));
      } else {
        safe.append(c);
      }
    }
    return text.length() > LONGEST_NAME ? safe.append('…').toString() : safe.toString();
  }
}
