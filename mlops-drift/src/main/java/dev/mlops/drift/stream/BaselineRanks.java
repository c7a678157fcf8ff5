package dev.mlops.drift.stream;

import dev.mlops.drift.internal.KsTail;
import java.util.Arrays;

/**
 * Kolmogorov–Smirnov's D of a changing sample against a fixed one, in the logarithm of the fixed one's size per change.
 *
 * <p>D is where the sums of +1/n per value of the fixed sample and −1/m per value of the changing one are largest or smallest on
 * the way up, so what matters of a value is between which of the fixed ones it lies, or which it equals. The leaves of a tree
 * stand for the fixed values with all below them down to the next; each node keeps the sum of its leaves and the extremes on
 * the way through them.
 */
final class BaselineRanks {
  /** Numbers per node, of which one is spare so that a shift finds a node. */
  private static final int SHIFT = 2;

  /** In ascending order, each once, then ∞. */
  private final double[] distinct;

  /** A power of two, above the number of distinct values. */
  private final int leaves;

  /** Of the fixed sample, in units per leaf. */
  private final long[] fixed;

  /** What one value of the changing sample takes away. */
  private final long unit;

  private final long units;

  /** Sum, largest and smallest sum on the way, of each node; the root is 1. */
  private final long[] nodes;

  /** Nodes without a changing sample. */
  private final long[] empty;

  /** Of the changing sample: below a leaf's value, and equal to it. */
  private final int[] below;

  private final int[] equal;

  /**
   * Begins without a changing sample.
   *
   * @param sorted the fixed sample, ascending
   * @param size the largest size of the changing sample
   */
  BaselineRanks(double[] sorted, int size) {
    double[] values = Arrays.stream(sorted).distinct().toArray();
    this.leaves = Integer.highestOneBit(values.length) << 1;
    this.distinct = Arrays.copyOf(values, leaves);
    Arrays.fill(distinct, values.length, leaves, Double.POSITIVE_INFINITY);
    this.units = KsTail.units(sorted.length, size);
    this.unit = units / size;
    this.fixed = new long[leaves];
    this.below = new int[leaves];
    this.equal = new int[leaves];
    this.nodes = new long[(2 * leaves) << SHIFT];
    for (double value : sorted) {
      fixed[Arrays.binarySearch(values, value)] += units / sorted.length;
    }
    for (int leaf = 0; leaf < leaves; leaf++) {
      write(leaf);
    }
    for (int node = leaves - 1; node >= 1; node--) {
      join(node);
    }
    this.empty = nodes.clone();
  }

  /** Takes every value of the changing sample out. */
  void clear() {
    System.arraycopy(empty, 0, nodes, 0, empty.length);
    Arrays.fill(below, 0);
    Arrays.fill(equal, 0);
  }

  /** The place of a value: its leaf, and whether it equals it. */
  int place(double value) {
    int at = 0;
    for (int step = leaves >> 1; step > 0; step >>= 1) {
      at += distinct[at + step - 1] < value ? step : 0;
    }
    return at << 1 | (distinct[at] == value ? 1 : 0);
  }

  /** Puts a value at a place into the changing sample, or takes one out. */
  void change(int place, int by) {
    int leaf = place >> 1;
    if ((place & 1) == 0) {
      below[leaf] += by;
    } else {
      equal[leaf] += by;
    }
    write(leaf);
    for (int node = (leaf + leaves) >> 1; node >= 1; node >>= 1) {
      join(node);
    }
  }

  private void write(int leaf) {
    int at = (leaf + leaves) << SHIFT;
    long lowest = -unit * below[leaf];
    long sum = lowest + fixed[leaf] - unit * equal[leaf];
    nodes[at] = sum;
    nodes[at + 1] = Math.max(0, sum);
    nodes[at + 2] = Math.min(lowest, sum);
  }

  private void join(int node) {
    int at = node << SHIFT;
    int left = at << 1;
    int right = left + (1 << SHIFT);
    long sum = nodes[left];
    nodes[at] = sum + nodes[right];
    nodes[at + 1] = Math.max(nodes[left + 1], sum + nodes[right + 1]);
    nodes[at + 2] = Math.min(nodes[left + 2], sum + nodes[right + 2]);
  }

  /** By how much the changing sample lies above the fixed one, in units; at least 0. */
  long above() {
    return nodes[(1 << SHIFT) + 1];
  }

  /** By how much the changing sample lies below the fixed one, in units; at least 0. */
  long below() {
    return -nodes[(1 << SHIFT) + 2];
  }

  /** What D is counted in. */
  long units() {
    return units;
  }

  /** A value such that D is the difference of the shares up to it. */
  double widest() {
    long wanted = above() >= below() ? above() : -below();
    long sum = 0;
    int node = 1;
    while (node < leaves) {
      int left = (2 * node) << SHIFT;
      if (sum + nodes[left + 1] == wanted || sum + nodes[left + 2] == wanted) {
        node = 2 * node;
      } else {
        sum += nodes[left];
        node = 2 * node + 1;
      }
    }
    int leaf = node - leaves;
    sum -= unit * below[leaf];
    if (sum == wanted && distinct[leaf] < Double.POSITIVE_INFINITY) {
      return Math.nextDown(distinct[leaf]);
    }
    if (sum + fixed[leaf] - unit * equal[leaf] != wanted) {
      throw new AssertionError("D is reached nowhere");
    }
    return distinct[leaf];
  }
}
