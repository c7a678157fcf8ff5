package dev.mlops.api.monitor;

import java.util.Set;

/**
 * Something that reads evidence and can say beforehand what of it must be collected for it.
 *
 * <p>An anytime-valid test needs every truth from the first one on, not a snapshot; so a monitor is told at its making
 * what will be read ({@link MonitorFactory#watching}).
 *
 * <p>An implementation is thread-safe; its answer never changes.
 *
 * @since 0.1
 */
public interface EvidenceReader {
  /**
   * {@return what a monitor must watch for this reader; empty if snapshots suffice}
   */
  default Set<Watch> watches() {
    return Set.of();
  }
}
