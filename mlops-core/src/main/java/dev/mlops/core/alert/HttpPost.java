package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/**
 * Posts a body over HTTP: what the sinks that write to other systems need of the host, who knows its proxy, certificates and
 * secrets.
 *
 * <p>It is called on the executor of the alert engine and should return within seconds, by a timeout of its own: while it does not,
 * the events of that sink wait.
 *
 * <p>An implementation is thread-safe.
 *
 * @since 0.1
 */
@Beta
@FunctionalInterface
public interface HttpPost {
  /**
   * {@return the status of the answer, such as 202}
   *
   * @param to where
   * @param headers by name, {@code Content-Type} among them
   * @param body UTF-8
   * @throws IOException if there was no answer
   * @throws InterruptedException if the thread was told to stop
   */
  int post(URI to, Map<String, String> headers, byte[] body)
      throws IOException, InterruptedException;

  /**
   * {@return posts by a client of the host's}
   *
   * <p>The body of the answer is not read into memory.
   *
   * @param client which the host has built and closes
   * @param timeout after which an attempt is given up with an {@link IOException}; longer than zero
   * @throws IllegalArgumentException if the timeout is not longer than zero
   */
  static HttpPost by(HttpClient client, Duration timeout) {
    requireNonNull(client, "client");
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException(
          "timeout must be longer than zero, but was " + MlopsException.shown(timeout));
    }
    return (to, headers, body) -> {
      HttpRequest.Builder request = HttpRequest.newBuilder(to)
          .timeout(timeout)
          .POST(HttpRequest.BodyPublishers.ofByteArray(body));
      headers.forEach(request::setHeader);
      return client
          .send(request.build(), HttpResponse.BodyHandlers.discarding())
          .statusCode();
    };
  }
}
