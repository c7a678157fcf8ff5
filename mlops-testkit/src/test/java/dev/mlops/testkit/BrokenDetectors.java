package dev.mlops.testkit;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.drift.VectorDetector;
import dev.mlops.api.model.Row;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Detectors that break one clause each. */
final class BrokenDetectors {
  static final double LIMIT = 0.7;

  private BrokenDetectors() {}

  /** Broken in what all detectors share, and in what detectors of values promise. */
  static List<Broken<Supplier<ValueDetector>>> ofValues() {
    return List.of(
        new Broken<>(
            "levelIsTheAnswer", "its level lags one input behind", () -> new WindowMean(LIMIT) {
              private Level before = Level.WARMING_UP;

              @Override
              public Level update(double value) {
                before = level;
                return super.update(value);
              }

              @Override
              public Level level() {
                return seen == 0 && position == 0 ? Level.WARMING_UP : before;
              }
            }),
        new Broken<>(
            "signalWithDrift", "its signal is gone at the next input", () -> new WindowMean(LIMIT) {
              @Override
              public Optional<Signal> signal() {
                return level == Level.DRIFT ? super.signal() : Optional.empty();
              }
            }),
        new Broken<>(
            "startsAfresh", "it says the same drift again and again", () -> new WindowMean(LIMIT) {
              @Override
              void startAfresh() {
                // Goes on with the full window.
              }
            }),
        new Broken<>(
            "resetForgets", "it counts positions on after a reset", () -> new WindowMean(LIMIT) {
              @Override
              public void reset() {
                long before = position;
                super.reset();
                position = before;
              }
            }),
        new Broken<>("neverPoisoned", "it is deaf after a NaN", () -> new WindowMean(LIMIT) {
          private double poison;

          @Override
          boolean accepts(double value) {
            poison += value * 0;
            return super.accepts(value);
          }

          @Override
          double mean() {
            return super.mean() + poison;
          }

          @Override
          public void reset() {
            super.reset();
            poison = 0;
          }
        }),
        new Broken<>("independent", "all of its kind share a window", Sharing::new),
        new Broken<>("findsAChange", "it is deaf after 500 calm inputs", () -> new Counting(500) {
          @Override
          Level due() {
            level = Level.STABLE;
            return level;
          }
        }),
        new Broken<>(
            "quietWhenCalm", "it raises an alarm every 700 inputs", () -> new Counting(700) {
              @Override
              Level due() {
                level = drift();
                position++;
                return level;
              }
            }),
        new Broken<>(
            "blocks",
            "it counts inputs and starts again at the end of a block",
            () -> new WindowMean(LIMIT) {
              @Override
              public Level endBlock() {
                startAfresh();
                return level;
              }
            }),
        new Broken<>("warningStart", "it forgets that it had warned", () -> new WindowMean(LIMIT) {
          @Override
          long warningStart() {
            return position;
          }
        }),
        new Broken<>(
            "stateContinues", "its window is not in its state", () -> new WindowMean(LIMIT) {
              @Override
              public void restore(byte[] state) {
                double[] before = window.clone();
                super.restore(state);
                System.arraycopy(before, 0, window, 0, before.length);
              }
            }),
        new Broken<>(
            "stateIsVerified", "it does not look at the checksum", () -> new WindowMean(LIMIT) {
              @Override
              public void restore(byte[] state) {
                super.restore(Memory.withChecksum(state));
              }
            }),
        new Broken<>("bounded", "it says fewer bytes than it takes", () -> new WindowMean(LIMIT) {
          @Override
          public int mostStateBytes() {
            return 100;
          }
        }),
        new Broken<>(
            "statesItsDomain", "it judges more than it states", () -> new WindowMean(LIMIT) {
              @Override
              public InputDomain domain() {
                return InputDomain.bounded(0, 1);
              }
            }),
        new Broken<>(
            "statesItsDomain",
            "it gives a position to what it says it passes over",
            () -> new WindowMean(LIMIT) {
              @Override
              public Unjudgeable onUnjudgeable() {
                return Unjudgeable.SKIP;
              }
            }),
        new Broken<>("allocatesNothing", "it boxes every value", () -> new WindowMean(LIMIT) {
          private Object newest = 0.0;

          @Override
          boolean accepts(double value) {
            newest = new double[] {value};
            return newest != null && super.accepts(value);
          }
        }));
  }

