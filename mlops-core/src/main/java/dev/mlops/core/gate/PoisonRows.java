package dev.mlops.core.gate;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.core.gate.Criteria.Poison;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** That broken input is answered, or refused cleanly. */
final class PoisonRows extends BuiltIn {
  private static final double[] EXTREMES = {
    Double.MAX_VALUE, -Double.MAX_VALUE, Double.MIN_VALUE, -0.0
  };
  private static final String LONG = "x".repeat(100_000);
  private static final List<String> UNSEEN =
      List.of("a category that no row has", "\"';--\u0000\n\t", "\uD83D\uDE00\u202E\u0301");

  private final Set<Poison> kinds;

  PoisonRows(String call, Set<Poison> kinds) {
    super(call);
    this.kinds = Set.copyOf(kinds);
  }

  /** A row with something wrong in it, and what that is. */
  private record Poisoned(Row row, String what) {}

  @Override
  public Finding judge(Examination candidate) {
    if (!candidate.isLoaded()) {
      return notLoaded();
    }
    Row good = good(candidate);
    if (good == null) {
      return Finding.inconclusive("no row that the candidate answers, to break");
    }
    Reply before = candidate.reply(good);
    List<Poisoned> rows = rows(good);
    if (rows.isEmpty()) {
      return Finding.inconclusive("no column can be broken that way");
    }
    long answered = 0;
    long refused = 0;
    long bad = 0;
    String example = "";
    for (Poisoned poisoned : rows) {
      Reply reply = candidate.reply(poisoned.row());
      switch (reply.kind()) {
        case ANSWER -> answered++;
        case REFUSED -> refused++;
        case NOTHING, NOT_FINITE, BROKEN -> {
          bad++;
          if (example.isEmpty()) {
            example = "; the first, " + poisoned.what() + ", gave " + reply.what();
          }
        }
      }
    }
    Reply after = candidate.reply(good);
    boolean kept = before.prediction() != null
        && Invariance.same(good, before.prediction(), after.prediction(), Invariance.ROUNDING);
    String text = rows.size() + " broken rows: " + answered + " answered, " + refused + " refused, "
        + bad + " neither" + example;
    if (!kept) {
      text += "; afterwards a good row gave " + after.what() + " instead of " + before.what();
    }
    return Finding.builder(bad == 0 && kept ? Verdict.PASS : Verdict.FAIL, text)
        .value((double) bad)
        .limit(0.0)
        .n(rows.size())
        .build();
  }

  private static @Nullable Row good(Examination candidate) {
    for (Labelled<Row> row : candidate.rows()) {
      Row copy = Row.copyOf(row.input());
      if (candidate.answer(copy).isPresent()) {
        return copy;
      }
    }
    for (GoldenExample example : candidate.source().examples()) {
      if (candidate.answer(example.row()).isPresent()) {
        return example.row();
      }
    }
    return null;
  }

  private List<Poisoned> rows(Row good) {
    Schema schema = good.schema();
    List<Poisoned> all = new ArrayList<>();
    for (int column = 0; column < schema.size(); column++) {
      String name = "column " + MlopsException.shown(schema.column(column).name());
      if (schema.isNumber(column)) {
        for (double value : numbers()) {
          all.add(
              new Poisoned(new Changed(good).number(column, value).row(), name + " at " + value));
        }
      } else {
        for (String value : categories()) {
          all.add(new Poisoned(
              new Changed(good).category(column, value).row(), name + " " + shown(value)));
        }
      }
    }
    int most = Math.max(numbers().length, categories().size());
    for (int i = 0; i < most; i++) {
      Changed every = new Changed(good);
      boolean changed = false;
      for (int column = 0; column < schema.size(); column++) {
        if (schema.isNumber(column) && numbers().length > 0) {
          every.number(column, numbers()[i % numbers().length]);
          changed = true;
        } else if (!schema.isNumber(column) && !categories().isEmpty()) {
          every.category(column, categories().get(i % categories().size()));
          changed = true;
        }
      }
      if (changed) {
        all.add(new Poisoned(every.row(), "every column at once, number " + i));
      }
    }
    return all;
  }

  private static String shown(String value) {
    return value.isEmpty()
        ? "missing"
        : value.length() > 100 ? "of " + value.length() + " characters" : "unseen";
  }

  private double[] numbers() {
    List<Double> all = new ArrayList<>();
    if (kinds.contains(Poison.MISSING)) {
      all.add(Double.NaN);
    }
    if (kinds.contains(Poison.INFINITE)) {
      all.add(Double.POSITIVE_INFINITY);
      all.add(Double.NEGATIVE_INFINITY);
    }
    if (kinds.contains(Poison.EXTREME)) {
      for (double value : EXTREMES) {
        all.add(value);
      }
    }
    return all.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private List<String> categories() {
    List<String> all = new ArrayList<>();
    if (kinds.contains(Poison.MISSING)) {
      all.add("");
    }
    if (kinds.contains(Poison.EXTREME)) {
      all.add(LONG);
    }
    if (kinds.contains(Poison.UNSEEN)) {
      all.addAll(UNSEEN);
    }
    return all;
  }
}
