package dev.mlops.drift.batch;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.model.MlopsException;
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
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A column of categories: the counts of the window against those of the profile. */
final class CategoryWatch extends ColumnWatch {
  private static final int MISSING = -1;
  /** From here on downwards, a hash of the kind stands for one that the profile does not list. */
  private static final int UNLISTED = -2;

  private static final int HASH = 0x3fff_ffff;
  private static final int SHOWN = 3;
  private static final int LONGEST_NAME = 64;

  /** With at least this number of values of which none occurs more often, a column looks like one of identifiers. */
  private static final int MANY = 100;

  private static final int SELDOM = 3;

  private final CategoryProfile profile;
  private final List<String> names;
  private final Map<String, Integer> codes = new HashMap<>();
  /** By code. */
  private final long[] baseline;

  /** Of the names. */
  private final int[] hashes;

  private final int[] window;
  /** The kind that most unlisted values of the window have, if one has the majority. */
  private String unlisted = "";

  private int majority;

  CategoryWatch(CategoryProfile profile, int index, double leastEffect, int window) {
    super(profile, index, leastEffect);
    this.profile = profile;
    this.names = new ArrayList<>(profile.counts().keySet());
    this.baseline = new long[names.size()];
    this.hashes = new int[names.size()];
    for (int code = 0; code < names.size(); code++) {
      codes.put(names.get(code), code);
      baseline[code] = profile.counts().getOrDefault(names.get(code), 0L);
      hashes[code] = hash(names.get(code));
    }
    this.window = new int[window];
  }

  /** Murmur's finaliser: the order of hashes tells nothing about that of kinds, such as numbers in a row. */
  private static int hash(String kind) {
    int h = kind.hashCode();
    h = (h ^ (h >>> 16)) * 0x85ebca6b;
    h = (h ^ (h >>> 13)) * 0xc2b2ae35;
    return (h ^ (h >>> 16)) & HASH;
  }

  @Override
  Optional<String> note() {
    long most = Arrays.stream(baseline).max().orElse(0);
    return profile.n() < MANY || most > SELDOM
        ? Optional.empty()
        : Optional.of(
            "column " + MlopsException.shown(name()) + " looks like one of identifiers: no"
                + " kind came more than " + most + " times among " + profile.n() + " values of the"
                + " baseline, so only a kind that becomes frequent and missing values can be found;"
                + " leave it out with ignoring(\"" + MlopsException.shown(name()) + "\")");
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
    window[place] = UNLISTED - hash(kind);
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
      out.writeChars(names.get(code));
      out.writeLong(baseline[code]);
    }
    out.writeLong(profile.other());
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
      int code = in.readInt();
      if (code > names.size() || code < UNLISTED - HASH) {
        throw DetectorState.refused("it names a category that the baseline does not list");
      }
      // Once all unlisted kinds had this code: then each was as good as unique.
      window[place] = code == names.size() ? UNLISTED - hash("unlisted " + place) : code;
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
    int[] others = new int[window.length];
    int strange = 0;
    long missing = 0;
    for (int code : window) {
      if (code >= 0) {
        counts[code]++;
      } else if (code == MISSING) {
        missing++;
      } else {
        others[strange++] = UNLISTED - code;
      }
    }
    Arrays.sort(others, 0, strange);
    long[] unlistedCounts = new long[strange];
    int[] order = Arrays.copyOf(hashes, hashes.length + strange);
    int kinds = 0;
    for (int i = 0; i < strange; i++) {
      if (i == 0 || others[i] != others[i - 1]) {
        order[hashes.length + kinds++] = others[i];
      }
      unlistedCounts[kinds - 1]++;
    }
    Tables.Compared found = Tables.compare(
        baseline, counts, order, profile.other(), Arrays.copyOf(unlistedCounts, kinds));
    long strangers = strange;
    String newcomer = majority > 0 ? unlisted : "";
    return new Comparison(found.pValue(), found.effect(), missing, window.length - missing) {
      @Override
      ColumnShift values() {
        String[] described =
            described(with(baseline, profile.other()), with(counts, strangers), newcomer);
        return new ColumnShift(
            name(), Direction.OTHER, described[0], described[1], found.effect(), valueP);
      }
    };
  }

  /** Counts, the last of which is of all unlisted kinds. */
  private static long[] with(long[] counts, long unlisted) {
    long[] all = Arrays.copyOf(counts, counts.length + 1);
    all[counts.length] = unlisted;
    return all;
  }

  /** The shares of the kinds that moved most, of each sample the largest first. */
  private String[] described(long[] before, long[] now, String newcomer) {
    double n = Arrays.stream(before).sum();
    double m = Arrays.stream(now).sum();
    int[] shown = IntStream.range(0, before.length)
        .filter(code -> before[code] + now[code] > 0)
        .boxed()
        .sorted(Comparator.comparingDouble(code -> -Math.abs(now[code] / m - before[code] / n)))
        .limit(SHOWN)
        .mapToInt(Integer::intValue)
        .toArray();
    Map<Integer, String[]> shares = new HashMap<>();
    for (int code : shown) {
      shares.put(code, percents(before[code] / n, now[code] / m));
    }
    return new String[] {
      described(before, shown, shares, 0, newcomer), described(now, shown, shares, 1, newcomer)
    };
  }

  private String described(
      long[] counts, int[] shown, Map<Integer, String[]> shares, int side, String newcomer) {
    return Arrays.stream(shown)
        .boxed()
        .sorted(Comparator.comparingLong(code -> -counts[code]))
        .map(code -> name(code, newcomer) + " " + requireNonNull(shares.get(code))[side])
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
