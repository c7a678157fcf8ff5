package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.InMemoryBackend;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Days of a virtual clock: four loops on one store, a trainer that fails in every way it can, a process that dies after one
 * journal write and then after another, a holder of the lease that sleeps. The concept turns round twice a day.
 */
@Timeout(300)
class VirtualMonthTest {
  private static final Duration TTL = Duration.ofMinutes(5);
  private static final int REPLICAS = 4;
  private static final int TURNS = 12 * 60;

  @TempDir
  Path folder;

  private LoopScene scene;
  private Coordination coordination;
  private final List<Replica> replicas = new ArrayList<>();
  private final Map<Kind, Integer> diedAfter = new EnumMap<>(Kind.class);
  private int owners;
  private int trainings;

  /** The position of the newest turn. */
  private long turnedAt;

  /** A process: a deployment and a loop; dead, it reaches neither store nor lease. */
  private final class Replica {
    private final Deployment<Double> deployment;
    private final MaintenanceLoop loop;
    private final List<Runnable> lost = new ArrayList<>();
    private boolean dead;
    private int asleep;

    /** It dies after this number of further journal writes. */
    private int writesLeft;

    Replica(int writesLeft) {
      this.writesLeft = writesLeft;
      this.deployment = scene.open(scene.store);
      this.loop = MaintenanceLoop.of(deployment, new Failing())
          .retrainWhen(worse())
          .window(TrainingWindow.sinceChange(100, 400))
          .gate(evidence -> Finding.pass("fine"))
          .rollout(ShadowPlan.shadow())
          .reserves(0)
          .measuringDependence(false)
          .trainingWithin(Duration.ofHours(1))
          .lease(new Mortal(), "replica-" + owners++, TTL)
          .on(this::execute)
          .clock(scene.clock)
          .ticker(scene.clock)
          .to(event -> scene.heard.add(event))
          .build();
    }

    /** The executor loses one job in nine: a training that never returns. */
    private void execute(Runnable job) {
      if (trainings % 9 == 8) {
        trainings++;
        lost.add(job);
      } else {
        job.run();
      }
    }

    /** The coordination as this process sees it; it dies inside a write of the journal, after it was made. */
    private final class Mortal implements Coordination {
      private void alive() {
        if (dead) {
          throw new StoreException("this process is dead", null);
        }
      }

      @Override
      public Optional<Lease> acquire(String name, String owner, Duration ttl) {
        alive();
        return coordination.acquire(name, owner, ttl);
      }

      @Override
      public Optional<Lease> renew(Lease lease, Duration ttl) {
        alive();
        return coordination.renew(lease, ttl);
      }

      @Override
      public boolean release(Lease lease) {
        alive();
        return coordination.release(lease);
      }

      @Override
      public Optional<Lease> holder(String name) {
        alive();
        return coordination.holder(name);
      }

      @Override
      public Optional<Guarded> read(String record) {
        alive();
        return coordination.read(record);
      }

      @Override
      public Optional<Guarded> write(Lease lease, String record, long version, byte[] value) {
        alive();
        Optional<Guarded> written = coordination.write(lease, record, version, value);
        if (written.isPresent() && --writesLeft == 0) {
          dead = true;
          List<LoopEvent> events = journal();
          if (!events.isEmpty()) {
            diedAfter.merge(events.get(events.size() - 1).kind(), 1, Integer::sum);
          }
          throw new StoreException("this process has just died", null);
        }
        return written;
      }
    }
  }

  /** In turn: learns well, throws, gives null, trains on nothing, errs always, learns half, learns the wrong concept. */
  private final class Failing implements ModelTrainer {
    @Override
    public Schema schema() {
      return LoopScene.SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      return switch (trainings++ % 8) {
        case 1 -> throw new IllegalStateException("no licence");
        case 2 -> null;
        case 3 -> throw new OutOfMemoryError("Java heap space");
        case 4 -> scene.trainer.make("", trainings); // no weights: it knows nothing
        case 5 -> scene.trainer.make("A/0.5", trainings); // a coin
        case 6 -> scene.trainer.make(turned(rows), trainings); // the worst there is
        default -> scene.trainer.make(LoopScene.ScriptedTrainer.majority(rows), trainings);
      };
    }

    private String turned(List<Labelled<Row>> rows) {
      return LoopScene.ScriptedTrainer.majority(rows).startsWith("A") ? "B/0.0" : "A/0.0";
    }
  }

  private List<LoopEvent> journal() {
    return new GuardedJournal(coordination, "loop/iris/champion/journal", Optional::empty).events();
  }

