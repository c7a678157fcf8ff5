package dev.mlops.drift.profile;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.drift.Golden;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Metrics as scikit-learn 1.2.1 recorded them, to 1e-12 relative, whether measured at once, in a window or as a stream.
 *
 * <p>Of one label, what nobody could measure is absent where scikit-learn says 0 ({@code zero_division=0}), and so is R² of a
 * constant truth; what is recorded as null, NaN or an error is absent.
 */
class MetricsGoldenTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));

  /** By file, the recorded names that are compared; beside them those of {@link #withANumber}. */
  private static final Map<String, List<String>> COMPARED = Map.of(
      "metrics_binary.json",
      List.of(
          "accuracy",
          "balanced_accuracy",
          "precision_zero_division_0",
          "recall_zero_division_0",
          "f1_zero_division_0",
          "specificity",
          "npv",
          "mcc",
          "cohen_kappa",
          "log_loss_clip_2.22e-16",
          "brier",
          "ece_10_equal_width",
          "roc_auc",
          "average_precision"),
      "metrics_multiclass.json",
      List.of(
          "accuracy",
          "balanced_accuracy",
          "precision_macro_zero_division_0",
          "precision_micro_zero_division_0",
          "precision_weighted_zero_division_0",
          "precision_per_class_zero_division_0",
          "recall_macro_zero_division_0",
          "recall_micro_zero_division_0",
          "recall_weighted_zero_division_0",
          "recall_per_class_zero_division_0",
          "f1_macro_zero_division_0",
          "f1_micro_zero_division_0",
          "f1_weighted_zero_division_0",
          "f1_per_class_zero_division_0",
          "mcc",
          "cohen_kappa",
          "log_loss",
          "brier_multiclass_sum",
          "roc_auc_ovr_macro",
          "roc_auc_ovr_weighted"),
      "metrics_regression.json",
      List.of(
          "mae",
          "mse",
          "rmse",
          "msle",
          "rmsle",
          "mape_sklearn_eps",
          "smape_0_2",
          "r2",
          "median_ae",
          "mean_error_pred_minus_true"));

  /** Recorded beside them, and no metric of the library. */
  private static final Set<String> NOT_OURS = Set.of(
      "jaccard_zero_division_0",
      "pr_auc_trapezoid",
      "mce_10_equal_width",
      "ks_score_separation",
      "gini",
      "cohen_kappa_quadratic",
      "roc_auc_ovo_macro",
      "roc_auc_ovo_weighted",
      "mape_skip_zero_truth",
      "explained_variance",
      "max_error",
      "std_error_pop",
      "pearson",
      "spearman");

  private static final Pattern TOP = Pattern.compile("top(\\d+)_accuracy");
  private static final Pattern F_BETA = Pattern.compile("f(\\d+(?:\\.\\d+)?)");
  private static final Pattern PINBALL = Pattern.compile("pinball_(0\\.\\d+)");

  /** By recorded name the metrics whose number the name tells, such as {@code f0.5}, {@code top2_accuracy}. */
  private static Map<String, Metric> withANumber(String file, Map<String, Object> recorded) {
    Map<String, Metric> metrics = new TreeMap<>();
    for (String name : recorded.keySet()) {
      Matcher top = TOP.matcher(name);
      Matcher beta = F_BETA.matcher(name);
      Matcher pinball = PINBALL.matcher(name);
      if (file.equals("metrics_multiclass.json") && top.matches()) {
        metrics.put(name, Metric.topK(Integer.parseInt(top.group(1))));
      } else if (file.equals("metrics_binary.json") && beta.matches()) {
        metrics.put(name, Metric.fBeta(Double.parseDouble(beta.group(1))));
      } else if (file.equals("metrics_regression.json") && pinball.matches()) {
        metrics.put(name, Metric.pinball(Double.parseDouble(pinball.group(1))));
      }
    }
    return metrics;
  }

  /** Of a file from elsewhere it is skipped, and says why, if that records what nothing is compared with, or lacks what ours have. */
  @ParameterizedTest
  @ValueSource(
      strings = {"metrics_binary.json", "metrics_multiclass.json", "metrics_regression.json"})
  void allThatIsRecordedIsCompared(String file) {
    List<String> compared = requireNonNull(COMPARED.get(file));
    Set<String> told = new TreeSet<>();
    for (Map<String, Object> recorded : Golden.cases(file)) {
      Map<String, Object> metrics = Golden.object(recorded, "metrics");
      Set<String> numbered = withANumber(file, metrics).keySet();
      metrics.keySet().stream()
          .filter(name ->
              !compared.contains(name) && !NOT_OURS.contains(name) && !numbered.contains(name))
          .forEach(name -> told.add(name + " is recorded and not compared"));
      compared.stream()
          .filter(name -> !metrics.containsKey(name))
          .forEach(name -> told.add(name + " is not recorded of " + recorded.get("name")));
    }
    assumeTrue(
        told.isEmpty() || System.getProperty("mlops.golden") == null, () -> file + ": " + told);
    assertThat(told).as(file).isEmpty();
  }

  static List<Map<String, Object>> binary() {
    return Golden.cases("metrics_binary.json");
  }

  static List<Map<String, Object>> multiclass() {
    return Golden.cases("metrics_multiclass.json");
  }

  static List<Map<String, Object>> regression() {
    return Golden.cases("metrics_regression.json");
  }

  static List<Map<String, Object>> proportions() {
    return Golden.cases("proportion_intervals.json");
  }

  /** What was measured in three ways. */
  private record Measured(
      String name,
      Map<Metric, Estimate> exact,
      Map<Metric, Estimate> window,
      Map<Metric, Estimate> stream) {
    static Measured of(
        Object name,
        Schema schema,
        List<? extends Prediction> said,
        List<Truth> right,
        Set<Metric> metrics) {
      QualityWindow window = QualityWindow.of(schema, said.size(), metrics);
      StreamingQuality stream = StreamingQuality.of(schema, metrics);
      for (int i = 0; i < said.size(); i++) {
        window.add(said.get(i), right.get(i));
        stream.add(said.get(i), right.get(i));
      }
      return new Measured(
          String.valueOf(name),
          Quality.of(schema, said, right, metrics),
          window.quality(),
          stream.quality());
    }

    void is(Metric metric, double wanted) {
      is(metric, wanted, 0.0);
    }

    /** To 1e-12 of the value, or of the magnitudes that it is the difference of. */
    void is(Metric metric, double wanted, double of) {
      String where = name + " " + metric;
      double apart = Math.max(1e-15, 1e-12 * Math.max(of, Math.abs(wanted)));
      assertThat(exact).as(where).containsKey(metric);
      assertThat(requireNonNull(exact.get(metric)).value())
          .as(where)
          .isCloseTo(wanted, within(apart));
      assertThat(requireNonNull(window.get(metric)).value())
          .as(where + " of the window")
          .isCloseTo(wanted, within(apart));
      Estimate streamed = requireNonNull(stream.get(metric));
      if (Set.of("roc_auc", "average_precision", "median_absolute_error")
          .contains(LabelCounts.base(metric))) {
        assertThat(streamed.lower()).as(where).isLessThanOrEqualTo(wanted + apart);
        assertThat(streamed.upper()).as(where).isGreaterThanOrEqualTo(wanted - apart);
      } else {
        assertThat(streamed.value()).as(where + " of the stream").isCloseTo(wanted, within(apart));
      }
    }

    void isAbsent(Metric metric) {
      assertThat(exact).as(name).doesNotContainKey(metric);
      assertThat(window).as(name).doesNotContainKey(metric);
      assertThat(stream).as(name).doesNotContainKey(metric);
    }

    /** As recorded; absent if that is null, NaN or an error. Nothing is asked of what is not recorded at all. */
    void isAsRecorded(Metric metric, @Nullable Object recorded) {
      isAsRecorded(metric, recorded, 0.0);
    }

    void isAsRecorded(Metric metric, @Nullable Object recorded, double of) {
      if (recorded == null) {
        return;
      }
      double wanted = Golden.number(recorded);
      if (Double.isFinite(wanted)) {
        is(metric, wanted, of);
      } else {
        isAbsent(metric);
      }
    }

    /** As recorded, or absent if it is a share of nothing. */
    void isOfLabel(Metric metric, @Nullable Object recorded, double denominator) {
      if (recorded == null) {
        return;
      }
      double wanted = Golden.number(recorded);
      if (denominator > 0) {
        is(metric, wanted);
      } else {
        assertThat(Double.isNaN(wanted) || wanted == 0).as(name + " " + metric).isTrue();
        isAbsent(metric);
      }
    }
  }

  private static List<Truth> labels(Object y) {
    return Arrays.stream(Golden.numbers(y))
        .mapToObj(label -> Truth.of(Integer.toString((int) label)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("binary")
  void ofAPositiveLabel(Map<String, Object> recorded) {
    double threshold = Golden.number(recorded.get("threshold_ge"));
    double[] scores = Golden.numbers(recorded.get("score"));
    List<Truth> truths = labels(recorded.get("y"));
    Schema schema = COLUMNS.positiveLabel("1");
    Map<String, Object> wanted = Golden.object(recorded, "metrics");
    List<Classification> decided = Arrays.stream(scores)
        .mapToObj(score -> Classification.of(score >= threshold ? "1" : "0"))
        .toList();
    Map<String, Map<String, Long>> confusion = Quality.confusion(decided, truths);
    long tn = cell(confusion, "0", "0");
    long fp = cell(confusion, "0", "1");
    long fn = cell(confusion, "1", "0");
    long tp = cell(confusion, "1", "1");
    Map.of("tn", tn, "fp", fp, "fn", fn, "tp", tp).forEach((name, counted) -> {
      if (recorded.containsKey(name)) {
        assertThat(Golden.number(recorded.get(name))).as(name).isEqualTo(counted.doubleValue());
      }
    });
    Metric npv = Metric.precision("0");
    Map<String, Metric> betas = withANumber("metrics_binary.json", wanted);
    Set<Metric> metrics = new HashSet<>(betas.values());
    betas.values().forEach(beta -> metrics.add(Metric.fBeta(beta.parameter().orElse(1.0), "1")));
    metrics.addAll(
        List.of(Metric.BALANCED_ACCURACY, Metric.SPECIFICITY, npv, Metric.MCC, Metric.COHEN_KAPPA));
    Measured labels = Measured.of(recorded.get("name"), schema, decided, truths, metrics);
    labels.isAsRecorded(Metric.ACCURACY, wanted.get("accuracy"));
    if (wanted.get("balanced_accuracy") instanceof Double balanced) {
      labels.is(Metric.BALANCED_ACCURACY, balanced);
    } else { // recorded as null; scikit-learn gives the recall of the one true label
      labels.is(
          Metric.BALANCED_ACCURACY,
          tp + fn > 0 ? (double) tp / (tp + fn) : (double) tn / (tn + fp));
    }
    labels.isOfLabel(Metric.PRECISION, wanted.get("precision_zero_division_0"), tp + fp);
    labels.isOfLabel(Metric.RECALL, wanted.get("recall_zero_division_0"), tp + fn);
    labels.isOfLabel(Metric.F1, wanted.get("f1_zero_division_0"), tp + fp + fn);
    betas.forEach((name, beta) -> {
      labels.isOfLabel(beta, wanted.get(name), tp + fp + fn);
      labels.isOfLabel(
          Metric.fBeta(beta.parameter().orElse(1.0), "1"), wanted.get(name), tp + fp + fn);
    });
    labels.isOfLabel(Metric.SPECIFICITY, wanted.get("specificity"), tn + fp);
    labels.isOfLabel(npv, wanted.get("npv"), tn + fn);
    labels.isAsRecorded(Metric.MCC, wanted.get("mcc"), 1.0);
    labels.isAsRecorded(Metric.COHEN_KAPPA, wanted.get("cohen_kappa"), 1.0);

    List<Classification> scored = Arrays.stream(scores)
        .mapToObj(s -> Classification.of(List.of("1", "0"), new double[] {s, 1 - s}))
        .toList();
    Measured measured = Measured.of(
        recorded.get("name"),
        schema,
        scored,
        truths,
        Set.of(Metric.BRIER, Metric.ECE, Metric.ROC_AUC, Metric.AVERAGE_PRECISION));
    measured.isAsRecorded(Metric.LOG_LOSS, wanted.get("log_loss_clip_2.22e-16"));
    measured.isAsRecorded(Metric.BRIER, wanted.get("brier"));
    measured.isAsRecorded(Metric.ECE, wanted.get("ece_10_equal_width"));
    measured.isAsRecorded(Metric.ROC_AUC, wanted.get("roc_auc"));
    measured.isAsRecorded(Metric.AVERAGE_PRECISION, wanted.get("average_precision"));
  }

  private static long cell(Map<String, Map<String, Long>> confusion, String right, String said) {
    return confusion.getOrDefault(right, Map.of()).getOrDefault(said, 0L);
  }

  @ParameterizedTest
  @MethodSource("multiclass")
  void ofSeveralLabels(Map<String, Object> recorded) {
    int classes = (int) Golden.number(recorded.get("classes"));
    List<String> names = IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    List<Classification> said = new ArrayList<>();
    for (Object row : (List<?>) requireNonNull(recorded.get("proba"))) {
      said.add(Classification.of(names, Golden.numbers(row)));
    }
    double[] predicted =
        Golden.numbers(recorded.getOrDefault("pred_argmax_first", List.<Object>of()));
    for (int i = 0; i < predicted.length; i++) {
      assertThat(said.get(i).label()).isEqualTo(Integer.toString((int) predicted[i]));
    }
    List<Truth> truths = labels(recorded.get("y"));
    Set<Metric> metrics = new HashSet<>(Set.of(
        Metric.BALANCED_ACCURACY,
        Metric.MCC,
        Metric.COHEN_KAPPA,
        Metric.BRIER,
        Metric.ROC_AUC,
        Metric.ROC_AUC.macro(),
        Metric.ROC_AUC.weighted()));
    Map<String, Object> wanted = Golden.object(recorded, "metrics");
    Map<String, Metric> tops = withANumber("metrics_multiclass.json", wanted);
    metrics.addAll(tops.values());
    Map<String, Metric> bases =
        Map.of("precision", Metric.PRECISION, "recall", Metric.RECALL, "f1", Metric.F1);
    bases.values().forEach(base -> {
      metrics.addAll(List.of(base.macro(), base.micro(), base.weighted()));
      names.forEach(label -> metrics.add(Metric.of(base.name() + "(" + label + ")")));
    });
    Measured measured = Measured.of(
        recorded.get("name"), COLUMNS.predicting(Task.CLASSIFICATION), said, truths, metrics);
    measured.isAsRecorded(Metric.ACCURACY, wanted.get("accuracy"));
    measured.isAsRecorded(Metric.BALANCED_ACCURACY, wanted.get("balanced_accuracy"));
    measured.isAsRecorded(Metric.MCC, wanted.get("mcc"), 1.0);
    measured.isAsRecorded(Metric.COHEN_KAPPA, wanted.get("cohen_kappa"), 1.0);
    measured.isAsRecorded(Metric.LOG_LOSS, wanted.get("log_loss"));
    measured.isAsRecorded(Metric.BRIER, wanted.get("brier_multiclass_sum"));
    tops.forEach((name, top) -> measured.isAsRecorded(top, wanted.get(name)));
    measured.isAsRecorded(Metric.ROC_AUC, wanted.get("roc_auc_ovr_macro"));
    measured.isAsRecorded(Metric.ROC_AUC.macro(), wanted.get("roc_auc_ovr_macro"));
    measured.isAsRecorded(Metric.ROC_AUC.weighted(), wanted.get("roc_auc_ovr_weighted"));
    Map<String, Map<String, Long>> counted = Quality.confusion(said, truths);
    bases.forEach((name, base) -> {
      String end = "_zero_division_0";
      measured.isAsRecorded(base, wanted.get(name + "_macro" + end));
      measured.isAsRecorded(base.macro(), wanted.get(name + "_macro" + end));
      measured.isAsRecorded(base.micro(), wanted.get(name + "_micro" + end));
      measured.isAsRecorded(base.weighted(), wanted.get(name + "_weighted" + end));
      if (!(wanted.get(name + "_per_class" + end) instanceof List<?> each)) {
        return;
      }
      for (int k = 0; k < classes; k++) {
        String label = Integer.toString(k);
        double ofTruth =
            truths.stream().filter(truth -> truth.equals(Truth.of(label))).count();
        double ofSaid = said.stream().filter(one -> one.label().equals(label)).count();
        double denominator = switch (name) {
          case "precision" -> ofSaid;
          case "recall" -> ofTruth;
          default -> ofSaid + ofTruth;
        };
        measured.isOfLabel(Metric.of(name + "(" + k + ")"), each.get(k), denominator);
      }
    });
    if (!(recorded.get("confusion_rows_true") instanceof List<?> confusion)) {
      return;
    }
    Map<String, Map<String, Long>> rows = new TreeMap<>();
    for (int i = 0; i < classes; i++) {
      double[] cells = Golden.numbers(confusion.get(i));
      for (int k = 0; k < classes; k++) {
        if (cells[k] > 0) {
          rows.computeIfAbsent(names.get(i), first -> new TreeMap<>())
              .put(names.get(k), (long) cells[k]);
        }
      }
    }
    assertThat(counted).isEqualTo(rows);
  }

  @ParameterizedTest
  @MethodSource("regression")
  void ofQuantities(Map<String, Object> recorded) {
    double[] truths = Golden.numbers(recorded.get("y"));
    double[] said = Golden.numbers(recorded.get("pred"));
    Map<String, Object> wanted = Golden.object(recorded, "metrics");
    Map<String, Metric> pinballs = withANumber("metrics_regression.json", wanted);
    Set<Metric> metrics = new HashSet<>(pinballs.values());
    metrics.addAll(List.of(
        Metric.MSE,
        Metric.RMSLE,
        Metric.MAPE,
        Metric.SMAPE,
        Metric.MEDIAN_ABSOLUTE_ERROR,
        Metric.BIAS));
    Measured measured = Measured.of(
        recorded.get("name"),
        COLUMNS.predicting(Task.REGRESSION),
        Arrays.stream(said).mapToObj(Regression::of).toList(),
        Arrays.stream(truths).mapToObj(Truth::of).toList(),
        metrics);
    measured.isAsRecorded(Metric.MAE, wanted.get("mae"));
    measured.isAsRecorded(Metric.MSE, wanted.get("mse"));
    measured.isAsRecorded(Metric.RMSE, wanted.get("rmse"));
    measured.isAsRecorded(Metric.RMSLE, wanted.get("rmsle"));
    if (wanted.get("msle") instanceof Double squared) {
      measured.is(Metric.RMSLE, Math.sqrt(squared));
    }
    measured.isAsRecorded(Metric.MAPE, wanted.get("mape_sklearn_eps"));
    measured.isAsRecorded(Metric.SMAPE, wanted.get("smape_0_2"));
    measured.isAsRecorded(Metric.MEDIAN_ABSOLUTE_ERROR, wanted.get("median_ae"));
    pinballs.forEach((name, pinball) -> measured.isAsRecorded(pinball, wanted.get(name)));
    double mae = IntStream.range(0, truths.length)
        .mapToDouble(i -> Math.abs(said[i] - truths[i]))
        .average()
        .orElse(0.0);
    measured.isAsRecorded(Metric.BIAS, wanted.get("mean_error_pred_minus_true"), mae);
    if (Arrays.stream(truths).distinct().count() == 1) {
      measured.isAbsent(Metric.R2);
    } else {
      measured.isAsRecorded(Metric.R2, wanted.get("r2"), 1.0);
    }
  }

  /** statsmodels 0.13.5 {@code proportion_confint}; its Wilson bounds at 0 and 1 are rounded. */
  @ParameterizedTest
  @MethodSource("proportions")
  void intervalsOfShares(Map<String, Object> recorded) {
    long k = (long) Golden.number(recorded.get("k"));
    long n = (long) Golden.number(recorded.get("n"));
    assertThat(Golden.number(recorded.get("alpha"))).isEqualTo(0.05);
    double[] wilson = Golden.numbers(recorded.get("wilson"));
    Estimate share = Estimate.share(k, n);
    assertThat(share.lower())
        .isCloseTo(wilson[0], within(1e-12 * Math.max(k == 0 ? 1 : 0, wilson[0])));
    assertThat(share.upper()).isCloseTo(wilson[1], within(1e-12 * wilson[1]));
  }
}
