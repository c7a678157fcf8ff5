package dev.mlops.core.evidence;

import dev.mlops.api.monitor.LatencyFinding;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Latency;
import dev.mlops.core.internal.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is known of response times, as JSON and back. */
final class ResponseTimesJson {
  private ResponseTimesJson() {}

  static Map<String, @Nullable Object> of(ResponseTimes times) {
    Map<String, @Nullable Object> members = new HashMap<>();
    put(members, "waiting", times.waiting());
    put(members, "binding", times.binding());
    put(members, "model", times.model());
    put(members, "recording", times.recording());
    times.perSecond().ifPresent(rate -> members.put("perSecond", rate));
    times.inFlight().ifPresent(n -> members.put("inFlight", n));
    Map<String, @Nullable Object> within = new HashMap<>();
    times
        .within()
        .forEach((limit, share) -> within.put(limit.toString(), EvidenceJson.estimate(share)));
    members.put("within", within);
    if (!times.windows().isEmpty()) {
      List<Map<String, @Nullable Object>> windows = new ArrayList<>();
      times
          .windows()
          .forEach((window, shares) -> shares.forEach((limit, share) -> {
            Map<String, @Nullable Object> item = EvidenceJson.estimate(share);
            item.put("window", window.toString());
            item.put("limit", limit.toString());
            windows.add(item);
          }));
      members.put("windows", windows);
    }
    times.growth().ifPresent(growth -> members.put("growth", growth(growth)));
    return members;
  }

  private static void put(
      Map<String, @Nullable Object> members, String name, Optional<Latency> latency) {
    latency.ifPresent(each -> members.put(name, EvidenceJson.latency(each)));
  }

  private static Map<String, @Nullable Object> growth(LatencyFinding growth) {
    return Map.of(
        "before", growth.before().toString(),
        "now", growth.now().toString(),
        "n", growth.n(),
        "parts",
            growth.parts().stream()
                .map(part -> Map.of(
                    "cause", EvidenceJson.name(part.cause()),
                    "share", part.share(),
                    "before", part.before(),
                    "now", part.now()))
                .toList());
  }

  static ResponseTimes of(Json json) {
    json.only(
        "waiting",
        "binding",
        "model",
        "recording",
        "perSecond",
        "inFlight",
        "within",
        "windows",
        "growth");
    ResponseTimes.Builder times = ResponseTimes.builder();
    json.find("waiting").ifPresent(each -> times.waiting(EvidenceJson.latency(each)));
    json.find("binding").ifPresent(each -> times.binding(EvidenceJson.latency(each)));
    json.find("model").ifPresent(each -> times.model(EvidenceJson.latency(each)));
    json.find("recording").ifPresent(each -> times.recording(EvidenceJson.latency(each)));
    json.find("perSecond").ifPresent(rate -> times.perSecond(rate.number()));
    json.find("inFlight").ifPresent(n -> times.inFlight(n.integer()));
    Json within = json.get("within");
    for (String limit : within.keys()) {
      times.within(Duration.parse(limit), EvidenceJson.estimate(within.get(limit)));
    }
    json.find("windows")
        .ifPresent(windows -> windows
            .items()
            .forEach(each -> times.within(
                Window.parse(each.get("window").text()),
                Duration.parse(each.get("limit").text()),
                EvidenceJson.share(each))));
    json.find("growth").ifPresent(each -> times.growth(growth(each)));
    return times.build();
  }

  private static LatencyFinding growth(Json json) {
    json.only("before", "now", "n", "parts");
    LatencyFinding.Builder growth = LatencyFinding.builder()
        .mean(
            Duration.parse(json.get("before").text()),
            Duration.parse(json.get("now").text()),
            json.get("n").integer());
    for (Json part : json.get("parts").items()) {
      part.only("cause", "share", "before", "now");
      growth.part(new LatencyFinding.Part(
          EvidenceJson.value(part.get("cause"), LatencyFinding.Cause.class),
          part.get("share").number(),
          part.get("before").number(),
          part.get("now").number()));
    }
    return growth.build();
  }
}
