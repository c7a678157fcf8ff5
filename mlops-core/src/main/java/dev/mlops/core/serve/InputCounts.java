package dev.mlops.core.serve;

import dev.mlops.api.model.InputRule;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many values each rule rejected, and how many were imputed.
 *
 * <p>Thread-safe.
 */
final class InputCounts {
  private final Map<InputRule, LongAdder> rejected = adders();
  private final Map<InputRule, LongAdder> imputed = adders();

  private static Map<InputRule, LongAdder> adders() {
    Map<InputRule, LongAdder> adders = new EnumMap<>(InputRule.class);
    for (InputRule rule : InputRule.values()) {
      adders.put(rule, new LongAdder());
    }
    return adders;
  }

  void rejected(InputRule rule) {
    count(rejected, rule);
  }

  void imputed(InputRule rule) {
    count(imputed, rule);
  }

  private static void count(Map<InputRule, LongAdder> adders, InputRule rule) {
    LongAdder adder = adders.get(rule);
    if (adder != null) {
      adder.increment();
    }
  }

  Map<InputRule, Long> rejected() {
    return sums(rejected);
  }

  Map<InputRule, Long> imputed() {
    return sums(imputed);
  }

  private static Map<InputRule, Long> sums(Map<InputRule, LongAdder> adders) {
    Map<InputRule, Long> sums = new EnumMap<>(InputRule.class);
    adders.forEach((rule, adder) -> {
      long sum = adder.sum();
      if (sum > 0) {
        sums.put(rule, sum);
      }
    });
    return sums;
  }
}
