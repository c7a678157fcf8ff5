package dev.mlops.testkit;

import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.drift.VectorDetector;
import dev.mlops.api.journal.Journal;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.StoreBackend;
import dev.mlops.api.store.VersionStore;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Supplier;

/** The contracts over whatever implementation was put in place: a healthy one, unless {@link ContractProofTest} breaks it. */
final class Subjects {
  private Subjects() {}

  static class Sinks extends AlertSinkContract {
    static final Supplier<BrokenAlertSinks.Pager> HEALTHY = BrokenAlertSinks.Pager::new;
    static Supplier<BrokenAlertSinks.Pager> factory = HEALTHY;
    private final BrokenAlertSinks.Pager pager = factory.get();

    @Override
    protected AlertSink sink() {
      return pager;
    }

    @Override
    protected List<String> open() {
      return pager.open();
    }

    @Override
    protected void away(boolean away) {
      pager.away = away;
    }
  }

  static class Packages extends ModelPackageContract {
    static final BrokenPackages.Factory HEALTHY = (healthy, from) -> new ForwardingPackage(healthy);
    static BrokenPackages.Factory factory = HEALTHY;

    @Override
    protected ModelPackage make(PackageContents contents) {
      return factory.around(InMemoryPackage.of(contents), Optional.empty());
    }

    @Override
    protected ModelPackage reopen(ModelPackage made) {
      InMemoryPackage stored = InMemoryPackage.copyOf(((ForwardingPackage) made).source);
      return factory.around(stored, Optional.of(made));
    }

    @Override
    protected ModelPackage reopenWith(ModelPackage made, PackageFile file, byte[] bytes) {
      InMemoryPackage healthy = (InMemoryPackage) ((ForwardingPackage) made).source;
      InMemoryPackage stored = healthy.holding(file, bytes);
      return factory.around(stored, Optional.of(made));
    }
  }

  static class Runtimes extends ModelRuntimeContract {
    static final Supplier<ModelRuntime> HEALTHY = BrokenRuntimes.Healthy::new;
    static Supplier<ModelRuntime> factory = HEALTHY;

    @Override
    protected ModelRuntime runtime() {
      return factory.get();
    }

    @Override
    protected ModelPackage packaged() {
      return BrokenRuntimes.PACKAGED;
    }
  }

  static class Learners extends AdaptiveModelContract {
    static final Supplier<AdaptiveModel> HEALTHY = BrokenLearners.Healthy::new;
    static Supplier<AdaptiveModel> factory = HEALTHY;

    @Override
    protected AdaptiveModel model() {
      return factory.get();
    }

    @Override
    protected List<Labelled<Row>> rows() {
      return BrokenLearners.ROWS;
    }

    @Override
    protected Model load(ModelPackage packaged) {
      return BrokenLearners.load(packaged);
    }
  }

  static class Stores extends VersionStoreContract {
    static final BrokenStores.Factory HEALTHY = (healthy, clock) -> healthy;
    static BrokenStores.Factory factory = HEALTHY;

    private final Map<Path, InMemoryVersionStore> disks = new HashMap<>();

    @Override
    protected VersionStore open(Path folder, InstantSource clock) {
      InMemoryVersionStore disk =
          disks.computeIfAbsent(folder, path -> new InMemoryVersionStore(clock));
      return factory.around(disk.reopened(), clock);
    }
  }

  static class Backends extends StoreBackendContract {
    static final BrokenBackends.Factory HEALTHY = (healthy, clock) -> healthy;
    static BrokenBackends.Factory factory = HEALTHY;

    private final Map<Path, InMemoryBackend> disks = new HashMap<>();

    @Override
    protected StoreBackend open(Path folder, InstantSource clock) {
      InMemoryBackend disk = disks.computeIfAbsent(folder, path -> new InMemoryBackend(clock));
      return factory.around(disk.reopened(), clock);
    }
  }

  static class Leases extends CoordinationContract {
    static final BrokenCoordinations.Factory HEALTHY = (healthy, backend) -> healthy;
    static BrokenCoordinations.Factory factory = HEALTHY;

    private final Map<Path, InMemoryBackend> disks = new HashMap<>();