  /** Broken in what a detector promises that counts time. */
  static List<Broken<Supplier<ValueDetector>>> inTime() {
    return List.of(
        new Broken<>(
            "blocks", "it counts time and finds a drift within a block", () -> new BlockMean(0.8) {
              @Override
              public Level update(double value) {
                super.update(value);
                if (seen > 5 && sum / seen > limit) {
                  signal = new Signal(
                      Direction.UP,
                      position - 1,
                      position - seen,
                      position - 1,
                      sum / seen,
                      limit,
                      List.of());
                  sum = 0;
                  seen = 0;
                  level = Level.DRIFT;
                }
                return level;
              }
            }),
        new Broken<>(
            "blocks",
            "it counts time and forgets its drift in an empty block",
            () -> new BlockMean(0.5) {
              private int empty;

              @Override
              public Level endBlock() {
                empty = seen == 0 ? empty + 1 : empty;
                Level answer = super.endBlock();
                if (answer == Level.DRIFT && empty > 0) {
                  level = Level.STABLE;
                  signal = null;
                }
                return level;
              }
            }));
  }

  /** Broken in what detectors of rows promise. */
  static List<Broken<Supplier<RowDetector>>> ofRows() {
    return List.of(
        new Broken<>(
            "missingIsAValue", "it throws for a row with a missing value", () -> new WindowShare() {
              @Override
              double value(Row row) {
                if (row.isMissing(0)) {
                  throw new IllegalArgumentException("a value is missing");
                }
                return super.value(row);
              }
            }),
        new Broken<>("otherColumns", "it takes a row of other columns", () -> new WindowShare() {
          @Override
          public Level update(Row row) {
            return row.schema().differencesFrom(SCHEMA).isEmpty() ? super.update(row) : level();
          }
        }),
        new Broken<>("keepsNoReference", "it reads a row for its signal", () -> new WindowShare() {
          private Row newest = Row.of(SCHEMA, 0, "shop");

          @Override
          double value(Row row) {
            newest = row;
            return super.value(row);
          }

          @Override
          public Optional<Signal> signal() {
            return newest.category(1).equals("never") ? Optional.empty() : super.signal();
          }
        }));
  }

  /** Broken in what detectors of vectors promise. */
  static List<Broken<Supplier<VectorDetector>>> ofVectors() {
    return List.of(
        new Broken<>("otherLength", "it takes a vector of another length", () -> new WindowMeans() {
          @Override
          public Level update(double[] values) {
            return values.length == 2 ? super.update(values) : level();
          }
        }),
        new Broken<>(
            "keepsNoReference", "it reads a vector for its signal", () -> new WindowMeans() {
              private double[] newest = {0, 0};

              @Override
              double value(double[] values) {
                newest = values;
                return super.value(values);
              }

              @Override
              public Optional<Signal> signal() {
                return newest[0] > 1e6 ? Optional.empty() : super.signal();
              }
            }));
  }

  private static final class Sharing extends WindowMean {
    private static Sharing newest;

    Sharing() {
      super(LIMIT);
    }

    @Override
    boolean accepts(double value) {
      if (newest != this) {
        seen = 0;
        newest = this;
      }
      return super.accepts(value);
    }
  }

  /** Does something else once a number of inputs came without a drift. */
  private abstract static class Counting extends WindowMean {
    private final int most;
    private int count;

    Counting(int most) {
      super(LIMIT);
      this.most = most;
    }

    @Override
    public Level update(double value) {
      if (++count >= most && accepts(value)) {
        return due();
      }
      return super.update(value);
    }

    abstract Level due();

    @Override
    void startAfresh() {
      super.startAfresh();
      count = 0;
    }

    @Override
    public void reset() {
      super.reset();
      count = 0;
    }
  }
}
