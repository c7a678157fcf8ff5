package dev.mlops.core.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.retrain.Blackout;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schedules and blackouts around changes of the clock, held against lists of what the calendar says day by day. */
class ZonesTest {
  private static final Instant FROM = Instant.parse("1992-01-01T00:00:00Z");
  private static final int CHANGES = 44;
  private static final long DAY = 86_400;

  /** From the first moment of a blackout to the one after its last. */
  private record Stretch(Instant from, Instant to) {
    boolean holds(Instant now) {
      return !now.isBefore(from) && now.isBefore(to);
    }
  }

  /**
   * Half hours, changes at midnight, two minutes after it and into the day before, and days that a zone has skipped.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "America/Havana",
        "America/Asuncion",
        "America/St_Johns",
        "Africa/Cairo",
        "Asia/Beirut",
        "Pacific/Apia",
        "Pacific/Kwajalein",
        "Antarctica/Casey"
      })
  void timesAroundAChangeOfTheClockAreThoseOfTheCalendar(String name) {
    ZoneId zone = ZoneId.of(name);
    SplittableRandom random = new SplittableRandom(name.hashCode());
    ZoneOffsetTransition change = zone.getRules().nextTransition(FROM);
    for (int i = 0; i < CHANGES && change != null; i++) {
      Instant at = change.getInstant();
      LocalDate day = change.getDateTimeBefore().toLocalDate();
      List<Instant> moments = new ArrayList<>(List.of(at, at.minusNanos(1)));
      for (int j = 0; j < 2; j++) {
        moments.add(at.plusSeconds(random.nextLong(-2 * DAY, 2 * DAY)));
      }
      List<LocalTime> times = List.of(
          LocalTime.MIDNIGHT,
          LocalTime.of(0, 30),
          LocalTime.of(2, 15),
          LocalTime.of(23, 45),
          change.getDateTimeBefore().toLocalTime());
      for (LocalTime time : times) {
        holds(Schedule.daily(time, zone), moments, days(day, 1, d -> at(d, time, zone)));
        holds(
            Schedule.weekly(day.getDayOfWeek(), time, zone),
            moments,
            days(day, 7, d -> at(d, time, zone)));
        for (LocalTime to : times) {
          if (!to.equals(time)) { // the whole day is one blackout without an end
            holds(
                Blackout.daily(time, to, zone),
                moments,
                days(day, 1, d -> stretch(d, time, to, zone)));
          }
        }
      }
      change = zone.getRules().nextTransition(at);
    }
  }

  private static Instant at(LocalDate day, LocalTime time, ZoneId zone) {
    return day.atTime(time).atZone(zone).toInstant();
  }

  private static Stretch stretch(LocalDate day, LocalTime from, LocalTime to, ZoneId zone) {
    return new Stretch(at(day, from, zone), at(to.isAfter(from) ? day : day.plusDays(1), to, zone));
  }

  private static <T> List<T> days(LocalDate day, int every, Function<LocalDate, T> made) {
    List<T> all = new ArrayList<>();
    for (int i = -8; i <= 8; i++) {
      all.add(made.apply(day.plusDays((long) i * every)));
    }
    return all;
  }

  private static void holds(Schedule schedule, List<Instant> moments, List<Instant> calendar) {
    TreeSet<Instant> times = new TreeSet<>(calendar);
    for (Instant now : moments) {
      assertThat(schedule.newest(now))
          .as("%s, newest at %s", schedule, now)
          .contains(times.floor(now));
      assertThat(schedule.next(now))
          .as("%s, next at %s", schedule, now)
          .contains(times.higher(now));
    }
  }

  private static void holds(Blackout blackout, List<Instant> moments, List<Stretch> calendar) {
    for (Instant now : moments) {
      Instant end = now;
      for (Optional<Stretch> in = in(calendar, end); in.isPresent(); in = in(calendar, end)) {
        end = in.get().to();
      }
      assertThat(blackout.endOf(now))
          .as("%s at %s", blackout, now)
          .isEqualTo(end.equals(now) ? Optional.empty() : Optional.of(end));
    }
  }

  private static Optional<Stretch> in(List<Stretch> calendar, Instant now) {
    return calendar.stream().filter(each -> each.holds(now)).findFirst();
  }

  /** In Apia 2011-12-30 was no day: the night of the 29th ended on the morning of the 31st. */
  @Test
  void aNightBeforeADayThatAZoneHasSkippedEndsOnTheMorningAfter() {
    Blackout nights =
        Blackout.daily(LocalTime.of(22, 0), LocalTime.of(6, 0), ZoneId.of("Pacific/Apia"));

    assertThat(nights.endOf(Instant.parse("2011-12-30T13:00:00Z")))
        .as("03:00 on the 31st")
        .contains(Instant.parse("2011-12-30T16:00:00Z"));
  }

  @ParameterizedTest
  @CsvSource({
    "29, 2028-02-29T02:00:00Z, 2028-03-29T01:00:00Z",
    "30, 2028-02-29T02:00:00Z, 2028-03-30T01:00:00Z",
    "31, 2027-02-28T02:00:00Z, 2027-03-31T01:00:00Z"
  })
  void aMonthThatIsShortHasItsLastDay(int day, Instant february, Instant march) {
    Schedule monthly = Schedule.monthly(day, LocalTime.of(3, 0), ZoneId.of("Europe/Berlin"));

    assertThat(monthly.next(february.minusNanos(1))).contains(february);
    assertThat(monthly.newest(march.minusNanos(1))).contains(february);
    assertThat(monthly.next(february)).contains(march);
  }
}
