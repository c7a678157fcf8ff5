package dev.mlops.benchmarks;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Truth;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** An input of twenty numbers, and labelled ones to train on. */
final class Payments {
  /** Twenty columns. */
  record Payment(
      double c00,
      double c01,
      double c02,
      double c03,
      double c04,
      double c05,
      double c06,
      double c07,
      double c08,
      double c09,
      double c10,
      double c11,
      double c12,
      double c13,
      double c14,
      double c15,
      double c16,
      double c17,
      double c18,
      double c19) {}

  static final RowBinding<Payment> ROWS = RowBinding.of(MethodHandles.lookup(), Payment.class);

  private Payments() {}

  static Payment draw(SplittableRandom r) {
    return new Payment(
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble(),
        r.nextDouble());
  }

  static List<Labelled<Payment>> labelled(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Labelled<Payment>> all = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Payment payment = draw(random);
      all.add(new Labelled<>(
          payment,
          Truth.of(payment.c00() + payment.c01() > payment.c02() + 0.5 ? "fraud" : "fine")));
    }
    return all;
  }
}
