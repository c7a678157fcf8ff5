package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertRule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds alerts that would keep each other silent, so that nobody would be told of any of them. */
final class InhibitionLoop {
  /** For each node those that lead to it: the rules, then two nodes for each inhibition. */
  private final List<List<Integer>> from = new ArrayList<>();

  private final List<List<Integer>> to = new ArrayList<>();

  private InhibitionLoop(List<AlertRule> rules, List<AlertEngine.Setup.Inhibition> inhibitions) {
    int nodes = rules.size() + 2 * inhibitions.size();
    for (int i = 0; i < nodes; i++) {
      from.add(new ArrayList<>());
      to.add(new ArrayList<>());
    }
    for (int i = 0; i < inhibitions.size(); i++) {
      // What is on both sides is not kept silent by what is, too.
      int plain = rules.size() + 2 * i;
      int onBothSides = plain + 1;
      for (int rule = 0; rule < rules.size(); rule++) {
        String name = rules.get(rule).name();
        boolean source = Names.match(inhibitions.get(i).source(), name);
        boolean target = Names.match(inhibitions.get(i).target(), name);
        if (source) {
          edge(rule, target ? onBothSides : plain);
        }
        if (target) {
          edge(plain, rule);
        }
        if (target && !source) {
          edge(onBothSides, rule);
        }
      }
    }
  }

  private void edge(int source, int target) {
    to.get(source).add(target);
    from.get(target).add(source);
  }

  /**
   * {@return the names of rules of which each keeps the next one silent, and the last one the first, from the first rule on; empty if
   * there is no such loop}
   *
   * @param rules of one engine
   * @param inhibitions among them
   */
  static List<String> of(List<AlertRule> rules, List<AlertEngine.Setup.Inhibition> inhibitions) {
    return new InhibitionLoop(rules, inhibitions).find(rules);
  }

  private List<String> find(List<AlertRule> rules) {
    int[] left = from.stream().mapToInt(List::size).toArray();
    Deque<Integer> free = new ArrayDeque<>();
    for (int node = 0; node < left.length; node++) {
      if (left[node] == 0) {
        free.add(node);
      }
    }
    while (!free.isEmpty()) {
      for (int next : to.get(free.remove())) {
        if (--left[next] == 0) {
          free.add(next);
        }
      }
    }
    int at = 0;
    while (at < left.length && left[at] == 0) {
      at++;
    }
    if (at == left.length) {
      return List.of();
    }
    // Each node that is left has one before it that is left, too: going back ends in a loop.
    Map<Integer, Integer> seen = new HashMap<>();
    List<Integer> path = new ArrayList<>();
    while (!seen.containsKey(at)) {
      seen.put(at, path.size());
      path.add(at);
      at = from.get(at).stream().filter(before -> left[before] > 0).findFirst().orElseThrow();
    }
    List<Integer> loop = new ArrayList<>();
    for (int node : path.subList(seen.get(at), path.size())) {
      if (node < rules.size()) {
        loop.add(node);
      }
    }
    Collections.reverse(loop);
    Collections.rotate(loop, -loop.indexOf(Collections.min(loop)));
    return loop.stream().map(rule -> rules.get(rule).name()).toList();
  }
}
