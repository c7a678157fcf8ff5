package dev.mlops.drift.profile;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.TestPhase;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.commons.statistics.distribution.BetaDistribution;
import org.jspecify.annotations.Nullable;

/**
 * The largest losses of a test phase: how unusual a wrong prediction is, as a conformal p-value.
 *
 * <p>The loss of a label is 0 if it was right, else −log of the score of the true one, at most 100; without scores 1 if it was
 * wrong. That of quantities is the largest of |prediction − truth| over the mean of it in the test phase. With n test rows, of
 * which c had at least a loss, its p-value is the upper 90 % limit (Clopper and Pearson) of the share that c of n estimates: at
 * least (1 + c) / (n + 1), which is the conformal p-value.
 *
 * <p><b>What holds.</b> If a row and the test rows are exchangeable, its p-value is at most u with probability at most u, for each u in 0 to
 * 1. The p-values of several such rows depend on the same test rows positively, so Benjamini and Hochberg's procedure over a
 * family of them keeps the expected share of false discoveries (Bates et al. 2023). That is an expectation over test phases: with
 * conformal p-values one in two would give more. With the upper limit, at a level of 0.1, 5,000 test rows and 2 % mislabelled
 * ones, the share was 0.07 on average and above 0.1 in 17 of 100 test phases. Where traffic has drifted, a p-value is small because
 * of that: what is found then is real, and need not be rare.
 *
 * <p>The {@value #MOST} largest losses are kept; a loss below them has the p-value 1. No p-value is below 1 − 0.1^(1/n), about
 * 2.3 / n.
 *
 * <p>Immutable.
 *
 * @see <a href="https://doi.org/10.1214/22-AOS2244">Bates, Candès, Lei, Romano, Sesia (2023), Testing for outliers with conformal
 *     p-values</a>
 * @since 0.1
 */
@Beta
public final class TestLosses {
  /** How many losses are kept, at most. */
  public static final int MOST = 1_000;

  /** The file of a package, or the document of a version, that holds them. */
  public static final String FILE = "test-losses.bin";

  /** "mltl". */
  private static final int MARK = 0x6d6c746c;

  private static final int VERSION = 1;
  private static final int MOST_OUTPUTS = 10_000;
  private static final double LARGEST = 100.0;

  /** How often a limit is below the share that it is a limit of, at most. */
  private static final double BELOW = 0.1;

  private final long n;
  private final List<String> outputs;

  /** By output. */
  private final double[] scales;

  /** Ascending. */
  private final double[] kept;

  /** By how many of the kept losses are at least as large. */
  private final double[] pValues;

  private TestLosses(long n, List<String> outputs, double[] scales, double[] kept) {
    this.n = n;
    this.outputs = outputs;
    this.scales = scales;
    this.kept = kept;
    this.pValues = new double[n == 0 ? 0 : kept.length + 1];
    for (int count = 0; count < pValues.length; count++) {
      pValues[count] = count >= n
          ? 1.0
          : BetaDistribution.of(count + 1.0, (double) n - count).inverseSurvivalProbability(BELOW);
    }
  }

