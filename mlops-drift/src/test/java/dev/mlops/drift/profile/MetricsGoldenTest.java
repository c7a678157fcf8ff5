package dev.mlops.drift.profile;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Metrics as scikit-learn 1.2.1 recorded them, to 1e-12 relative, whether measured at once, in a window or as a stream.
 *
 * <p>Of one label, what nobody could measure is absent where scikit-learn says 0 ({@code zero_division=0}), and so is R² of a
 * constant truth; what is recorded as null, NaN or an error is absent.
 */
class MetricsGoldenTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));

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

    /** As recorded; absent if that is null, NaN or an error. */
    void isAsRecorded(Metric metric, Object recorded) {
      double wanted = Golden.number(requireNonNull(recorded, metric.name()));
      if (Double.isFinite(wanted)) {
        is(metric, wanted);
      } else {
        isAbsent(metric);
      }
    }

    /** As recorded, or absent if it is a share of nothing. */
    void isOfLabel(Metric metric, Object recorded, double denominator) {
      double wanted = Golden.number(requireNonNull(recorded, metric.name()));
      if (denominator > 0) {
        is(metric, wanted);
      } else {
        assertThat(Double.isNaN(wanted) || wanted == 0).as(name + " " + metric).isTrue();
        isAbsent(metric);
      }
    }
  }

  /** The numbers in the names of recorded metrics, such as 0.5 and 2 of {@code f0.5} and {@code f2}, each with its name. */
  private static Map<String, Double> named(Map<String, Object> recorded, String pattern) {
    Map<String, Double> named = new TreeMap<>();
    for (String name : recorded.keySet()) {
      Matcher matcher = Pattern.compile(pattern).matcher(name);
      if (matcher.matches()) {
        named.put(name, Double.valueOf(matcher.group(1)));
      }
    }
    assertThat(named).as("recorded metrics named as " + pattern).isNotEmpty();
    return named;
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
    double tn = Golden.number(recorded.get("tn"));
    double fp = Golden.number(recorded.get("fp"));
    double fn = Golden.number(recorded.get("fn"));
    double tp = Golden.number(recorded.get("tp"));

    List<Classification> decided = Arrays.stream(scores)
        .mapToObj(score -> Classification.of(score >= threshold ? "1" : "0"))
        .toList();
    Metric npv = Metric.precision("0");
    Map<String, Double> betas = named(wanted, "f([0-9.]+)");
    betas.remove("f1");
    Set<Metric> metrics = new HashSet<>(Set.of(
        Metric.BALANCED_ACCURACY, Metric.SPECIFICITY, npv, Metric.MCC, Metric.COHEN_KAPPA));
    betas.values().forEach(beta -> {
      metrics.add(Metric.fBeta(beta));
      metrics.add(Metric.fBeta(beta, "1"));
    });
    Measured labels = Measured.of(recorded.get("name"), schema, decided, truths, metrics);
    labels.is(Metric.ACCURACY, Golden.number(wanted.get("accuracy")));
    if (wanted.get("balanced_accuracy") instanceof Double balanced) {
      labels.is(Metric.BALANCED_ACCURACY, balanced);
    } else { // recorded as null; scikit-learn gives the recall of the one true label
      labels.is(Metric.BALANCED_ACCURACY, tp + fn > 0 ? tp / (tp + fn) : tn / (tn + fp));
    }
    labels.isOfLabel(Metric.PRECISION, wanted.get("precision_zero_division_0"), tp + fp);
    labels.isOfLabel(Metric.RECALL, wanted.get("recall_zero_division_0"), tp + fn);
    labels.isOfLabel(Metric.F1, wanted.get("f1_zero_division_0"), tp + fp + fn);
    betas.forEach((name, beta) -> {
      labels.isOfLabel(Metric.fBeta(beta), wanted.get(name), tp + fp + fn);
      labels.isOfLabel(Metric.fBeta(beta, "1"), wanted.get(name), tp + fp + fn);
    });
    labels.isOfLabel(Metric.SPECIFICITY, wanted.get("specificity"), tn + fp);
    labels.isOfLabel(npv, wanted.get("npv"), tn + fn);
    labels.isAsRecorded(Metric.MCC, wanted.get("mcc"));
    labels.isAsRecorded(Metric.COHEN_KAPPA, wanted.get("cohen_kappa"));

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

    Map<String, Map<String, Long>> confusion = Quality.confusion(decided, truths);
    assertThat(cell(confusion, "1", "1")).isEqualTo((long) tp);
    assertThat(cell(confusion, "1", "0")).isEqualTo((long) fn);
    assertThat(cell(confusion, "0", "1")).isEqualTo((long) fp);
    assertThat(cell(confusion, "0", "0")).isEqualTo((long) tn);
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
    double[] predicted = Golden.numbers(recorded.get("pred_argmax_first"));
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
    Map<String, Double> tops = named(wanted, "top([0-9]+)_accuracy");
    tops.values().forEach(k -> metrics.add(Metric.topK(k.intValue())));
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
    measured.isAsRecorded(Metric.MCC, wanted.get("mcc"));
    measured.isAsRecorded(Metric.COHEN_KAPPA, wanted.get("cohen_kappa"));
    measured.isAsRecorded(Metric.LOG_LOSS, wanted.get("log_loss"));
    measured.isAsRecorded(Metric.BRIER, wanted.get("brier_multiclass_sum"));
    tops.forEach(
        (name, k) -> measured.isAsRecorded(Metric.topK(k.intValue()), wanted.get(name)));
    measured.isAsRecorded(Metric.ROC_AUC, wanted.get("roc_auc_ovr_macro"));
    measured.isAsRecorded(Metric.ROC_AUC.macro(), wanted.get("roc_auc_ovr_macro"));
    measured.isAsRecorded(Metric.ROC_AUC.weighted(), wanted.get("roc_auc_ovr_weighted"));
    List<?> confusion = (List<?>) requireNonNull(recorded.get("confusion_rows_true"));
    Map<String, Map<String, Long>> counted = Quality.confusion(said, truths);
    bases.forEach((name, base) -> {
      String end = "_zero_division_0";
      measured.isAsRecorded(base, wanted.get(name + "_macro" + end));
      measured.isAsRecorded(base.macro(), wanted.get(name + "_macro" + end));
      measured.isAsRecorded(base.micro(), wanted.get(name + "_micro" + end));
      measured.isAsRecorded(base.weighted(), wanted.get(name + "_weighted" + end));
      List<?> each = (List<?>) requireNonNull(wanted.get(name + "_per_class" + end));
      for (int k = 0; k < classes; k++) {
        double ofTruth = Arrays.stream(Golden.numbers(confusion.get(k))).sum();
        double ofSaid = 0.0;
        for (int i = 0; i < classes; i++) {
          ofSaid += Golden.numbers(confusion.get(i))[k];
        }
        double denominator = switch (name) {
          case "precision" -> ofSaid;
          case "recall" -> ofTruth;
          default -> ofSaid + ofTruth;
        };
        measured.isOfLabel(Metric.of(name + "(" + k + ")"), each.get(k), denominator);
      }
    });
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
    Map<String, Double> quantiles = named(wanted, "pinball_([0-9.]+)");
    Set<Metric> metrics = new HashSet<>(Set.of(
        Metric.MSE,
        Metric.RMSLE,
        Metric.MAPE,
        Metric.SMAPE,
        Metric.MEDIAN_ABSOLUTE_ERROR,
        Metric.BIAS));
    quantiles.values().forEach(quantile -> metrics.add(Metric.pinball(quantile)));
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
    quantiles.forEach(
        (name, quantile) -> measured.isAsRecorded(Metric.pinball(quantile), wanted.get(name)));
    double mae = Golden.number(wanted.get("mae"));
    measured.is(Metric.BIAS, Golden.number(wanted.get("mean_error_pred_minus_true")), mae);
    if (Arrays.stream(truths).distinct().count() == 1) {
      measured.isAbsent(Metric.R2);
    } else {
      measured.isAsRecorded(Metric.R2, wanted.get("r2"));
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
