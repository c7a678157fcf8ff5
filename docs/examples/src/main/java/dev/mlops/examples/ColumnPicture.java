package dev.mlops.examples;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Signal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A column over its rows as SVG: where it lay, its baselines, its signals and since when.
 *
 * <p>For each of the picture's columns of pixels the range of the values is filled and their mean is a line, so the size does
 * not grow with the rows. A few extreme values may lie beyond the picture, which then says how many. Of zeros and ones the share
 * of ones around each row is drawn, for they themselves would fill the picture.
 */
final class ColumnPicture {
  private static final int WIDTH = 1_000;
  private static final int HEIGHT = 420;
  private static final int LEFT = 70;
  private static final int RIGHT = 20;
  private static final int TOP = 64;
  private static final int BOTTOM = 66;

  /** Labels nearer to one another than this would overlap. */
  private static final int LABEL = 64;

  /** Each share of ones is of at least this number of rows. */
  private static final int FEWEST_SHARED = 50;

  private final double[] values;
  private final boolean ones;
  private final double bottom;
  private final double top;
  private final StringBuilder svg = new StringBuilder(32_000);

  private ColumnPicture(double[] values, boolean ones, double bottom, double top) {
    this.values = values;
    this.ones = ones;
    this.bottom = bottom;
    this.top = top;
  }

  /** Draws it. */
  static String svg(String title, double[] column, List<WatchColumn.Stretch> stretches) {
    boolean ones =
        Arrays.stream(column).allMatch(value -> value == 0 || value == 1 || Double.isNaN(value));
    double[] values = ones ? shares(column) : column;
    double[] sorted =
        Arrays.stream(values).filter(value -> !Double.isNaN(value)).sorted().toArray();
    double low = sorted[(int) (0.002 * (sorted.length - 1))];
    double high = sorted[(int) Math.ceil(0.998 * (sorted.length - 1))];
    double margin = high > low ? 0.06 * (high - low) : 0.5;
    ColumnPicture picture = new ColumnPicture(values, ones, low - margin, high + margin);
    picture.open(title);
    stretches.forEach(picture::baseline);
    picture.values();
    picture.axes();
    picture.signals(stretches);
    long beyond = Arrays.stream(sorted)
        .filter(value -> value < picture.bottom || value > picture.top)
        .count();
    picture.legend(beyond);
    return picture.svg.append("</svg>\n").toString();
  }

  /** The share of ones around each row. */
  private static double[] shares(double[] column) {
    int around = Math.max(FEWEST_SHARED, column.length / 100) / 2;
    double[] sums = new double[column.length + 1];
    int[] counts = new int[column.length + 1];
    for (int row = 0; row < column.length; row++) {
      boolean missing = Double.isNaN(column[row]);
      sums[row + 1] = sums[row] + (missing ? 0 : column[row]);
      counts[row + 1] = counts[row] + (missing ? 0 : 1);
    }
    double[] shares = new double[column.length];
    for (int row = 0; row < column.length; row++) {
      int from = Math.max(0, row - around);
      int to = Math.min(column.length, row + around + 1);
      shares[row] = Double.isNaN(column[row])
          ? Double.NaN
          : (sums[to] - sums[from]) / (counts[to] - counts[from]);
    }
    return shares;
  }

  private double x(double row) {
    return LEFT + (WIDTH - LEFT - RIGHT) * row / Math.max(1, values.length - 1);
  }

  private double y(double value) {
    double cut = Math.max(bottom, Math.min(top, value));
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (cut - bottom) / (top - bottom);
  }

  private void add(String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  private void open(String title) {
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
            + " font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">",
        WIDTH, HEIGHT, WIDTH, HEIGHT);
    add("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>", WIDTH, HEIGHT);
    add("<title>%s</title>", escaped(title));
    add(
        "<text x=\"%d\" y=\"22\" font-size=\"15\" font-weight=\"bold\">%s</text>",
        LEFT, escaped(title));
  }

  /**
   * The rows of the baseline shaded, and, up to the end of its stretch, where nine of ten of its values lay or, of zeros and ones,
   * the limits of its mean.
   */
  private void baseline(WatchColumn.Stretch stretch) {
    add(
        "<rect class=\"baseline\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#eef2f7\"/>",
        x(stretch.from()),
        TOP,
        Math.max(1, x(stretch.watchedFrom()) - x(stretch.from())),
        HEIGHT - BOTTOM - TOP);
    ColumnBaseline baseline = stretch.baseline();
    double above = y(ones ? baseline.upper() : baseline.to());
    add(
        "<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#cfe3d4\"/>",
        x(stretch.from()),
        above,
        Math.max(1, x(stretch.to()) - x(stretch.from())),
        Math.max(2, y(ones ? baseline.lower() : baseline.from()) - above));
  }

