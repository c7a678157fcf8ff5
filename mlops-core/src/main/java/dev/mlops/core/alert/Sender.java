package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Texts;
import dev.mlops.core.internal.json.Json;
import java.io.IOException;
import java.net.URI;
import java.util.Map;

/**
 * Posts JSON and judges the answer.
 *
 * <p>Immutable.
 *
 * @param to where
 * @param type of the content
 * @param http how
 */
record Sender(URI to, String type, HttpPost http) {
  /** Longer texts are cut: a receiver refuses what is too long as a whole. */
  static final int LONGEST = 4_000;

  Sender {
    requireNonNull(to, "to");
    requireNonNull(http, "http");
    if (to.getHost() == null) {
      throw new IllegalArgumentException(
          "an address must name a host, such as https://alerts.example.com, but had none");
    }
  }

  /** Posts; an {@link IOException} may be tried again, another answer than 2xx may not. */
  void send(Object body) throws IOException, InterruptedException {
    int status = http.post(to, Map.of("Content-Type", type), Json.of(body).bytes());
    if (status >= 200 && status < 300) {
      return;
    }
    // The path may hold a secret.
    String answer = to.getHost() + " answered " + status;
    if (status == 408 || status == 429 || status >= 500) {
      throw new IOException(answer + "; it may be sent again");
    }
    throw new IllegalStateException(
        answer + " and would again; the event was given up. Wanted 200 to 299");
  }

  /** A text of at most a number of characters, without half a character at its end or anywhere. */
  static String cut(String text, int longest) {
    return Texts.beginning(text, longest);
  }
}