    @Override
    protected Coordination open(Path folder, InstantSource clock) {
      InMemoryBackend disk = disks.computeIfAbsent(folder, path -> new InMemoryBackend(clock));
      return factory.around(Coordination.over(disk), disk);
    }
  }

  static class Monitors extends MetricsMonitorContract {
    static final BrokenMonitors.Factory HEALTHY = BrokenMonitors::healthy;
    static BrokenMonitors.Factory factory = HEALTHY;

    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return factory.open(setup);
    }
  }

  static class Values extends ValueDetectorContract implements StatefulDetectorContract {
    static final Supplier<ValueDetector> HEALTHY = () -> new WindowMean(BrokenDetectors.LIMIT);
    static Supplier<ValueDetector> factory = HEALTHY;

    @Override
    protected ValueDetector detector() {
      return factory.get();
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(new WindowMean(BrokenDetectors.LIMIT + 0.05));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return random.nextDouble() < 0.1 ? 1.0 : 0.0;
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return random.nextDouble() < 0.9 ? 1.0 : 0.0;
    }
  }

  static class ValuesInTime extends Values {
    static final Supplier<ValueDetector> HEALTHY = () -> new BlockMean(BrokenDetectors.LIMIT);
    static Supplier<ValueDetector> factory = HEALTHY;

    @Override
    protected ValueDetector detector() {
      return factory.get();
    }

    @Override
    protected boolean countsTime() {
      return true;
    }
  }

  static class Vectors extends VectorDetectorContract implements StatefulDetectorContract {
    static final Supplier<VectorDetector> HEALTHY = WindowMeans::new;
    static Supplier<VectorDetector> factory = HEALTHY;

    @Override
    protected VectorDetector detector() {
      return factory.get();
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(new WindowMeans(BrokenDetectors.LIMIT + 0.05));
    }

    @Override
    protected double[] calm(SplittableRandom random) {
      return new double[] {random.nextDouble() * 0.3, random.nextDouble() * 0.3};
    }

    @Override
    protected double[] changed(SplittableRandom random) {
      return new double[] {random.nextDouble() * 0.3, 1.5 + random.nextDouble() * 0.3};
    }
  }

  static class Rows extends RowDetectorContract implements StatefulDetectorContract {
    static final Supplier<RowDetector> HEALTHY = WindowShare::new;
    static Supplier<RowDetector> factory = HEALTHY;

    @Override
    protected RowDetector detector() {
      return factory.get();
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(new WindowShare(0.75));
    }

    @Override
    protected Row calm(SplittableRandom random) {
      return row(random, 0.1);
    }

    @Override
    protected Row changed(SplittableRandom random) {
      return row(random, 0.95);
    }

    private static Row row(SplittableRandom random, double web) {
      return Row.of(
          WindowShare.SCHEMA, random.nextDouble(), random.nextDouble() < web ? "web" : "shop");
    }
  }

  static class Policies extends RetrainPolicyContract {
    static final Supplier<RetrainPolicy> HEALTHY = BrokenPolicies.OnDrift::new;
    static Supplier<RetrainPolicy> factory = HEALTHY;

    @Override
    protected RetrainPolicy policy() {
      return factory.get();
    }

    @Override
    protected List<Evidence> evidence() {
      return BrokenPolicies.evidence();
    }
  }

  static class Rollouts extends RolloutPlanContract {
    static final Supplier<RolloutPlan> HEALTHY = BrokenRollouts.Counting::new;
    static Supplier<RolloutPlan> factory = HEALTHY;

    @Override
    protected RolloutPlan plan() {
      return factory.get();
    }

    @Override
    protected int enough() {
      return 2 * BrokenRollouts.OUTCOMES;
    }
  }

  static class Journals extends JournalContract {
    static final Function<BrokenJournals.Disk, Journal> HEALTHY = BrokenJournals.Healthy::new;
    static Function<BrokenJournals.Disk, Journal> factory = HEALTHY;

    private final BrokenJournals.Disk disk = new BrokenJournals.Disk();

    @Override
    protected Journal open() {
      return factory.apply(disk);
    }
  }
}