  private void values() {
    int pixels = Math.min(values.length, WIDTH - LEFT - RIGHT);
    StringBuilder upper = new StringBuilder();
    StringBuilder lower = new StringBuilder();
    StringBuilder means = new StringBuilder();
    boolean broken = true;
    for (int pixel = 0; pixel < pixels; pixel++) {
      int from = (int) ((long) pixel * values.length / pixels);
      int to = (int) ((pixel + 1L) * values.length / pixels);
      double[] some =
          Arrays.stream(values, from, to).filter(value -> !Double.isNaN(value)).toArray();
      if (some.length == 0) {
        broken = true;
        continue;
      }
      double least = Arrays.stream(some).min().orElseThrow();
      double most = Arrays.stream(some).max().orElseThrow();
      double mean = Arrays.stream(some).average().orElseThrow();
      double at = x((from + to - 1) / 2.0);
      String point = String.format(Locale.ROOT, "%.1f ", at);
      upper.append(point).append(String.format(Locale.ROOT, "%.1f ", y(most)));
      lower.insert(0, point + String.format(Locale.ROOT, "%.1f ", y(least)));
      means
          .append(broken ? 'M' : 'L')
          .append(point)
          .append(String.format(Locale.ROOT, "%.1f ", y(mean)));
      broken = false;
    }
    add(
        "<polygon points=\"%s\" fill=\"#9bb7d4\" fill-opacity=\"0.55\"/>",
        (upper.toString() + lower).strip());
    add("<path d=\"%s\" fill=\"none\" stroke=\"#1f4e79\"/>", means.toString().strip());
  }

  private void axes() {
    int base = HEIGHT - BOTTOM;
    add("<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#888\"/>", LEFT, TOP, base, WIDTH - RIGHT);
    double step = step((top - bottom) / 7);
    double first = Math.ceil(bottom / step);
    for (int tick = 0; tick <= 8 && (first + tick) * step <= top; tick++) {
      double rounded = (first + tick) * step;
      add(
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
          LEFT - 8, y(rounded) + 4, ColumnBaseline.number(rounded, top - bottom));
      add("<path d=\"M%d %.1fh-4\" stroke=\"#888\"/>", LEFT, y(rounded));
    }
    int rows = (int) Math.max(1, step(values.length / 6.0));
    for (int row = 0; row < values.length; row += rows) {
      add("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>", x(row), base + 18, row);
      add("<path d=\"M%.1f %dv4\" stroke=\"#888\"/>", x(row), base);
    }
    add(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">row</text>",
        (LEFT + WIDTH - RIGHT) / 2, base + 36);
  }

  /** 1, 2 or 5 times a power of ten, at least the given value. */
  private static double step(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    return least <= power
        ? power
        : least <= 2 * power ? 2 * power : least <= 5 * power ? 5 * power : 10 * power;
  }

  private void signals(List<WatchColumn.Stretch> stretches) {
    double last = -LABEL;
    for (WatchColumn.Stretch stretch : stretches) {
      Signal signal = stretch.signal();
      if (signal == null) {
        continue;
      }
      double change = x(stretch.changeRow());
      double found = x(stretch.to());
      add(
          "<path class=\"change\" d=\"M%.1f %dV%d\" stroke=\"#e08a00\" stroke-dasharray=\"4 3\"/>",
          change, TOP, HEIGHT - BOTTOM);
      add(
          "<path class=\"signal\" d=\"M%.1f %dV%d\" stroke=\"#c0272d\" stroke-width=\"1.5\"><title>row"
              + " %d: %s, changed at about row %d</title></path>",
          found, TOP - 6, HEIGHT - BOTTOM, stretch.to(), signal.direction(), stretch.changeRow());
      if (found - last >= LABEL) {
        last = found;
        add(
            "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" fill=\"#c0272d\">%s %d</text>",
            found,
            TOP - 10,
            found > WIDTH - RIGHT - LABEL / 2 ? "end" : "middle",
            signal.direction() == Direction.UP
                ? "▲"
                : signal.direction() == Direction.DOWN ? "▼" : "◆",
            stretch.to());
      }
    }
  }

  private void legend(long beyond) {
    int y = HEIGHT - 8;
    add(
        "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"10\" fill=\"#eef2f7\" stroke=\"#ccd\"/>",
        LEFT, y - 9);
    add("<text x=\"%d\" y=\"%d\">rows of a baseline</text>", LEFT + 20, y);
    add("<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"10\" fill=\"#cfe3d4\"/>", LEFT + 150, y - 9);
    add(
        "<text x=\"%d\" y=\"%d\">%s</text>",
        LEFT + 170, y, ones ? "limits of its mean" : "90 % of its values");
    add("<path d=\"M%d %dh14\" stroke=\"#1f4e79\"/>", LEFT + 296, y - 4);
    add(
        "<text x=\"%d\" y=\"%d\">%s</text>",
        LEFT + 316, y, ones ? "share of ones" : "mean, in its range");
    add("<path d=\"M%d %dv-12\" stroke=\"#c0272d\" stroke-width=\"1.5\"/>", LEFT + 446, y + 1);
    add("<text x=\"%d\" y=\"%d\">signal, ▲ up, ▼ down</text>", LEFT + 454, y);
    add("<path d=\"M%d %dv-12\" stroke=\"#e08a00\" stroke-dasharray=\"4 3\"/>", LEFT + 604, y + 1);
    add("<text x=\"%d\" y=\"%d\">change point</text>", LEFT + 612, y);
    if (beyond > 0) {
      add(
          "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d values beyond the picture</text>",
          WIDTH - RIGHT, y, beyond);
    }
  }

  /** A text in XML: special characters by name, control characters left out. */
  private static String escaped(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints().filter(c -> !Character.isISOControl(c)).forEach(c -> {
      switch (c) {
        case '&' -> safe.append("&amp;");
        case '<' -> safe.append("&lt;");
        case '>' -> safe.append("&gt;");
        case '"' -> safe.append("&quot;");
        default -> safe.appendCodePoint(c);
      }
    });
    return safe.toString();
  }
}
