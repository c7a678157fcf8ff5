package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.ForeignStore;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.FaultyVersionStore;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.logging.Logger;

/**
 * A world of one number and two concepts: under A the label is yes below one half, under B no. Models are a concept and a
 * share of errors, written {@code A/0.0}; the champion knows A.
 */
final class LoopScene {
  private static final Logger QUIET = Logger.getLogger("dev.mlops.core");

  static {
    QUIET.setUseParentHandlers(false); // faults are caused on purpose
  }

  static final String ALIAS = "iris@champion";
  static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  static final Schema SCHEMA = ROWS.schema().predicting(Task.CLASSIFICATION);

  final ManualClock clock = new ManualClock();
  final InMemoryVersionStore behind = new InMemoryVersionStore(clock);
  final FaultyVersionStore faulty = new FaultyVersionStore(behind);
  final ScriptedStore store = new ScriptedStore(faulty);
  final ScriptedRuntime runtime = new ScriptedRuntime();
  final ScriptedTrainer trainer = new ScriptedTrainer();
  final Path journal;
  final List<LoopEvent> heard = Collections.synchronizedList(new ArrayList<>());
  WatchedMonitor monitor =
      new WatchedMonitor(InMemoryMonitor.config().on(clock).firstPosition(0).open("iris"));
  Deployment<Double> deployment;

  /** The concept in force and how often the truth is another. */
  String world = "A";

  private SplittableRandom random = new SplittableRandom(7);

  LoopScene(Path folder) {
    journal = folder.resolve("journal");
    Version first = behind.publish(trainer.make("A/0.0", 0).asPackage("iris"));
    behind.move(ALIAS).fromNothing().to(first).by("ops").because("start").commit();
    deployment = open(store);
  }

  Deployment<Double> open(VersionStore from) {
    return builder(from).open();
  }

  Deployment.Builder<Double> builder(VersionStore from) {
    return Deployment.of(from, ALIAS, ROWS)
        .runtime(runtime)
        .clock(clock)
        .ticker(clock)
        .monitoredBy(model -> monitor);
  }

  /** The same host after a restart: the store is there, the monitor knows nothing. */
  void restart(VersionStore from) {
    monitor =
        new WatchedMonitor(InMemoryMonitor.config().on(clock).firstPosition(0).open("iris"));
    deployment = open(from);
  }

  /**
   * A loop on the calling thread that trains whenever the policy says, on 100 to 1,000 outcomes, and gates nothing; past
   * champions stay out of it, standing still is no rival, and rows are taken as independent.
   */
  MaintenanceLoop.Builder loop(RetrainPolicy policy) {
    return loop(policy, Runnable::run);
  }

  MaintenanceLoop.Builder loop(RetrainPolicy policy, Executor executor) {
    return MaintenanceLoop.of(deployment, trainer)
        .retrainWhen(policy)
        .window(TrainingWindow.sinceChange(100, 1_000))
        .gate(evidence -> Finding.pass("fine"))
        .rollout(ShadowPlan.shadow().withoutFutility())
        .reserves(0)
        .droppingAtMost(0)
        .leadingBy(Double.NEGATIVE_INFINITY)
        .measuringDependence(false)
        .journal(journal)
        .on(executor)
        .clock(clock)
        .ticker(clock)
        .to(heard::add);
  }

  /** Serves rows whose truth is known at once. */
  void serve(int count) {
    serve(count, x -> x);
  }

  /** Serves rows of another distribution, whose truth is known at once. */
  void serve(int count, DoubleUnaryOperator of) {
    for (int i = 0; i < count; i++) {
      double x = of.applyAsDouble(random.nextDouble());
      Served served = deployment.serve(x);
      deployment.truth(served.id(), truth(x));
    }
    deployment.tick();
  }

  Truth truth(double x) {
    return Truth.of(Scripted.label(world, x));
  }

  /** Other rows than those of the default seed. */
  void seed(long seed) {
    random = new SplittableRandom(seed);
  }

  double next() {
    return random.nextDouble();
  }