  /**
   * {@return the losses of the usable answers of a test phase}
   *
   * <p>There are none, {@link #n()} is 0, if the answers are neither labels nor quantities.
   *
   * @param phase of the model whose incidents are looked for
   */
  public static TestLosses of(TestPhase phase) {
    List<Prediction> said = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < phase.size(); i++) {
      int row = i;
      phase.prediction(i).ifPresent(answer -> {
        said.add(answer);
        truths.add(phase.rows().get(row).truth());
      });
    }
    List<String> outputs = List.of();
    double[] scales = {};
    if (!said.isEmpty() && said.get(0) instanceof Regression first) {
      outputs = first.names();
      scales = new double[outputs.size()];
      for (int i = 0; i < said.size(); i++) {
        for (int output = 0; output < scales.length; output++) {
          scales[output] += residual(outputs, output, said.get(i), truths.get(i)) / said.size();
        }
      }
      for (int output = 0; output < scales.length; output++) {
        scales[output] =
            scales[output] > 0 && Double.isFinite(scales[output]) ? scales[output] : 1.0;
      }
    }
    TestLosses measure = new TestLosses(0, outputs, scales, new double[0]);
    double[] losses = new double[said.size()];
    int measured = 0;
    for (int i = 0; i < losses.length; i++) {
      double loss = measure.loss(said.get(i), truths.get(i));
      if (!Double.isNaN(loss)) {
        losses[measured++] = loss;
      }
    }
    double[] sorted = Arrays.copyOf(losses, measured);
    Arrays.sort(sorted);
    return new TestLosses(
        measured,
        outputs,
        scales,
        Arrays.copyOfRange(sorted, Math.max(0, measured - MOST), measured));
  }

  /** {@return no test rows: labels have losses, and each p-value is 1} */
  public static TestLosses none() {
    return new TestLosses(0, List.of(), new double[0], new double[0]);
  }

  /** {@return how many test rows had a loss; 0 if nothing can be compared with them} */
  public long n() {
    return n;
  }

  /**
   * {@return the loss of a prediction, at least 0; {@code NaN} if it has none: it is neither a label nor quantities, or the truth
   * is not for it}
   *
   * @param prediction what was said
   * @param truth what turned out right
   */
  public double loss(Prediction prediction, Truth truth) {
    if (prediction instanceof Classification said) {
      if (truth.label().isEmpty()) {
        return Double.NaN;
      }
      String right = truth.label().get();
      if (said.label().equals(right)) {
        return 0.0;
      }
      if (said.score().isEmpty()) {
        return 1.0;
      }
      OptionalDouble score = said.score(right);
      double share = score.isPresent() ? score.getAsDouble() : 0.0;
      return share > 0 ? Math.max(Double.MIN_NORMAL, Math.min(LARGEST, -Math.log(share))) : LARGEST;
    }
    if (!(prediction instanceof Regression said) || !said.names().equals(outputs)) {
      return Double.NaN;
    }
    double largest = 0.0;
    for (int output = 0; output < scales.length; output++) {
      double residual = residual(outputs, output, said, truth) / scales[output];
      if (!(residual <= largest)) { // NaN stays
        largest = residual;
      }
    }
    return largest;
  }

  private static double residual(
      List<String> outputs, int output, Prediction prediction, Truth truth) {
    if (!(prediction instanceof Regression said) || !truth.isFor(said)) {
      return Double.NaN;
    }
    double right = outputs.size() == 1
        ? truth.value().orElse(Double.NaN)
        : truth.values().getOrDefault(outputs.get(output), Double.NaN);
    return Math.abs(said.valueAt(output) - right);
  }

  /**
   * {@return the p-value of a loss, above 0, at most 1; 1 without test rows, and for {@code NaN}}
   *
   * @param loss as {@link #loss} gives it
   */
  public double pValue(double loss) {
    if (kept.length == 0 || !(loss >= kept[0])) {
      return 1.0;
    }
    int low = 0; // the first that is at least as large
    int high = kept.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (kept[middle] >= loss) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    // All that are not kept are smaller than or equal to the least kept one.
    return low == 0 && kept.length < n ? 1.0 : pValues[kept.length - low];
  }

  /** {@return the least p-value there can be; 1 without test rows} */
  public double leastPValue() {
    return n == 0 ? 1.0 : pValues[0];
  }

  /**
   * {@return the mean of |prediction − truth| of an output in the test phase; empty for labels, and for an output that it has not}
   *
   * @param output its name
   */
  public OptionalDouble scale(String output) {
    int index = outputs.indexOf(output);
    return index < 0 ? OptionalDouble.empty() : OptionalDouble.of(scales[index]);
  }

  /** {@return the bytes that {@link #of(byte[])} reads; the same losses give the same bytes} */
  public byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(MARK);
      out.writeShort(VERSION);
      out.writeLong(n);
      out.writeInt(outputs.size());
      for (int i = 0; i < outputs.size(); i++) {
        out.writeUTF(outputs.get(i));
        out.writeDouble(scales[i]);
      }
      out.writeInt(kept.length);
      for (double loss : kept) {
        out.writeDouble(loss);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * {@return the losses that were written}
   *
   * @param bytes of {@link #toBytes()}, of this release or an earlier one
   * @throws IllegalArgumentException if they are not; the message says what was wanted
   */
  public static TestLosses of(byte[] bytes) {
    try {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      require(in.readInt() == MARK, "the mark mltl at byte 0");
      int version = in.readShort();
      require(version == VERSION, "format version " + VERSION + ", got " + version);
      long n = in.readLong();
      int named = in.readInt();
      require(named >= 0 && named <= MOST_OUTPUTS, "0 to " + MOST_OUTPUTS + " outputs");
      List<String> outputs = new ArrayList<>();
      double[] scales = new double[named];
      for (int i = 0; i < named; i++) {
        outputs.add(in.readUTF());
        scales[i] = in.readDouble();
        require(scales[i] > 0 && Double.isFinite(scales[i]), "scales above 0");
      }
      int count = in.readInt();
      require(count >= 0 && count <= MOST && count <= n, "0 to " + MOST + " losses, at most n");
      require(count == Math.min(n, MOST), "the largest " + MOST + " losses of " + n);
      double[] kept = new double[count];
      for (int i = 0; i < count; i++) {
        kept[i] = in.readDouble();
        require(kept[i] >= (i == 0 ? 0 : kept[i - 1]), "losses in ascending order");
      }
      require(in.read() < 0, "no more bytes");
      return new TestLosses(n, List.copyOf(outputs), scales, kept);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "no test losses: they end after " + bytes.length + " bytes, wanted more", e);
    }
  }

  private static void require(boolean holds, String wanted) {
    if (!holds) {
      throw new IllegalArgumentException("no test losses: wanted " + wanted);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TestLosses that
        && n == that.n
        && outputs.equals(that.outputs)
        && Arrays.equals(scales, that.scales)
        && Arrays.equals(kept, that.kept);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(n) * 31 + Arrays.hashCode(kept);
  }

  /** {@return such as {@code losses of 2000 test rows, the largest 4.61}} */
  @Override
  public String toString() {
    return "losses of " + n + " test rows"
        + (kept.length == 0 ? "" : ", the largest " + kept[kept.length - 1]);
  }
}
