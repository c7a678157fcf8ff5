package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.model;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.api.monitor.Signals.retraining;
import static dev.mlops.api.monitor.Signals.rollout;
import static dev.mlops.api.monitor.Signals.ticks;
import static dev.mlops.api.monitor.Signals.traffic;
import static dev.mlops.api.monitor.Signals.truth;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.api.MetricDescriptor;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.cloud.monitoring.v3.MetricServiceSettings;
import com.google.gson.Gson;
import com.google.monitoring.v3.AlertPolicy;
import com.google.monitoring.v3.CreateMetricDescriptorRequest;
import com.google.monitoring.v3.CreateTimeSeriesRequest;
import com.google.monitoring.v3.TimeSeries;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.ModelMeters;
import dev.mlops.core.platform.PlatformFiles;
import dev.mlops.core.platform.Platforms;
import dev.mlops.testkit.ManualClock;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.micrometer.cloudwatch2.CloudWatchConfig;
import io.micrometer.cloudwatch2.CloudWatchMeterRegistry;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.stackdriver.StackdriverConfig;
import io.micrometer.stackdriver.StackdriverMeterRegistry;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.cloudwatch.model.ComparisonOperator;
import software.amazon.awssdk.services.cloudwatch.model.PutCompositeAlarmRequest;
import software.amazon.awssdk.services.cloudwatch.model.PutMetricAlarmRequest;
import software.amazon.awssdk.services.cloudwatch.model.PutMetricDataRequest;
import software.amazon.awssdk.services.cloudwatch.model.PutMetricDataResponse;
import software.amazon.awssdk.services.cloudwatch.model.Statistic;