  /** Says RETRAIN as long as the newest version that serves is the first. */
  static RetrainPolicy whileFirst() {
    return (now, past) -> now.champion().filter(c -> c.version().equals("1")).isPresent()
        ? retrain(0)
        : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "scripted", "another serves");
  }

  static RetrainPolicy always() {
    return (now, past) -> retrain(0);
  }

  static RetrainDecision retrain(long change) {
    return RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "scripted", "").changedAt(change);
  }

  List<String> kinds() {
    return heard.stream().map(event -> event.kind().name()).toList();
  }

  LoopEvent last() {
    return heard.get(heard.size() - 1);
  }

  /** Numbers of the versions that the alias pointed to. */
  List<Long> moves() {
    return behind.history(ALIAS).stream().map(change -> change.to().number()).toList();
  }

  /** Every model that was loaded as a candidate was closed exactly once, unless it serves now: then it is open. */
  void assertCandidatesClosedOnce() {
    List<Scripted> candidates =
        runtime.loaded.stream().filter(model -> !model.serves).toList();
    assertThat(!candidates.isEmpty()).as("no candidate was loaded").isTrue();
    Model champion = deployment.using(model -> model);
    candidates.forEach(model -> assertThat(model.closes.get())
        .as(() -> "closes of " + model)
        .isEqualTo(model == champion ? 0 : 1));
  }

  /** Makes every append to the journal fail until {@link #healJournal()}: foreign bytes at its end are not written over. */
  void breakJournal() {
    try {
      Files.write(journal, new byte[] {1}, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  void healJournal() {
    try (FileChannel file = FileChannel.open(journal, StandardOpenOption.WRITE)) {
      file.truncate(file.size() - 1);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A store that tells before each effect what is about to happen. */
  static final class ScriptedStore extends ForeignStore {
    /** Called with {@code publish}, {@code attach} or {@code commit} before it. */
    volatile Consumer<String> before = effect -> {};

    /** Called with each version whose package is opened. */
    volatile Consumer<Version> opened = version -> {};

    final List<String> intents = Collections.synchronizedList(new ArrayList<>());

    ScriptedStore(VersionStore behind) {
      super(behind);
    }

    @Override
    public Version publish(ModelPackage source) {
      before.accept("publish");
      return super.publish(source);
    }

    @Override
    public Document attach(Version version, String name, byte[] bytes, String by, String because) {
      before.accept("attach");
      return super.attach(version, name, bytes, by, because);
    }

    @Override
    public ModelPackage open(Version version) {
      opened.accept(version);
      return super.open(version);
    }

    @Override
    public AliasChange commit(AliasMove move) {
      before.accept("commit");
      intents.add(move.intent());
      return super.commit(move);
    }
  }

  /** A monitor that counts what it is told about champions that were kept. */
  static final class WatchedMonitor implements MetricsMonitor {
    private final MetricsMonitor behind;
    final List<String> kept = new ArrayList<>();
    volatile Runnable onKept = () -> {};

    /** What the loop sees of the evidence. */
    volatile UnaryOperator<Evidence> seen = evidence -> evidence;

    /** What the monitor says: what it has counted, by default. */
    volatile Supplier<Evidence> says = this::counted;

    volatile Outcomes outcomes;
    volatile Optional<Set<Watch>> watches;

    WatchedMonitor(MetricsMonitor behind) {
      this.behind = behind;
      this.outcomes = behind.outcomes();
      this.watches = behind.watches();
    }

    @Override
    public Recorder recorder(String version, Baseline baseline) {
      return behind.recorder(version, baseline);
    }

    @Override
    public void champion(String version) {
      behind.champion(version);
    }

    @Override
    public void truth(long id, Truth truth) {
      behind.truth(id, truth);
    }

    @Override
    public void truth(String key, Truth truth) {
      behind.truth(key, truth);
    }

    @Override
    public void tick() {
      behind.tick();
    }

    @Override
    public Evidence evidence() {
      return says.get();
    }

    private Evidence counted() {
      return seen.apply(behind.evidence());
    }

    @Override
    public Outcomes outcomes() {
      return outcomes;
    }

    @Override
    public Optional<Set<Watch>> watches() {
      return watches;
    }

    @Override
    public List<String> lacks(EvidenceReader reader) {
      return watches.equals(behind.watches())
          ? behind.lacks(reader)
          : MetricsMonitor.super.lacks(reader);
    }

    @Override
    public void clearSignals(String because) {
      kept.add(because);
      behind.clearSignals(because);
      onKept.run();
    }

    @Override
    public void close() {
      behind.close();
    }
  }

  /** Learns the model that its script names for the rows; by default the concept that most of them follow. */
  static final class ScriptedTrainer implements ModelTrainer {
    volatile Function<List<Labelled<Row>>, String> script = ScriptedTrainer::majority;
    /** Called with each model that is trained, not loaded. */
    volatile Consumer<Scripted> prepare = model -> {};

    final List<List<Labelled<Row>>> calls = Collections.synchronizedList(new ArrayList<>());
    volatile Schema schema = SCHEMA;
    private final AtomicInteger made = new AtomicInteger();

    static String majority(List<Labelled<Row>> rows) {
      long a = rows.stream()
          .filter(row ->
              row.truth().equals(Truth.of(Scripted.label("A", row.input().number(0)))))
          .count();
      return 2 * a >= rows.size() ? "A/0.0" : "B/0.0";
    }

    @Override
    public Schema schema() {
      return schema;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      calls.add(List.copyOf(rows));
      return make(script.apply(rows), made.incrementAndGet(), context);
    }

    Trained make(String weights, int serial) {
      return make(weights, serial, TrainingContext.none());
    }

    private Trained make(String weights, int serial, TrainingContext context) {
      Scripted model = new Scripted(weights);
      prepare.accept(model);
      return TrainedModel.of(
          SCHEMA,
          model,
          draft -> draft
              .runtime("scripted")
              .weights("weights.txt", weights.getBytes(UTF_8))
              .document("serial.txt", Integer.toString(serial)),
          context);
    }
  }

  static final class ScriptedRuntime implements ModelRuntime {
    /** Called with each model that is loaded as a candidate. */
    volatile Consumer<Scripted> prepare = model -> {};

    final List<Scripted> loaded = Collections.synchronizedList(new ArrayList<>());

    @Override
    public String name() {
      return "scripted";
    }

    @Override
    public Model load(ModelPackage source) {
      PackageFile file = source.files(PackageFile.Role.WEIGHTS).get(0);
      Scripted model = new Scripted(new String(source.read(file), UTF_8));
      model.serves = Arrays.stream(new Throwable().getStackTrace())
          .noneMatch(frame -> frame.getClassName().equals(Deployment.class.getName())
              && frame.getMethodName().equals("prepare"));
      if (!model.serves) {
        prepare.accept(model);
      }
      loaded.add(model);
      return model;
    }
  }

  /** A concept and a share of errors, which are the same for the same row. */
  static final class Scripted implements Model, AutoCloseable {
    final AtomicInteger closes = new AtomicInteger();
    volatile boolean serves;
    /** Called inside each prediction. */
    volatile Runnable during = () -> {};

    private final String weights;

    Scripted(String weights) {
      this.weights = weights;
    }

    static String label(String weights, double x) {
      boolean yes = (x < 0.5) == weights.startsWith("A");
      double errs = weights.contains("/") ? Double.parseDouble(weights.split("/")[1]) : 0.0;
      boolean flipped =
          new SplittableRandom(Double.doubleToLongBits(x) ^ weights.hashCode()).nextDouble() < errs;
      return yes != flipped ? "yes" : "no";
    }

    @Override
    public Prediction predict(Row row) {
      if (closes.get() > 0) {
        throw new IllegalStateException("used after it was closed");
      }
      during.run();
      return Classification.of(label(weights, row.number(0)));
    }

    @Override
    public void close() {
      closes.incrementAndGet();
    }

    @Override
    public String toString() {
      return "model " + weights;
    }
  }
}
