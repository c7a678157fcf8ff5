package dev.mlops.core.monitor;

import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.pack.Baseline;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The versions that a monitor knows, each with its section and its meters: the {@value #MOST} whose recorders were taken last,
 * and the champion.
 *
 * <p>Guarded by the intake's lock.
 */
final class Versions {
  /** Sections of this number of versions are kept. */
  static final int MOST = 16;

  private final Intake.Sink sink;
  private final Intake intake;
  private final MonitorConfig.Draft config;
  private final Watches watches;
  private final Map<Segmentation, SegmentGuard> guards;
  private final Registered registered;
  private final LongUnaryOperator clock;

  /** By version, the one whose recorder was taken last at the end. */
  private final LinkedHashMap<String, Section> sections = new LinkedHashMap<>();

  private final Map<Section, SectionMeters> meters = new HashMap<>();
  /** The steady time. */
  private long steady;

  private boolean closed;

  /**
   * Knows no version yet.
   *
   * @param sink takes the predictions of all of them
   * @param intake where their recorders put these
   * @param config what of each is measured
   * @param watches knows the champion
   * @param guards reads segments
   * @param registered where meters go
   * @param clock the time in milliseconds, or what it is given should the host's clock throw
   */
  Versions(
      Intake.Sink sink,
      Intake intake,
      MonitorConfig.Draft config,
      Watches watches,
      Map<Segmentation, SegmentGuard> guards,
      Registered registered,
      LongUnaryOperator clock) {
    this.sink = sink;
    this.intake = intake;
    this.config = config;
    this.watches = watches;
    this.guards = guards;
    this.registered = registered;
    this.clock = clock;
  }

  /** The section of a version; null if it is not known. */
  @Nullable
  Section get(String version) {
    return sections.get(version);
  }

  /** The names of those that are known, the one whose recorder was taken last at the end. */
  Set<String> names() {
    return Collections.unmodifiableSet(sections.keySet());
  }

  /** The sections, the one whose recorder was taken last at the end. */
  Collection<Section> all() {
    return Collections.unmodifiableCollection(sections.values());
  }

  /** The same the other way round. */
  List<Section> newestFirst() {
    List<Section> newestFirst = new ArrayList<>(sections.values());
    Collections.reverse(newestFirst);
    return newestFirst;
  }

  /** The section of a version whose recorder is taken: the one that is known, or a new one. */
  Section take(String version, Baseline baseline) {
    Section section = sections.get(version);
    if (section != null && section.restored && !LedgerLog.isOf(section.baseline, baseline)) {
      forget(section); // the log knows another model by this version
      section = null;
    }
    if (section != null && section.restored && !section.baseline.equals(baseline)) {
      section.know(baseline);
      watches.know(section);
    }
    sections.remove(version);
    if (section == null) {
      section = sectionOf(version, baseline);
    }
    section.restored = false;
    add(section);
    return section;
  }

  /** A new section of a version of an earlier life, in place of another that was called so. */
  Section restore(int number, String version, Baseline baseline) {
    Section before = sections.get(version);
    if (before != null) {
      forget(before);
    }
    Section section = sectionOf(version, baseline);
    section.logged = number;
    section.restored = true;
    add(section);
    return section;
  }

  /** Makes a section the one whose recorder was taken last, if it is still known. */
  void takenAgain(Section section) {
    if (sections.remove(section.version, section)) {
      sections.put(section.version, section);
    }
  }

  private Section sectionOf(String version, Baseline baseline) {
    Stripes stripes = intake.use(baseline.schema());
    Section made;
    try {
      made = new Section(sink, version, baseline, stripes, config);
      made.advance(steady);
      made.responses.counting(config.objectives, config.timely);
      made.segments = Segments.of(guards, baseline, config.qualityOver, config.metrics);
    } catch (RuntimeException | Error e) {
      intake.release(stripes);
      throw e;
    }
    if (closed) {
      intake.release(stripes);
    } else {
      meters.put(made, new SectionMeters(registered.another(), made, this::age));
    }
    return made;
  }

  /** How long ago something was, in seconds. */
  private double age(long since) {
    return Math.max(0, clock.applyAsLong(since) - since) / 1e3;
  }

  /** Adds the newest; the versions whose recorders were taken longest ago go, but neither the champion nor the newest. */
  @SuppressWarnings("ReferenceEquality") // one section per version
  private void add(Section newest) {
    sections.put(newest.version, newest);
    for (Section oldest : List.copyOf(sections.values())) {
      if (sections.size() <= MOST) {
        return;
      }
      if (!watches.isChampion(oldest) && oldest != newest) {
        forget(oldest);
      }
    }
  }

  private void forget(Section section) {
    sections.remove(section.version);
    SectionMeters shown = meters.remove(section);
    if (shown != null) {
      shown.remove();
    }
    if (!closed) {
      intake.release(section.stripes);
    }
  }

  /** Says the steady time. */
  void advance(long now) {
    steady = now;
    sections.values().forEach(section -> section.advance(now));
  }

  /** Counts on its meters how many nanoseconds a prediction took. */
  void took(Section section, long nanos) {
    SectionMeters shown = meters.get(section);
    if (shown != null) {
      shown.took(nanos);
    }
  }

  /** Brings the meters of a section up to date. */
  void refresh(Section section) {
    SectionMeters shown = meters.get(section);
    if (shown != null) {
      shown.refresh(watches.isChampion(section), watches.readingsOf(section));
      shown.refresh(steady);
    }
  }

  /** Brings all meters up to date. */
  void refresh() {
    sections.values().forEach(this::refresh);
  }

  /** The rings of all sections, also those that are not in use any more. */
  Set<Stripes> stripes() {
    return sections.values().stream().map(each -> each.stripes).collect(Collectors.toSet());
  }

  /** Gives the rings back. */
  void close() {
    closed = true;
    sections.values().forEach(section -> intake.release(section.stripes));
  }

  /** Takes the meters away. */
  void removeMeters() {
    meters.values().forEach(SectionMeters::remove);
    meters.clear();
  }
}
