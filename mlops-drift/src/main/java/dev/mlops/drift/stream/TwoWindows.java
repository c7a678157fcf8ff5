package dev.mlops.drift.stream;

/**
 * Kolmogorov–Smirnov's D of two changing samples of one size, in the logarithm of that size per change: a treap of their values,
 * equal ones in one node, each node with the sum of +1 per value of the earlier sample and −1 per value of the later one, and
 * the extremes of that sum on the way up.
 *
 * <p>D does not depend on the shape of the treap, so its priorities are no part of a detector's state.
 */
final class TwoWindows {
  private final int size;
  private final double[] value;
  private final int[] left;
  private final int[] right;
  private final int[] priority;
  /** Values in the node, and those of the earlier sample less those of the later one. */
  private final int[] count;

  private final int[] weight;
  private final int[] sum;
  private final int[] most;
  private final int[] least;

  /** 0 is no node. */
  private int root;

  /** Nodes that were given back, as a list through {@code left}; then those never used. */
  private int free;

  private int unused = 1;
  private int random = 1;

  TwoWindows(int size) {
    this.size = size;
    int nodes = 2 * size + 2;
    this.value = new double[nodes];
    this.left = new int[nodes];
    this.right = new int[nodes];
    this.priority = new int[nodes];
    this.count = new int[nodes];
    this.weight = new int[nodes];
    this.sum = new int[nodes];
    this.most = new int[nodes];
    this.least = new int[nodes];
    priority[0] = Integer.MIN_VALUE;
  }

  void clear() {
    root = 0;
    free = 0;
    unused = 1;
  }

  /** Puts a value into the later sample. */
  void add(double x) {
    root = change(root, x, 1, -1);
  }

  /** Moves a value from the later sample to the earlier one. */
  void age(double x) {
    root = change(root, x, 0, 2);
  }

  /** Takes a value out of the earlier sample. */
  void remove(double x) {
    root = change(root, x, -1, -1);
  }

  private int change(int node, double x, int more, int heavier) {
    if (node == 0) {
      return leaf(x, more, heavier);
    }
    if (x < value[node]) {
      int child = change(left[node], x, more, heavier);
      left[node] = child;
      if (priority[child] > priority[node]) {
        left[node] = right[child];
        right[child] = node;
        join(node);
        node = child;
      }
    } else if (x > value[node]) {
      int child = change(right[node], x, more, heavier);
      right[node] = child;
      if (priority[child] > priority[node]) {
        right[node] = left[child];
        left[child] = node;
        join(node);
        node = child;
      }
    } else {
      count[node] += more;
      weight[node] += heavier;
      if (count[node] == 0) {
        int rest = merge(left[node], right[node]);
        left[node] = free;
        free = node;
        return rest;
      }
    }
    join(node);
    return node;
  }

  private int leaf(double x, int more, int heavier) {
    int node = free;
    if (node == 0) {
      node = unused++;
    } else {
      free = left[node];
    }
    // Marsaglia's xorshift.
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    value[node] = x;
    left[node] = 0;
    right[node] = 0;
    priority[node] = random;
    count[node] = more;
    weight[node] = heavier;
    join(node);
    return node;
  }

  private int merge(int a, int b) {
    if (a == 0 || b == 0) {
      return a + b;
    }
    if (priority[a] > priority[b]) {
      right[a] = merge(right[a], b);
      join(a);
      return a;
    }
    left[b] = merge(a, left[b]);
    join(b);
    return b;
  }

  private void join(int node) {
    int l = left[node];
    int r = right[node];
    int through = sum[l] + weight[node];
    sum[node] = through + sum[r];
    most[node] = Math.max(most[l], through + most[r]);
    least[node] = Math.min(least[l], through + least[r]);
  }

  /** By how much the later sample lies above the earlier one, in units; at least 0. */
  long above() {
    return most[root];
  }

  /** By how much the later sample lies below the earlier one, in units; at least 0. */
  long below() {
    return -(long) least[root];
  }

  /** What D is counted in. */
  long units() {
    return size;
  }

  /** A value such that D is the difference of the shares up to it. */
  double widest() {
    int wanted = most[root] >= -least[root] ? most[root] : least[root];
    int node = root;
    int before = 0;
    while (node != 0) {
      int l = left[node];
      if (l != 0 && (before + most[l] == wanted || before + least[l] == wanted)) {
        node = l;
        continue;
      }
      before += sum[l] + weight[node];
      if (before == wanted) {
        return value[node];
      }
      node = right[node];
    }
    throw new AssertionError("D is reached nowhere");
  }
}
