package dev.mlops.testkit.streams;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import java.util.SplittableRandom;

/** A loan applicant of Agrawal, Imielinski and Swami (1993), and the ten functions that put one into group A. */
record Applicant(
    double salary,
    double commission,
    int age,
    int elevel,
    int car,
    int zipcode,
    double hvalue,
    int hyears,
    double loan) {
  static final Schema SCHEMA = Schema.of(
          Column.number("salary"),
          Column.number("commission"),
          Column.number("age"),
          Column.number("elevel"),
          Column.number("car"),
          Column.number("zipcode"),
          Column.number("hvalue"),
          Column.number("hyears"),
          Column.number("loan"))
      .predicting(Task.CLASSIFICATION);

  static Applicant draw(SplittableRandom random) {
    double salary = between(20_000, 150_000, random);
    double commission = salary >= 75_000 ? 0 : between(10_000, 75_000, random);
    int age = random.nextInt(20, 81);
    int elevel = random.nextInt(5);
    int car = random.nextInt(1, 21);
    int zipcode = random.nextInt(1, 10);
    double hvalue = between(50_000 * zipcode, 150_000 * zipcode, random);
    int hyears = random.nextInt(1, 31);
    double loan = between(0, 500_000, random);
    return new Applicant(salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan);
  }

  private static double between(double low, double high, SplittableRandom random) {
    return low + (high - low) * random.nextDouble();
  }

  Row row() {
    return Row.of(SCHEMA, salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan);
  }

  boolean groupA(int function) {
    double income = salary + commission;
    return switch (function) {
      case 1 -> age < 40 || age >= 60;
      case 2 -> byAge(in(salary, 50, 100), in(salary, 75, 125), in(salary, 25, 75));
      case 3 -> byAge(elevel <= 1, elevel >= 1 && elevel <= 3, elevel >= 2);
      case 4 ->
        byAge(
            elevel <= 1 ? in(salary, 25, 75) : in(salary, 50, 100),
            (elevel >= 1 && elevel <= 3) ? in(salary, 50, 100) : in(salary, 75, 125),
            elevel >= 2 ? in(salary, 50, 100) : in(salary, 25, 75));
      case 5 ->
        byAge(
            in(salary, 50, 100) ? in(loan, 100, 300) : in(loan, 200, 400),
            in(salary, 75, 125) ? in(loan, 200, 400) : in(loan, 300, 500),
            in(salary, 25, 75) ? in(loan, 300, 500) : in(loan, 100, 300));
      case 6 -> byAge(in(income, 50, 100), in(income, 75, 125), in(income, 25, 75));
      case 7 -> 0.67 * income - 0.2 * loan - 20_000 > 0;
      case 8 -> 0.67 * income - 5_000 * elevel - 20_000 > 0;
      case 9 -> 0.67 * income - 5_000 * elevel - 0.2 * loan - 10_000 > 0;
      default -> {
        double equity = hyears < 20 ? 0 : 0.1 * hvalue * (hyears - 20);
        yield 0.67 * income - 5_000 * elevel + 0.2 * equity - 10_000 > 0;
      }
    };
  }

  private boolean byAge(boolean young, boolean middle, boolean old) {
    return age < 40 ? young : age < 60 ? middle : old;
  }

  /** Whether an amount lies between two limits in thousands, both included. */
  private static boolean in(double amount, double low, double high) {
    return amount >= 1_000 * low && amount <= 1_000 * high;
  }
}