  /** Asks for a candidate while most of the newest 60 outcomes are wrong. */
  private RetrainPolicy worse() {
    return new RetrainPolicy() {
      @Override
      public RetrainDecision decide(Evidence now, RetrainHistory past) {
        long end = scene.monitor.outcomes().end();
        long wrong = scene.monitor.outcomes().between(Math.max(0, end - 60), end).stream()
            .filter(row -> !row.truth().matches((Classification) row.prediction()))
            .count();
        return wrong > 30
            ? LoopScene.retrain(turnedAt)
            : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "worse", wrong + " of 60 wrong");
      }
    };
  }

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
    coordination = Coordination.over(new InMemoryBackend(scene.clock));
  }

  private void play(int days) {
    scene.monitor.says = () -> Evidence.builder("iris", scene.clock.instant())
        .matured(scene.monitor.outcomes().end())
        .position(scene.monitor.outcomes().end())
        .build();
    int deaths = 0;
    for (int i = 0; i < REPLICAS; i++) {
      replicas.add(new Replica(7 + i));
    }
    long served = 0;
    long right = 0;
    long judged = 0;
    for (int minute = 0; minute < days * 24 * 60; minute++) {
      scene.world = minute / TURNS % 2 == 0 ? "A" : "B";
      turnedAt = minute % TURNS == 0 ? scene.monitor.outcomes().end() : turnedAt;
      for (int k = 0; k < 2; k++) { // two requests a minute, to each replica in turn
        Replica at = replicas.get((int) (served % REPLICAS));
        double x = scene.next();
        Served answer = at.deployment.serve(x); // what it throws fails the test
        served++;
        boolean good = scene.truth(x).matches((Classification) answer.prediction());
        if (minute % TURNS > TURNS * 3 / 4) {
          judged++;
          right += good ? 1 : 0;
        }
        at.deployment.truth(answer.id(), scene.truth(x));
      }
      for (int i = 0; i < REPLICAS; i++) {
        Replica replica = replicas.get(i);
        replica.deployment.tick();
        boolean works = replica.loop.toString().contains("working")
            || replica.loop.toString().contains("shadowing");
        if (replica.asleep == 0 && works && minute % 97 == 0) {
          replica.asleep = 8; // past its lease
        }
        if (replica.asleep > 0) {
          replica.asleep--;
        } else {
          replica.loop.tick();
        }
        if (replica.dead) { // another process takes its place
          deaths++;
          replicas.set(i, new Replica(3 + deaths % 23));
        }
      }
      scene.clock.advance(Duration.ofMinutes(1));
    }

    List<LoopEvent> events = journal();
    List<AliasChange> moves = scene.behind.history(LoopScene.ALIAS);
    List<String> promotions = moves.stream()
        .map(AliasChange::intent)
        .filter(intent -> intent.startsWith("promote-"))
        .toList();
    assertThat(promotions).as("no double promotion").doesNotHaveDuplicates();
    assertThat(events.stream()
            .filter(event -> event.kind() == Kind.PROMOTED)
            .map(event -> event.number("generation").orElseThrow()))
        .as("each promotion is told once")
        .doesNotHaveDuplicates()
        .hasSizeBetween(promotions.size() - 1, promotions.size());
    // A coin is better than a model of the other concept, which always errs, and is replaced in
    // turn.
    int coins = (int) moves.stream()
        .filter(move -> move.intent().startsWith("promote-") && isCoin(move.to()))
        .count();
    assertThat(promotions.size() - coins)
        .as("one effective training for each turn of the concept, %s coins: %s", coins, diedAfter)
        .isBetween(days * 2 - 2, days * 2 + 1);
    assertThat(replicas)
        .extracting(each -> each.deployment.champion())
        .as("one champion")
        .containsOnly(replicas.get(0).deployment.champion());
    assertThat(scene.monitor.outcomes().end()).as("no truth is lost").isEqualTo(served);
    assertThat((double) right / judged).as("the last quarter of each turn").isGreaterThan(0.9);
    assertThat(deaths).isGreaterThan(days);
    assertThat(events.stream().filter(event -> event.kind() == Kind.FAILED)).isNotEmpty();
    assertThat(coordination.holder("loop/iris/champion")).isPresent();
  }

  private boolean isCoin(Version version) {
    ModelPackage made = scene.behind.open(version);
    return made.files().stream()
        .filter(file -> file.name().equals("weights.txt"))
        .anyMatch(file -> new String(made.read(file), UTF_8).equals("A/0.5"));
  }

  @Test
  void threeDaysOfFaultsKeepOneChampionAndEveryTruth() {
    play(3);
  }

  @Test
  @Tag("slow")
  void aMonthOfFaultsKeepsOneChampionAndEveryTruth() {
    play(30);
    assertThat(diedAfter.keySet())
        .contains(
            Kind.RETRAIN,
            Kind.PUBLISHING,
            Kind.PUBLISHED,
            Kind.GATED,
            Kind.PROMOTING,
            Kind.PROMOTED);
  }
}
