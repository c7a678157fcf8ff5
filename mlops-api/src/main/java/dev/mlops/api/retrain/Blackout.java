package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Times at which nothing is to be trained: nights of batches, the end of a month, a sale.
 *
 * <pre>{@code
 * policy.notDuring(Blackout.daily(LocalTime.of(8, 0), LocalTime.of(18, 0), berlin)
 *     .and(Blackout.dates(LocalDate.of(2026, 11, 27), LocalDate.of(2026, 12, 1), berlin)))
 * }</pre>
 *
 * <p>Times are those of a wall clock in the zone. A time that a change of the clock skips stands for the same time after the
 * gap; one that comes twice stands for its first.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Blackout {
  /** One rule, repeated at a distance in days from a first date on, or once. */
  private record Part(
      ZoneId zone,
      LocalDate first,
      int everyDays,
      LocalTime from,
      long days,
      LocalTime to,
      String text) {
    /** The end of the repetition that an instant is in; empty if it is in none. */
    Optional<Instant> endOf(Instant now) {
      if (everyDays == 0) {
        return within(first, now);
      }
      LocalDate today = now.atZone(zone).toLocalDate();
      LocalDate start =
          today.minusDays(Math.floorMod(today.toEpochDay() - first.toEpochDay(), everyDays));
      // One that began before may still last: two, where a zone has skipped a day. So may the next,
      // where the clock was set back from its first moment into the day before.
      for (int i = 1; i >= -2; i--) {
        Optional<Instant> end = within(start.plusDays((long) i * everyDays), now);
        if (end.isPresent()) {
          return end;
        }
      }
      return Optional.empty();
    }

    private Optional<Instant> within(LocalDate start, Instant now) {
      Instant begins = start.atTime(from).atZone(zone).toInstant();
      Instant ends = start.plusDays(days).atTime(to).atZone(zone).toInstant();
      return now.isBefore(begins) || !now.isBefore(ends) ? Optional.empty() : Optional.of(ends);
    }
  }

  private final List<Part> parts;

  private Blackout(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  /**
   * {@return the same hours of every day}
   *
   * @param from the first moment, such as 08:00
   * @param to the moment after the last, on the same day, or on the next where it is not later than {@code from}
   * @param zone whose wall clock
   */
  public static Blackout daily(LocalTime from, LocalTime to, ZoneId zone) {
    requireNonNull(from, "from");
    requireNonNull(to, "to");
    return of(new Part(
        requireNonNull(zone, "zone"),
        LocalDate.EPOCH,
        1,
        from,
        to.isAfter(from) ? 0 : 1,
        to,
        "daily from " + from + " to " + to + " " + zone));
  }

  /**
   * {@return the same hours of every week}
   *
   * @param fromDay the day on which it begins
   * @param from the first moment
   * @param toDay the day on which it ends: the next such day
   * @param to the moment after the last
   * @param zone whose wall clock
   */
  public static Blackout weekly(
      DayOfWeek fromDay, LocalTime from, DayOfWeek toDay, LocalTime to, ZoneId zone) {
    int days = Math.floorMod(toDay.getValue() - fromDay.getValue(), 7);
    return of(new Part(
        requireNonNull(zone, "zone"),
        LocalDate.EPOCH.with(TemporalAdjusters.nextOrSame(fromDay)),
        7,
        from,
        days == 0 && !to.isAfter(from) ? 7 : days,
        to,
        "weekly from " + fromDay + " " + from + " to " + toDay + " " + to + " " + zone));
  }

  /**
   * {@return some days, once}
   *
   * @param from the first day, from its beginning
   * @param to the last day, to its end
   * @param zone whose days
   * @throws IllegalArgumentException if the last day is before the first
   */
  public static Blackout dates(LocalDate from, LocalDate to, ZoneId zone) {
    if (to.isBefore(from)) {
      throw new IllegalArgumentException(
          "the last day must not be before the first, but " + to + " is before " + from);
    }
    return of(new Part(
        requireNonNull(zone, "zone"),
        from,
        0,
        LocalTime.MIN,
        to.toEpochDay() - from.toEpochDay() + 1,
        LocalTime.MIN,
        from.equals(to) ? "on " + from + " " + zone : "from " + from + " to " + to + " " + zone));
  }

  private static Blackout of(Part part) {
    return new Blackout(List.of(part));
  }

  /**
   * {@return the times of this and of another}
   *
   * @param other further times
   */
  public Blackout and(Blackout other) {
    List<Part> both = new ArrayList<>(parts);
    both.addAll(other.parts);
    return new Blackout(both);
  }

  /**
   * {@return when the blackout ends that an instant is in, those that follow without a gap included; empty if it is in none,
   * {@link Instant#MAX} if there is no gap within a year}
   *
   * @param now the instant
   */
  public Optional<Instant> endOf(Instant now) {
    Instant end = now;
    try {
      Instant far = now.plus(Duration.ofDays(366));
      for (Optional<Instant> next = step(end); next.isPresent(); next = step(end)) {
        end = next.get();
        if (end.isAfter(far)) {
          return Optional.of(Instant.MAX);
        }
      }
    } catch (DateTimeException | ArithmeticException e) { // an instant that no calendar knows
      return Optional.empty();
    }
    return end.equals(now) ? Optional.empty() : Optional.of(end);
  }

  private Optional<Instant> step(Instant now) {
    return parts.stream().flatMap(part -> part.endOf(now).stream()).max(Instant::compareTo);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Blackout that && parts.equals(that.parts);
  }

  @Override
  public int hashCode() {
    return Objects.hash(parts);
  }

  /** {@return such as {@code daily from 08:00 to 18:00 Europe/Berlin, on 2026-11-27 Europe/Berlin}} */
  @Override
  public String toString() {
    return String.join(", ", parts.stream().map(Part::text).toList());
  }
}