/** What is generated for the two clouds, read by their own libraries and held against what their registries really send. */
class VendorLibrariesTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x")).positiveLabel("yes");

  /** A rule for each quantity that a platform can be asked for. */
  private static final List<AlertRule> RULES = List.of(
      AlertRule.of("fraud.recall", quality("recall").atLeast(0.70))
          .holding(Duration.ofMinutes(10))
          .severity(AlertRule.Severity.PAGE)
          .label("region", "EU west")
          .owner("risk")
          .runbook("https://wiki.example.com/fraud"),
      AlertRule.of("fraud.beside", quality("accuracy").noWorseThanBaseline(0.05))
          .failing(3, 5),
      AlertRule.of("fraud.wide", features().falseAlarmEvery(1_000_000).movedAtMost(0.3))
          .severity(AlertRule.Severity.INFO),
      AlertRule.of(
          "fraud.harm",
          features().falseAlarmEvery(1_000_000).harming(quality("recall").atLeast(0.70))),
      AlertRule.of("fraud.slow", latency().p99AtMost(Duration.ofMillis(20))),
      AlertRule.of("fraud.silent", truth().newerThan(Duration.ofHours(6))),
      AlertRule.of("fraud.quiet", traffic().newerThan(Duration.ofMinutes(5))),
      AlertRule.of("fraud.old", model().newerThan(Duration.ofDays(30))),
      AlertRule.of("fraud.unticked", ticks().newerThan(Duration.ofMinutes(5))),
      AlertRule.of("fraud.back", rollout().isNot(Activity.State.ROLLED_BACK)),
      AlertRule.of("fraud.halted", retraining().isNot(Activity.State.HALTED)),
      AlertRule.of("fraud.late", latency().within(Duration.ofMillis(20)).atLeast(0.99)),
      AlertRule.of(
          "fraud.recent", quality("accuracy").over(Window.ofTruths(100)).noWorseThanBaseline(0.05)),
      AlertRule.of("fraud.failing", failures().atMost(0.01)));

  /** Brings a meter of each quantity into a registry. */
  private static void serve(MeterRegistry registry, Runnable then) {
    ManualClock clock = new ManualClock();
    MicrometerMonitor monitor = MicrometerMonitor.config(registry)
        .clock(clock)
        .watching(RULES.toArray(new AlertRule[0]))
        .open("fraud");
    Baseline baseline = Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
        .build();
    Recorder recorder = monitor.recorder("7", baseline);
    monitor.champion("7");
    Row row = Row.of(SCHEMA, 1.5);
    for (int i = 0; i < 200; i++) {
      long id = recorder.record(row, Classification.of(i % 2 == 0 ? "yes" : "no"), 1_000_000);
      if (i < 150) {
        monitor.truth(id, Truth.of(i % 3 == 0 ? "no" : "yes"));
      }
    }
    monitor.tick();
    clock.advance(Duration.ofDays(400));
    monitor.tick();
    try (ModelMeters meters = ModelMeters.of(registry, "fraud")) {
      meters.show(Evidence.builder("fraud", Instant.EPOCH)
          .modelAge(Duration.ofDays(1))
          .rollout(new Activity(Activity.State.BAKING, ""))
          .retraining(new Activity(Activity.State.IDLE, ""))
          .build());
      then.run();
    }
    monitor.close();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object of) {
    return (Map<String, Object>) of;
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(Object of) {
    return (List<Object>) of;
  }

  private static Map<String, Object> json(String text) {
    return object(new Gson().fromJson(text, Object.class));
  }

  // ---- Google Cloud

  @Test
  void aPolicyIsReadByTheStrictParserOfGoogleCloud() throws Exception {
    PlatformFiles files = Platforms.googleCloud("fraud", RULES);
    assertThat(files.files()).hasSize(RULES.size());
    for (Map.Entry<String, String> file : files.files().entrySet()) {
      AlertPolicy.Builder read = AlertPolicy.newBuilder();
      JsonFormat.parser().merge(file.getValue(), read); // refuses a field that it does not know
      AlertPolicy policy = read.build();
      assertThat(policy.getDisplayName() + ".json").isEqualTo(file.getKey());
      assertThat(policy.getCombiner()).isEqualTo(AlertPolicy.ConditionCombinerType.OR);
      assertThat(policy.getSeverity()).isNotEqualTo(AlertPolicy.Severity.UNRECOGNIZED);
      assertThat(policy.getConditionsCount()).isOne();
      AlertPolicy.Condition condition = policy.getConditions(0);
      assertThat(condition.hasConditionPrometheusQueryLanguage()).isTrue();
      assertThat(condition.getConditionPrometheusQueryLanguage().getQuery()).contains("fraud");
      assertThat(condition.getConditionPrometheusQueryLanguage().getDuration().getSeconds() % 30)
          .isZero();
    }
    AlertPolicy.Builder read = AlertPolicy.newBuilder();
    JsonFormat.parser().merge(files.file("fraud.recall.json"), read);
    assertThat(read.getSeverity()).isEqualTo(AlertPolicy.Severity.CRITICAL);
    assertThat(read.getUserLabelsMap()).containsEntry("region", "eu_west");
    String misspelt = files.file("fraud.recall.json").replace("\"displayName\"", "\"displayname\"");
    assertThatThrownBy(() -> JsonFormat.parser().merge(misspelt, AlertPolicy.newBuilder()))
        .as("so a wrong name would be found")
        .isInstanceOf(InvalidProtocolBufferException.class);
  }

  /** Answers each call as the service does, and keeps what was asked. */
  private static final class Kept extends ManagedChannel {
    private final List<TimeSeries> series = new ArrayList<>();
    private final Map<String, MetricDescriptor> described = new TreeMap<>();

    private Object answer(Object message) {
      if (message instanceof CreateTimeSeriesRequest request) {
        series.addAll(request.getTimeSeriesList());
        return Empty.getDefaultInstance();
      }
      CreateMetricDescriptorRequest request = (CreateMetricDescriptorRequest) message;
      described.put(request.getMetricDescriptor().getType(), request.getMetricDescriptor());
      return request.getMetricDescriptor();
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
      return new ClientCall<>() {
        private Listener<A> listener;

        @Override
        public void start(Listener<A> responses, Metadata headers) {
          listener = responses;
        }

        @Override
        @SuppressWarnings("unchecked")
        public void sendMessage(Q message) {
          Object answer = answer(message);
          listener.onHeaders(new Metadata());
          listener.onMessage((A) answer);
          listener.onClose(Status.OK, new Metadata());
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(String message, Throwable cause) {}

        @Override
        public void halfClose() {}
      };
    }

    @Override
    public String authority() {
      return "test";
    }

    @Override
    public ManagedChannel shutdown() {
      return this;
    }

    @Override
    public ManagedChannel shutdownNow() {
      return this;
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }

  private static final Pattern SELECTED =
      Pattern.compile("custom_googleapis_com:(\\w+)\\{([^}]*)}");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  /** PromQL there spells {@code custom.googleapis.com/mlops/quality} as {@code custom_googleapis_com:mlops_quality}. */
  @Test
  void eachSeriesOfAPolicyIsOneThatTheRegistryOfGoogleCloudSends() throws Exception {
    Kept channel = new Kept();
    StackdriverConfig config = new StackdriverConfig() {
      @Override
      public String get(String key) {
        return null;
      }

      @Override
      public String projectId() {
        return "project";
      }
    };
    StackdriverMeterRegistry registry = StackdriverMeterRegistry.builder(config)
        .metricServiceSettings(() -> MetricServiceSettings.newBuilder()
            .setCredentialsProvider(NoCredentialsProvider.create())
            .setTransportChannelProvider(
                FixedTransportChannelProvider.create(GrpcTransportChannel.create(channel)))
            .build())
        .build();
    Method publish =
        StackdriverMeterRegistry.class.getDeclaredMethod("publish"); // what its timer calls
    publish.setAccessible(true);
    serve(registry, () -> {
      try {
        publish.invoke(registry);
      } catch (ReflectiveOperationException e) {
        throw new AssertionError(e);
      }
    });
    registry.close();

    Set<String> sent = new HashSet<>();
    for (TimeSeries each : channel.series) {
      sent.add(spelt(each.getMetric().getType(), new TreeMap<>(each.getMetric().getLabelsMap())));
    }
    assertThat(channel.described).isNotEmpty();
    int asked = 0;
    for (String text : Platforms.googleCloud("fraud", RULES).files().values()) {
      AlertPolicy.Builder policy = AlertPolicy.newBuilder();
      JsonFormat.parser().merge(text, policy);
      Matcher selected = SELECTED.matcher(
          policy.getConditions(0).getConditionPrometheusQueryLanguage().getQuery());
      while (selected.find()) {
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(selected.group(2));
        while (label.find()) {
          labels.put(label.group(1), label.group(2));
        }
        String name = selected.group(1).replaceFirst("_count$", "");
        assertThat(sent)
            .as("%s%s of %s", selected.group(1), labels, policy.getDisplayName())
            .anyMatch(series -> series.startsWith(name + "{")
                && labels.entrySet().stream()
                    .allMatch(each -> series.contains(each.getKey() + "=" + each.getValue())));
        asked++;
      }
    }
    assertThat(asked).isGreaterThan(20);
    assertThat(channel.series)
        .filteredOn(each -> each.getMetric().getType().endsWith("mlops/predictions"))
        .as("a timer is a distribution, whose count PromQL names with _count")
        .isNotEmpty()
        .allMatch(each -> each.getValueType() == MetricDescriptor.ValueType.DISTRIBUTION);
  }

  private static String spelt(String type, Map<String, String> labels) {
    return type.replaceFirst("^custom\\.googleapis\\.com/", "").replaceAll("[./]", "_") + labels;
  }

  // ---- CloudWatch

  /** Reads what CloudFormation calls properties into the fields of the SDK's request: names and kinds of values must be those. */
  private static void read(Map<String, Object> properties, SdkPojo request, String where) {
    Map<String, SdkField<?>> fields = new TreeMap<>();
    request.sdkFields().forEach(field -> fields.put(field.memberName(), field));
    properties.forEach((name, value) -> {
      assertThat(fields).as("%s of %s", name, where).containsKey(name);
      read(value, fields.get(name), where + "." + name);
    });
  }

  private static void read(Object value, SdkField<?> field, String where) {
    MarshallingType<?> type = field.marshallingType();
    if (value instanceof Map<?, ?> map && map.keySet().equals(Set.of("Ref"))) {
      return; // a parameter of the template
    }
    if (type.equals(MarshallingType.LIST)) {
      SdkField<?> member = field.getTrait(ListTrait.class).memberFieldInfo();
      list(value).forEach(each -> read(each, member, where + "[]"));
    } else if (type.equals(MarshallingType.SDK_POJO)) {
      read(object(value), field.constructor().get(), where);
    } else if (type.equals(MarshallingType.STRING)) {
      assertThat(value).as(where).isInstanceOf(String.class);
    } else if (type.equals(MarshallingType.BOOLEAN)) {
      assertThat(value).as(where).isInstanceOf(Boolean.class);
    } else {
      assertThat(value).as(where).isInstanceOf(Number.class);
    }
  }

  private static Map<String, Object> resources() {
    return object(json(Platforms.cloudWatch("fraud", RULES).file("alarms.json")).get("Resources"));
  }

  @Test
  void anAlarmHasTheFieldsAndValuesOfTheSdkOfCloudWatch() {
    int composite = 0;
    for (Object resource : resources().values()) {
      Map<String, Object> alarm = object(resource);
      Map<String, Object> properties = object(alarm.get("Properties"));
      String name = properties.get("AlarmName").toString();
      if (alarm.get("Type").equals("AWS::CloudWatch::CompositeAlarm")) {
        read(properties, PutCompositeAlarmRequest.builder().build(), name);
        composite++;
        continue;
      }
      assertThat(alarm.get("Type")).isEqualTo("AWS::CloudWatch::Alarm");
      read(properties, PutMetricAlarmRequest.builder().build(), name);
      assertThat(ComparisonOperator.knownValues())
          .contains(
              ComparisonOperator.fromValue(properties.get("ComparisonOperator").toString()));
      List<Object> metrics = list(properties.get("Metrics"));
      assertThat(metrics).as("at most ten are allowed").hasSizeBetween(2, 10);
      assertThat(metrics)
          .filteredOn(each -> Boolean.TRUE.equals(object(each).get("ReturnData")))
          .as("what is compared with the threshold")
          .hasSize(1);
      for (Object each : metrics) {
        assertThat(object(each).get("Id").toString()).matches("[a-z][a-zA-Z0-9_]*");
        if (object(each).get("MetricStat") != null) {
          Map<String, Object> stat = object(object(each).get("MetricStat"));
          assertThat(Statistic.knownValues())
              .contains(Statistic.fromValue(stat.get("Stat").toString()));
        }
      }
    }
    assertThat(composite).isOne();
    assertThatThrownBy(
            () -> read(Map.of("Treshold", 1), PutMetricAlarmRequest.builder().build(), "x"))
        .as("so a wrong name would be found")
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void eachMetricOfAnAlarmIsOneThatTheRegistryOfCloudWatchSends() {
    Set<String> sent = new HashSet<>();
    CloudWatchAsyncClient client = new CloudWatchAsyncClient() {
      @Override
      public CompletableFuture<PutMetricDataResponse> putMetricData(PutMetricDataRequest request) {
        request.metricData().forEach(each -> {
          Map<String, String> dimensions = new TreeMap<>();
          each.dimensions().forEach(one -> dimensions.put(one.name(), one.value()));
          sent.add(request.namespace() + "/" + each.metricName() + dimensions);
        });
        return CompletableFuture.completedFuture(PutMetricDataResponse.builder().build());
      }

      @Override
      public String serviceName() {
        return "monitoring";
      }

      @Override
      public void close() {}
    };
    CloudWatchConfig config = new CloudWatchConfig() {
      @Override
      public String get(String key) {
        return null;
      }

      @Override
      public String namespace() {
        return "models";
      }
    };
    class Published extends CloudWatchMeterRegistry {
      Published() {
        super(config, Clock.SYSTEM, client);
      }

      void send() {
        publish();
      }
    }
    Published registry = new Published();
    serve(registry, registry::send);
    registry.close();

    int asked = 0;
    for (Object resource : resources().values()) {
      Object metrics = object(object(resource).get("Properties")).get("Metrics");
      for (Object each : metrics == null ? List.of() : list(metrics)) {
        Object stat = object(each).get("MetricStat");
        if (stat == null) {
          continue;
        }
        Map<String, Object> metric = object(object(stat).get("Metric"));
        Map<String, String> dimensions = new TreeMap<>();
        for (Object one : list(metric.get("Dimensions"))) {
          Object value = object(one).get("Value");
          dimensions.put(
              object(one).get("Name").toString(),
              value.equals(Map.of("Ref", "Version")) ? "7" : value.toString());
        }
        assertThat(sent).contains("models/" + metric.get("MetricName") + dimensions);
        asked++;
      }
    }
    assertThat(asked).isGreaterThan(20);
  }
}
