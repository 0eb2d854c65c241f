package io.github.consistencydecoder.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Sound requests with damage: whatever comes, the server answers with a result or a client's error
 * in JSON that tells nothing of the machine, or closes; and goes on to serve.
 */
@Timeout(1800)
final class MalformedRequestsTest {
  private static final int ORDINARY = 1_000;
  private static final int QUIET_MILLIS = 40;
  private static final int MANY = 100_000;

  /** The last two are what the server says when it is asked for what it has not. */
  private static final Set<Integer> POSSIBLE =
      Set.of(200, 400, 403, 404, 405, 408, 411, 413, 414, 417, 426, 429, 431, 501, 504, 505);

  @Test
  void mutatedRequestsGetClientErrorsAlone() throws Exception {
    run(ORDINARY);
  }

  @Test
  @Tag("load")
  void manyMutatedRequestsGetClientErrorsAlone() throws Exception {
    run(MANY);
  }

  private static void run(int count) throws Exception {
    try (OpenEndpoint open = new OpenEndpoint()) {
      List<byte[]> sound = sound();
      for (byte[] request : sound) {
        assertThat(RawAnswer.of(open.raw(request)).status())
            .as(new String(request, StandardCharsets.ISO_8859_1))
            .isIn(200, 501);
      }
      Map<Integer, Integer> seen = new ConcurrentSkipListMap<>();
      IntStream.range(0, count)
          .parallel()
          .forEach(
              i -> {
                Random random = new Random(i);
                byte[] request = sound.get(random.nextInt(sound.size()));
                int times = 1 + random.nextInt(3);
                for (int k = 0; k < times; k++) {
                  request = mutated(request, random);
                }
                seen.merge(answerTo(open, request, i), 1, Integer::sum);
              });

      assertThat(new TreeMap<>(seen)).containsKeys(200, 400);
      assertThat(RawAnswer.of(open.raw(sound.get(0))).status()).isEqualTo(200);
      Await.until("all bytes to be given back", () -> open.endpoint.bytesInFlight() == 0);
      Await.until(
          "all calls to be counted",
          () -> {
            var l = open.service.ledger();
            return l.accepted() == Fixtures.ended(l);
          });
      assertThat(open.service.ledger().failed()).isZero();
    }
  }

  private static int answerTo(OpenEndpoint open, byte[] request, int seed) {
    byte[] bytes;
    try {
      bytes = open.raw(request, QUIET_MILLIS);
    } catch (java.io.IOException e) {
      throw new AssertionError("seed " + seed, e);
    }
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (!text.startsWith("HTTP/1.1 ")) {
      // A connection closed without a word, a first line of HTTP/2, or HTTP/0.9.
      assertThat(text).as("seed %s", seed).doesNotContain("Exception", "<html");
      return 0;
    }
    RawAnswer answer = RawAnswer.of(bytes);
    assertThat(answer.status()).as("seed %s", seed).isIn(POSSIBLE);
    if (answer.status() >= 400 && answer.body().length > 0) {
      assertThat(answer.header("content-type")).as("seed %s", seed).isEqualTo("application/json");
      assertThat(OpenEndpoint.error(answer.body()))
          .as("seed %s", seed)
          .isNotEmpty()
          .doesNotContain("io.github", "java.", "Exception", "jetty", "127.0.0.1", "/home", "/tmp");
    }
    return answer.status();
  }

  private static List<byte[]> sound() {
    Latents latents = SampleLatents.scaled(1, 1, 4, 4);
    byte[] body = TensorType.FLOAT16.toBytes(latents.values());
    byte[] npy = TensorBytes.npy(latents.values(), 1, 4, 4, 4);
    byte[] safetensors =
        TensorBytes.safetensors(
            Map.of("scale", "scaled"), TensorBytes.tensor("latents", latents.values(), 1, 4, 4, 4));
    String base64 = "{\"inputs\":\"" + java.util.Base64.getEncoder().encodeToString(body) + "\"}";
    String shape = "shape=1&shape=4&shape=4&shape=4&dtype=float16&scaling_factor=0.18215";
    return List.of(
        post("/?image_format=jpg&output_type=pil&" + shape, "tensor/binary", body),
        post("/?output_type=pt&partial_postprocess=True&seed=5&" + shape, "tensor/binary", body),
        post("/predict?output_type=pil&image_format=png&" + shape, "tensor/binary", body),
        post("/?output_type=pt&steps=1&dialect=diffusers", "application/x-npy", npy),
        post("/?output_type=pt&latents=auto", "application/safetensors", safetensors),
        post(
            "/?output_type=pt&" + shape,
            "tensor/base64",
            base64.getBytes(StandardCharsets.US_ASCII)),
        post("/encode?scaling_factor=0.18215", "image/png", new byte[] {(byte) 0x89, 'P', 'N'}),
        chunked("/?output_type=pt&" + shape, body),
        get("/metrics"),
        get("/"),
        get("/models"));
  }

  private static byte[] get(String path) {
    return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] post(String path, String type, byte[] body) {
    String head =
        ("POST %s HTTP/1.1\r\nHost: localhost:8000\r\nAccept: */*\r\nContent-Type:"
                + " %s\r\nContent-Length: %s\r\n\r\n")
            .formatted(path, type, body.length);
    return TensorBytes.join(head.getBytes(StandardCharsets.US_ASCII), body);
  }

  private static byte[] chunked(String path, byte[] body) {
    String head =
        "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    return TensorBytes.join(
        head.getBytes(StandardCharsets.US_ASCII),
        (Integer.toHexString(body.length) + "\r\n").getBytes(StandardCharsets.US_ASCII),
        body,
        "\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] mutated(byte[] from, Random random) {
    if (from.length < 4) {
      return from;
    }
    int at = random.nextInt(from.length);
    int to = at + random.nextInt(Math.min(40, from.length - at));
    byte[] copy = from.clone();
    return switch (random.nextInt(7)) {
      case 0 -> {
        copy[at] ^= (byte) (1 << random.nextInt(8));
        yield copy;
      }
      case 1 -> {
        copy[at] = (byte) random.nextInt(256);
        yield copy;
      }
      case 2 ->
          TensorBytes.join(
              Arrays.copyOfRange(from, 0, at), Arrays.copyOfRange(from, to, from.length));
      case 3 ->
          TensorBytes.join(
              Arrays.copyOfRange(from, 0, to), Arrays.copyOfRange(from, at, from.length));
      case 4 -> Arrays.copyOf(from, at);
      case 5 -> {
        byte[] noise = new byte[random.nextInt(30)];
        random.nextBytes(noise);
        yield TensorBytes.join(
            Arrays.copyOfRange(from, 0, at), noise, Arrays.copyOfRange(from, at, from.length));
      }
      default -> {
        for (int i = 0; i < copy.length; i++) {
          if (copy[i] >= '0' && copy[i] <= '9' && random.nextInt(8) == 0) {
            copy[i] = (byte) ('0' + random.nextInt(10));
          }
        }
        yield copy;
      }
    };
  }
}
