package dev.mlops.testkit;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Journals that break one clause each. */
final class BrokenJournals {
  private BrokenJournals() {}

  /** What is stored of one test, outliving its openers. */
  static final class Disk {
    final List<LoopEvent> events = new ArrayList<>();
  }

  /** Keeps its contract. */
  static class Healthy implements Journal {
    final Disk disk;
    boolean closed;

    Healthy(Disk disk) {
      this.disk = disk;
    }

    @Override
    public void append(LoopEvent event) {
      synchronized (disk) {
        requireOpen();
        disk.events.add(event);
      }
    }

    @Override
    public List<LoopEvent> events() {
      synchronized (disk) {
        requireOpen();
        return List.copyOf(disk.events);
      }
    }

    @Override
    public void close() {
      synchronized (disk) {
        closed = true;
      }
    }

    void requireOpen() {
      if (closed) {
        throw new IllegalStateException("closed");
      }
    }
  }

  private static LoopEvent withoutMore(LoopEvent event) {
    LoopEvent.Builder copy = LoopEvent.builder(event.name(), event.at());
    event.champion().ifPresent(copy::champion);
    event.candidate().ifPresent(copy::candidate);
    event.digest().ifPresent(copy::digest);
    event.intent().ifPresent(copy::intent);
    event.position().ifPresent(copy::position);
    event.change().ifPresent(copy::change);
    event.numbers().forEach(copy::number);
    event.reasons().forEach(copy::because);
    return copy.build();
  }

  static List<Broken<Function<Disk, Journal>>> all() {
    return List.of(
        new Broken<>("keepsOrder", "it gives the newest first", disk -> new Healthy(disk) {
          @Override
          public List<LoopEvent> events() {
            List<LoopEvent> turned = new ArrayList<>(super.events());
            Collections.reverse(turned);
            return turned;
          }
        }),
        new Broken<>(
            "keepsEverything", "it forgets fields of a newer release", disk -> new Healthy(disk) {
              @Override
              public void append(LoopEvent event) {
                super.append(withoutMore(event));
              }
            }),
        new Broken<>("isDurable", "it writes when it is closed, all but the newest", disk -> {
          List<LoopEvent> before = List.copyOf(disk.events);
          return new Healthy(disk) {
            @Override
            public void close() {
              if (!closed && disk.events.size() > before.size()) {
                disk.events.remove(disk.events.size() - 1);
              }
              super.close();
            }
          };
        }),
        new Broken<>("givesCopies", "it gives its own list", disk -> new Healthy(disk) {
          @Override
          public List<LoopEvent> events() {
            super.events();
            return disk.events;
          }
        }),
        new Broken<>("threads", "it loses what two append at once", disk -> new Healthy(disk) {
          @Override
          public void append(LoopEvent event) {
            int size;
            synchronized (disk) {
              requireOpen();
              size = disk.events.size();
            }
            Thread.yield();
            synchronized (disk) {
              if (disk.events.size() == size) {
                disk.events.add(event);
              }
            }
          }
        }),
        new Broken<>("staysClosed", "it takes events for ever", disk -> new Healthy(disk) {
          @Override
          void requireOpen() {}
        }),
        new Broken<>("staysClosed", "it throws when it is closed again", disk -> new Healthy(disk) {
          @Override
          public void close() {
            requireOpen();
            super.close();
          }
        }));
  }
}
