package dev.mlops.core.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.temporal.TemporalAdjusters;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Times that come again: every day at 03:00, the first of every month, every six hours.
 *
 * <p>Calendar times are those of a wall clock in a zone. A time that a change of the clock skips stands for the same time
 * after the gap (02:30 becomes 03:30 on that day); one that comes twice stands for its first, so each day has one.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Schedule {
  /** How calendar times follow each other. */
  private enum Unit {
    DAY,
    WEEK,
    MONTH
  }

  private final String text;
  private final @Nullable Unit unit;
  private final LocalTime time;
  private final int day;
  private final @Nullable ZoneId zone;
  private final Duration every;
  private final Instant anchor;

  private Schedule(
      String text,
      @Nullable Unit unit,
      LocalTime time,
      int day,
      @Nullable ZoneId zone,
      Duration every,
      Instant anchor) {
    this.text = text;
    this.unit = unit;
    this.time = time;
    this.day = day;
    this.zone = zone;
    this.every = every;
    this.anchor = anchor;
  }

  private static Schedule calendar(String text, Unit unit, LocalTime time, int day, ZoneId zone) {
    requireNonNull(time, "time");
    requireNonNull(zone, "zone");
    return new Schedule(
        text + " at " + time + " " + zone, unit, time, day, zone, Duration.ZERO, Instant.EPOCH);
  }

  /**
   * {@return a time of every day}
   *
   * @param time such as 03:00
   * @param zone whose wall clock
   */
  public static Schedule daily(LocalTime time, ZoneId zone) {
    return calendar("every day", Unit.DAY, time, 0, zone);
  }

  /**
   * {@return a time of every week}
   *
   * @param day such as SUNDAY
   * @param time such as 03:00
   * @param zone whose wall clock
   */
  public static Schedule weekly(DayOfWeek day, LocalTime time, ZoneId zone) {
    return calendar("every " + day, Unit.WEEK, time, day.getValue(), zone);
  }

  /**
   * {@return a time of every month}
   *
   * @param day from 1 to 31; the last of a month that has fewer
   * @param time such as 03:00
   * @param zone whose wall clock
   * @throws IllegalArgumentException if the day is out of range
   */
  public static Schedule monthly(int day, LocalTime time, ZoneId zone) {
    if (day < 1 || day > 31) {
      throw new IllegalArgumentException("day must be from 1 to 31, but was " + day);
    }
    return calendar("every month on day " + day, Unit.MONTH, time, day, zone);
  }

  /**
   * {@return times of equal distance, whatever the wall clock says}
   *
   * @param distance at least a minute
   * @param anchor one of the times
   * @throws IllegalArgumentException if the distance is shorter
   */
  public static Schedule every(Duration distance, Instant anchor) {
    if (distance.compareTo(Duration.ofMinutes(1)) < 0) {
      throw new IllegalArgumentException(
          "distance must be at least a minute, but was " + MlopsException.shown(distance));
    }
    return new Schedule(
        "every " + MlopsException.shown(distance) + " from " + anchor,
        null,
        LocalTime.MIN,
        0,
        null,
        distance,
        requireNonNull(anchor, "anchor"));
  }

  /**
   * {@return the newest time that has come by then; empty only for an instant that no calendar knows}
   *
   * @param now an instant
   */
  public Optional<Instant> newest(Instant now) {
    try {
      return Optional.of(unit == null ? regular(now, 0) : calendar(now, unit, false));
    } catch (DateTimeException | ArithmeticException e) {
      return Optional.empty();
    }
  }

  /**
   * {@return the next time after an instant; empty only for an instant that no calendar knows}
   *
   * @param now an instant
   */
  public Optional<Instant> next(Instant now) {
    try {
      return Optional.of(unit == null ? regular(now, 1) : calendar(now, unit, true));
    } catch (DateTimeException | ArithmeticException e) {
      return Optional.empty();
    }
  }

  private Instant regular(Instant now, int further) {
    Duration since = Duration.between(anchor, now);
    long times = since.dividedBy(every);
    if (anchor.plus(every.multipliedBy(times)).isAfter(now)) {
      times--; // rounded towards zero, before the anchor
    }
    return anchor.plus(every.multipliedBy(times + further));
  }

  private Instant calendar(Instant now, Unit each, boolean after) {
    ZoneId in = requireNonNull(zone);
    LocalDate today = now.atZone(in).toLocalDate();
    // A zone may skip a day, and a time may be moved into the next: two to either side suffice.
    for (int i = after ? -2 : 2; Math.abs(i) <= 2; i += after ? 1 : -1) {
      Instant slot = date(today, each, i).atTime(time).atZone(in).toInstant();
      if (after ? slot.isAfter(now) : !slot.isAfter(now)) {
        return slot;
      }
    }
    throw new DateTimeException("no time of " + this + " beside " + now);
  }

  private LocalDate date(LocalDate today, Unit each, int further) {
    return switch (each) {
      case DAY -> today.plusDays(further);
      case WEEK ->
        today.with(TemporalAdjusters.previousOrSame(DayOfWeek.of(day))).plusWeeks(further);
      case MONTH -> {
        YearMonth month = YearMonth.from(today).plusMonths(further);
        yield month.atDay(Math.min(day, month.lengthOfMonth()));
      }
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Schedule that
        && unit == that.unit
        && time.equals(that.time)
        && day == that.day
        && Objects.equals(zone, that.zone)
        && every.equals(that.every)
        && anchor.equals(that.anchor);
  }

  @Override
  public int hashCode() {
    return Objects.hash(unit, time, day, zone, every, anchor);
  }

  /** {@return such as {@code every day at 03:00 Europe/Berlin}} */
  @Override
  public String toString() {
    return text;
  }
}
