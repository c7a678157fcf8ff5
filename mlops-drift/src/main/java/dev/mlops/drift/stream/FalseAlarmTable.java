package dev.mlops.drift.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;

/** The parameter of a detector at which errors of a rate raise one false alarm in a given number of values, found by simulation. */
final class FalseAlarmTable {
  private static final String FILE = "false-alarms.csv";

  private final double[] rates;
  private final double[] every;
  /** Logarithms, by rate and number of values. */
  private final double[][] parameters;

  private FalseAlarmTable(double[] rates, double[] every, double[][] parameters) {
    this.rates = rates;
    this.every = every;
    this.parameters = parameters;
  }

  /** The table of a detector. */
  static FalseAlarmTable of(String detector) {
    List<String[]> lines;
    try (InputStream in = requireNonNull(FalseAlarmTable.class.getResourceAsStream(FILE), FILE)) {
      lines = new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(",", -1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String[]> rows =
        lines.stream().filter(fields -> fields[0].equals(detector)).toList();
    return new FalseAlarmTable(
        rows.stream().mapToDouble(fields -> Double.parseDouble(fields[1])).toArray(),
        numbers(lines.get(0)),
        rows.stream()
            .map(fields -> Arrays.stream(numbers(fields)).map(StrictMath::log).toArray())
            .toArray(double[][]::new));
  }

  /** Detector, rate, then numbers. */
  private static double[] numbers(String[] fields) {
    return Arrays.stream(fields).skip(2).mapToDouble(Double::parseDouble).toArray();
  }

  /** The rate, if the table reaches so far. */
  double rate(double rate) {
    double most = rates[rates.length - 1];
    if (!(rate >= rates[0] && rate <= most)) {
      throw new IllegalArgumentException("false alarms are tabulated for error rates of " + rates[0]
          + " to " + most + ", but the rate was " + rate);
    }
    return rate;
  }

  /** Straight between logarithms, which are the same on every machine: the parameter is part of what a state is of. */
  double parameter(double rate, long inputs) {
    double most = every[every.length - 1];
    if (!(inputs >= every[0] && inputs <= most)) {
      throw new IllegalArgumentException("false alarms are tabulated for one in " + (long) every[0]
          + " to " + (long) most + " inputs, but it was one in " + inputs);
    }
    int row = below(rates, rate);
    int column = below(every, (double) inputs);
    double across = share(every, column, (double) inputs);
    double lower = between(parameters[row], column, across);
    double upper = between(parameters[row + 1], column, across);
    return StrictMath.exp(lower + share(rates, row, rate) * (upper - lower));
  }

  private static double between(double[] row, int column, double share) {
    return row[column] + share * (row[column + 1] - row[column]);
  }

  private static int below(double[] grid, double value) {
    int i = 0;
    while (i < grid.length - 2 && grid[i + 1] <= value) {
      i++;
    }
    return i;
  }

  private static double share(double[] grid, int below, double value) {
    return StrictMath.log(value / grid[below]) / StrictMath.log(grid[below + 1] / grid[below]);
  }
}
