package dev.mlops.core.gate;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.GoldenExample;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** That inputs which once went wrong are answered right. */
final class NeverAgain extends BuiltIn {
  private final Supplier<? extends List<GoldenExample>> examples;

  NeverAgain(Supplier<? extends List<GoldenExample>> examples) {
    super("neverAgain(examples)");
    this.examples = examples;
  }

  @Override
  public Finding judge(Examination candidate) {
    List<GoldenExample> all = List.copyOf(examples.get());
    if (all.isEmpty()) {
      return Finding.builder(Verdict.PASS, "no incident is on record that could be repeated")
          .value(0.0)
          .limit(0.0)
          .n(0)
          .build();
    }
    if (!candidate.isLoaded()) {
      return notLoaded();
    }
    Schema schema = candidate.source().schema();
    int repeated = 0;
    int others = 0;
    String first = "";
    for (int i = 0; i < all.size(); i++) {
      GoldenExample example = all.get(i);
      if (!example.row().schema().differencesFrom(schema).isEmpty()) {
        others++;
        continue;
      }
      Reply reply = candidate.reply(example.row());
      if (!isRight(example, reply.prediction())) {
        repeated++;
        if (first.isEmpty()) {
          first = "; number " + i + " wanted " + MlopsException.shown(wanted(example)) + ", got "
              + MlopsException.shown(reply.what());
        }
      }
    }
    String text = repeated + " of " + (all.size() - others) + " incidents repeated" + first
        + (others == 0 ? "" : "; " + others + " have other columns and could not be asked");
    Verdict verdict =
        repeated > 0 ? Verdict.FAIL : others > 0 ? Verdict.INCONCLUSIVE : Verdict.PASS;
    return Finding.builder(verdict, text)
        .value((double) repeated)
        .limit(0.0)
        .n(all.size() - others)
        .build();
  }

  private static boolean isRight(GoldenExample example, @Nullable Prediction said) {
    if (example.expected() instanceof Classification wanted && said instanceof Classification got) {
      return wanted.label().equals(got.label()); // its score is for the candidate to say
    }
    return example.matches(said);
  }

  private static String wanted(GoldenExample example) {
    return example.expected() instanceof Classification label
        ? label.label()
        : example.expected().toString();
  }
}
