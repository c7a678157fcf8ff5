package dev.mlops.core.tribuo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.pack.FilePackage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.baseline.DummyClassifierTrainer;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.ensemble.AdaBoostTrainer;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.fm.FMClassificationTrainer;
import org.tribuo.classification.sgd.kernel.KernelSVMTrainer;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.ensemble.BaggingTrainer;
import org.tribuo.math.kernel.RBF;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.regression.Regressor;
import org.tribuo.regression.baseline.DummyRegressionTrainer;
import org.tribuo.regression.sgd.linear.LinearSGDTrainer;
import org.tribuo.regression.sgd.objectives.SquaredLoss;
import org.tribuo.transform.TransformTrainer;
import org.tribuo.transform.TransformationMap;
import org.tribuo.transform.transformations.MeanStdDevTransformation;

class TribuoRuntimeTest {
  static final Schema SCHEMA =
      Schema.of(Column.number("x"), Column.category("colour"), Column.number("a"));

  static List<Labelled<Row>> labelled(int n, long seed) {
    Random random = new Random(seed);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double x = random.nextGaussian();
      double a = random.nextGaussian();
      String colour = List.of("", "red", "green", "blue").get(random.nextInt(4));
      boolean yes = x + (colour.equals("red") ? 1 : -0.5) + 0.3 * random.nextGaussian() > 0;
      rows.add(new Labelled<>(
          Row.of(SCHEMA, random.nextInt(20) == 0 ? Double.NaN : x, colour, a),
          Truth.of(yes ? "yes" : "no")));
    }
    return rows;
  }

  static List<Labelled<Row>> measured(int n, long seed) {
    Random random = new Random(seed);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double x = random.nextGaussian();
      double a = random.nextGaussian();
      rows.add(new Labelled<>(
          Row.of(SCHEMA, x, i % 2 == 0 ? "red" : "green", a), Truth.of(2 * x - a + i % 2)));
    }
    return rows;
  }

  static Stream<Trainer<Label>> classifiers() {
    return Stream.of(
        new LogisticRegressionTrainer(),
        new CARTClassificationTrainer(6),
        new FMClassificationTrainer(
            new org.tribuo.classification.sgd.objectives.LogMulticlass(),
            new AdaGrad(0.1),
            3,
            1,
            4,
            0.1),
        new KernelSVMTrainer(new RBF(0.5), 0.1, 3, 1),
        new RandomForestTrainer<>(
            new CARTClassificationTrainer(4, 0.7f, 1), new VotingCombiner(), 5),
        new BaggingTrainer<>(new LogisticRegressionTrainer(), new VotingCombiner(), 3),
        new AdaBoostTrainer(new CARTClassificationTrainer(2), 3),
        new TransformTrainer<>(
            new LogisticRegressionTrainer(),
            new TransformationMap(Map.of("a", List.of(new MeanStdDevTransformation())))),
        DummyClassifierTrainer.createMostFrequentTrainer());
  }

  static Stream<Trainer<Regressor>> regressors() {
    return Stream.of(
        new LinearSGDTrainer(new SquaredLoss(), new AdaGrad(0.1), 5, 1L),
        DummyRegressionTrainer.createMedianTrainer());
  }

  @ParameterizedTest
  @MethodSource("classifiers")
  void aClassifierReadBackGivesTheSamePredictions(Trainer<Label> trainer) {
    List<Labelled<Row>> rows = labelled(300, 7);
    var trained = TribuoTrainer.classifier(SCHEMA, trainer).train(rows).testedOn(labelled(100, 8));
    ModelPackage made = trained.asPackage("colours");
    Model loaded = new TribuoRuntime().load(FilePackage.of(made.manifest(), blobs(made)::get));
    for (Labelled<Row> row : rows) {
      assertEquals(trained.model().predict(row.input()), loaded.predict(row.input()));
    }
    assertEquals(20, made.examples().size());
    made.examples()
        .forEach(example -> assertEquals(example.expected(), loaded.predict(example.row())));
  }

  @ParameterizedTest
  @MethodSource("regressors")
  void aRegressionReadBackGivesTheSamePredictions(Trainer<Regressor> trainer) {
    List<Labelled<Row>> rows = measured(300, 7);
    var trained = TribuoTrainer.regressor(SCHEMA, trainer).train(rows).testedOn(measured(100, 8));
    ModelPackage made = trained.asPackage("colours");
    Model loaded = new TribuoRuntime().load(made);
    for (Labelled<Row> row : rows) {
      assertEquals(trained.model().predict(row.input()), loaded.predict(row.input()));
    }
  }

  static Map<dev.mlops.api.pack.Digest, byte[]> blobs(ModelPackage source) {
    Map<dev.mlops.api.pack.Digest, byte[]> blobs = new HashMap<>();
    source.files().forEach(file -> blobs.put(file.digest(), source.read(file)));
    return blobs;
  }
}
