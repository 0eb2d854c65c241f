package io.github.consistencydecoder.server.http;

import static io.github.consistencydecoder.server.http.OpenEndpoint.body;
import static io.github.consistencydecoder.server.http.OpenEndpoint.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The protocol as its clients speak it, over a port on loopback. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HttpEndpointTest {
  private static final String SCALED = "&scaling_factor=0.18215";

  private OpenEndpoint open;

  @BeforeAll
  void start() throws Exception {
    open = new OpenEndpoint();
  }

  @AfterAll
  void stop() {
    open.close();
  }

  private Pixels inProcess(Latents latents, DecodeOptions options) {
    try (var decoder = open.controls.openDecoder()) {
      Decoded decoded = decoder.decode(latents, options);
      return decoded.pixels();
    }
  }

  private static String shape(Latents latents) {
    return "shape=%s&shape=4&shape=%s&shape=%s"
        .formatted(latents.batch(), latents.height(), latents.width());
  }

  private static String header(HttpResponse<byte[]> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void diffusersDefaultCallGetsAJpegOfFullColourResolution() throws Exception {
    Latents latents = SampleLatents.scaled(1, 1, 8, 8);
    byte[] half = body(latents, TensorType.FLOAT16);
    Latents sent = Latents.scaled(TensorType.FLOAT16.floats(ByteBuffer.wrap(half)), 1, 4, 8, 8);

    HttpResponse<byte[]> response =
        open.post(
            "/?image_format=jpg&output_type=pil&partial_postprocess=False&%s&dtype=float16%s"
                .formatted(shape(latents), SCALED),
            half,
            "Content-Type",
            "tensor/binary",
            "Accept",
            "image/jpeg");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "content-type")).isEqualTo("image/jpeg");
    assertThat(response.body())
        .isEqualTo(PictureBytes.jpeg(inProcess(sent, DecodeOptions.defaults()), 0));
    assertThat(header(response, "x-seed")).isEqualTo("0");
    assertThat(header(response, "x-dialect")).isEqualTo("original");
    assertThat(header(response, "x-decode-ms")).matches("\\d+\\.\\d");
    assertThat(header(response, "x-latents")).isEqualTo("scaled");
    assertThat(header(response, "x-model")).isEqualTo(Fixtures.MODEL);
  }

  @ParameterizedTest
  @EnumSource(
      value = TensorType.class,
      names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void rawModeAnswersInTheTypeOfTheRequest(TensorType type) throws Exception {
    Latents latents = SampleLatents.scaled(2, 1, 8, 8);
    byte[] bytes = body(latents, type);
    Latents sent = Latents.scaled(type.floats(ByteBuffer.wrap(bytes)), 1, 4, 8, 8);

    HttpResponse<byte[]> response =
        open.post(
            "/?input_tensor_type=binary&%s&dtype=%s&partial_postprocess=False&output_type=pt&output_tensor_type=binary%s"
                .formatted(shape(latents), type.torchName(), SCALED),
            bytes,
            "Content-Type",
            "tensor/binary",
            "Accept",
            "tensor/binary");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "content-type")).isEqualTo("tensor/binary");
    assertThat(header(response, "shape")).isEqualTo("[1, 3, 64, 64]");
    assertThat(header(response, "dtype")).isEqualTo(type.torchName());
    assertThat(response.body())
        .isEqualTo(PictureBytes.planes(inProcess(sent, DecodeOptions.defaults()), type));
  }

  @Test
  void kijaiCallWithoutScalingTakesTheLatentsAsUnscaled() throws Exception {
    Latents latents = SampleLatents.scaled(3, 2, 8, 8).to(LatentScale.UNSCALED);

    HttpResponse<byte[]> response =
        open.post(
            "/?do_scaling=False&output_type=pt&partial_postprocess=False&"
                + shape(latents)
                + "&dtype=float32&height=64&width=64",
            body(latents, TensorType.FLOAT32),
            "Content-Type",
            "tensor/binary");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "x-latents")).isEqualTo("unscaled");
    assertThat(header(response, "shape")).isEqualTo("[2, 3, 64, 64]");
    assertThat(response.body())
        .isEqualTo(
            PictureBytes.planes(inProcess(latents, DecodeOptions.defaults()), TensorType.FLOAT32));
  }

  @Test
  void partialPostprocessGivesLevelsInTheOrderOfPictures() throws Exception {
    Latents latents = SampleLatents.scaled(4, 2, 8, 8);

    HttpResponse<byte[]> response =
        open.post(
            "/predict/?output_type=pt&partial_postprocess=True&"
                + shape(latents)
                + "&dtype=float32&do_scaling=True",
            body(latents, TensorType.FLOAT32));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "shape")).isEqualTo("[2, 64, 64, 3]");
    assertThat(header(response, "dtype")).isEqualTo("uint8");
    assertThat(response.body())
        .isEqualTo(PictureBytes.rgb8(inProcess(latents, DecodeOptions.defaults())));
  }

  @Test
  void processorOfTheCallerGetsFloatsFromZeroToOne() throws Exception {
    Latents latents = SampleLatents.scaled(5, 2, 8, 8);

    HttpResponse<byte[]> response =
        open.post(
            "/?image_format=jpg&output_type=pil&" + shape(latents) + "&dtype=float32" + SCALED,
            body(latents, TensorType.FLOAT32),
            "Content-Type",
            "tensor/binary",
            "Accept",
            "tensor/binary");

    FloatBuffer values = inProcess(latents, DecodeOptions.defaults()).values();
    FloatBuffer unit = FloatBuffer.allocate(values.remaining());
    while (values.hasRemaining()) {
      unit.put(Math.min(Math.max(values.get() * 0.5f + 0.5f, 0f), 1f));
    }
    assertThat(header(response, "dtype")).isEqualTo("float32");
    assertThat(response.body()).isEqualTo(TensorType.FLOAT32.toBytes(unit.flip()));
  }

  @ParameterizedTest
  @CsvSource({
    "image_format=jpg, */*, image/jpeg",
    "image_format=png, */*, image/png",
    "image_format=jpg, image/png, image/png",
    "image_format=png, image/jpeg, image/jpeg",
    "model=, '', image/png",
  })
  void acceptWinsOverTheFormatOfTheQuery(String format, String accept, String type)
      throws Exception {
    Latents latents = SampleLatents.scaled(6, 1, 8, 8);
    String[] headers = accept.isEmpty() ? new String[0] : new String[] {"Accept", accept};

    HttpResponse<byte[]> response =
        open.post(
            "/?output_type=pil&" + format + "&" + shape(latents) + "&dtype=float32" + SCALED,
            body(latents, TensorType.FLOAT32),
            headers);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "content-type")).isEqualTo(type);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"shape=1,4,8,8", "shape=%5B1,4,8,8%5D", "shape=[1,%204,%208,%208]", "shape=4,8,8"})
  void shapeMayBeOneValue(String shape) throws Exception {
    Latents latents = SampleLatents.scaled(7, 1, 8, 8);
    String query = shape.replace("[", "%5B").replace("]", "%5D");

    HttpResponse<byte[]> response =
        open.post(
            "/?output_type=pt&" + query + "&dtype=float32" + SCALED,
            body(latents, TensorType.FLOAT32),
            "Content-Type",
            "tensor/binary");

    assertThat(response.statusCode())
        .as(new String(response.body(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    assertThat(header(response, "shape")).isEqualTo("[1, 3, 64, 64]");
  }

  @Test
  void base64FormOfOlderClientsIsAnsweredInKind() throws Exception {
    Latents latents = SampleLatents.scaled(8, 1, 8, 8);
    byte[] bytes = body(latents, TensorType.FLOAT16);
    String json =
        "{\"inputs\": \"" + Base64.getEncoder().encodeToString(bytes) + "\", \"other\": [1]}";

    HttpResponse<byte[]> response =
        open.post(
            "/?output_type=pt&" + shape(latents) + "&dtype=float16" + SCALED,
            json.getBytes(StandardCharsets.UTF_8),
            "Content-Type",
            "tensor/base64",
            "Accept",
            "tensor/base64");

    JsonNode answer = Exchange.JSON.readTree(response.body());
    Latents sent = Latents.scaled(TensorType.FLOAT16.floats(ByteBuffer.wrap(bytes)), 1, 4, 8, 8);
    assertThat(Base64.getDecoder().decode(answer.get("inputs").asString()))
        .isEqualTo(
            PictureBytes.planes(inProcess(sent, DecodeOptions.defaults()), TensorType.FLOAT16));
    assertThat(answer.get("parameters").get("shape").toString()).isEqualTo("[1,3,64,64]");
    assertThat(answer.get("parameters").get("dtype").asString()).isEqualTo("float16");
  }

  @Test
  void ownKeysChooseNoiseStepsAndDialect() throws Exception {
    Latents latents = SampleLatents.scaled(9, 2, 8, 8);

    HttpResponse<byte[]> response =
        open.post(
            "/?output_type=pt&seed=7,8&steps=1&dialect=diffusers&tiling=whole&%s&dtype=float32%s"
                .formatted(shape(latents), SCALED),
            body(latents, TensorType.FLOAT32),
            "Content-Type",
            "tensor/binary");

    DecodeOptions options =
        DecodeOptions.builder()
            .noise(Noise.seededPerImage(List.of(7L, 8L)))
            .schedule(Schedule.ONE_STEP)
            .clamp(ClampMode.NONE)
            .build();
    assertThat(response.body())
        .isEqualTo(PictureBytes.planes(inProcess(latents, options), TensorType.FLOAT32));
    assertThat(header(response, "x-seed")).isEqualTo("7,8");
    assertThat(header(response, "x-dialect")).isEqualTo("diffusers");
  }

  @Test
  void safetensorsBodySaysItsShapeScaleAndNoise() throws Exception {
    Latents latents = SampleLatents.scaled(10, 1, 8, 8).to(LatentScale.UNSCALED);
    float[] noise = new float[3 * 64 * 64];
    noise[5] = 1.5f;
    byte[] file =
        TensorBytes.safetensors(
            Map.of("scale", "unscaled"),
            TensorBytes.tensor("latents", latents.values(), 1, 4, 8, 8),
            TensorBytes.tensor("noise0", FloatBuffer.wrap(noise), 1, 3, 64, 64),
            TensorBytes.tensor("noise1", FloatBuffer.wrap(noise), 1, 3, 64, 64));

    HttpResponse<byte[]> response =
        open.post("/?output_type=pt", file, "Content-Type", "application/safetensors");

    assertThat(response.statusCode())
        .as(new String(response.body(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    assertThat(header(response, "x-latents")).isEqualTo("unscaled");
    assertThat(header(response, "x-seed")).isEqualTo("given");
    assertThat(response.body())
        .isEqualTo(
            PictureBytes.planes(
                inProcess(
                    latents,
                    DecodeOptions.builder().noise(List.of(noise.clone(), noise.clone())).build()),
                TensorType.FLOAT32));
  }

  @ParameterizedTest
  @CsvSource({"1, scaled", "5, unscaled"})
  void npyBodyIsJudgedByItsNumbers(float spread, String scale) throws Exception {
    Latents latents = SampleLatents.scaled(11, 1, 8, 8);
    FloatBuffer values = FloatBuffer.allocate(latents.size());
    FloatBuffer from = latents.values();
    while (from.hasRemaining()) {
      values.put(from.get() * spread);
    }

    HttpResponse<byte[]> response =
        open.post(
            "/?output_type=pt",
            TensorBytes.npy(values.flip(), 1, 4, 8, 8),
            "Content-Type",
            "application/x-npy");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(header(response, "x-latents")).isEqualTo(scale);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/health", "/healthz", "/readyz"})
  void healthIsTextForProbes(String path) throws Exception {
    HttpResponse<byte[]> response = open.get(path);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo("Ok");
  }

  @Test
  void requestIdOfTheCallerComesBack() throws Exception {
    assertThat(header(open.get("/healthz", "x-request-id", "abc-1"), "x-request-id"))
        .isEqualTo("abc-1");
    assertThat(header(open.get("/healthz", "x-request-id", "<b>"), "x-request-id"))
        .matches("[0-9a-f-]{36}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=float32&scaling_factor=0.13025|400|SDXL",
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=float32&scaling_factor=0.18215&shift_factor=0.1|400|shift"
            + " factor",
        "POST|/?output_type=pt&shape=1,16,8,8&dtype=float32|400|Stable Diffusion 3 or Flux",
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=uint8|400|none of float32",
        "POST|/?output_type=pt&shape=1,4,8,8|400|dtype: is missing",
        "POST|/?output_type=pt&dtype=float32|400|shape: is missing",
        "POST|/?output_type=pt&shape=1,4,8,9&dtype=float32|400|1024 bytes were sent",
        "POST|/?output_type=mp4&shape=1,4,8,8&dtype=float32|400|videos",
        "POST|/?output_type=gif&shape=1,4,8,8&dtype=float32|400|neither pil nor pt",
        "POST|/?output_type=pil&shape=2,4,4,8&dtype=float32|400|partial_postprocess=True",
        "POST|/?output_type=pt&shape=64,8,8&dtype=float32&height=64&width=64|400|packed",
        "POST|/?output_type=pt&shape=1,4,8,x&dtype=float32|400|not a dimension",
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=float32&dtype=float32|400|given 2 times",
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=float32&seed=x|400|seed",
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=float32&steps=65|400|1 to 64",
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=float32&dialect=x|400|dialect",
        "POST|/?output_type=pt&shape=1,4,8,8&dtype=float32&model=nope|404|no model of that name",
        "POST|/?output_type=pt&shape=1,4,999,999&dtype=float32|413|limit",
        "POST|/?output_type=%ff|400|UTF-8",
        "POST|/encode|501|encoder",
        "POST|/nowhere|404|nothing here",
        "POST|/healthz|405|GET, HEAD",
        "DELETE|/|405|GET, HEAD, POST",
        "OPTIONS|/|405|POST",
        "GET|/predict|405|POST",
        "GET|/nowhere|404|nothing here",
      })
  void refusalsAreJsonAndSayWhatIsWrong(String method, String path, int status, String part)
      throws Exception {
    byte[] body = body(SampleLatents.scaled(1, 1, 8, 8), TensorType.FLOAT32);
    String head =
        ("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length:"
                + " %s\r\nContent-Type: tensor/binary\r\n\r\n")
            .formatted(method, path, body.length);

    byte[] answer = open.raw(TensorBytes.join(head.getBytes(StandardCharsets.UTF_8), body));

    RawAnswer raw = RawAnswer.of(answer);
    assertThat(raw.status()).isEqualTo(status);
    assertThat(raw.header("content-type")).isEqualTo("application/json");
    assertThat(error(raw.body())).contains(part);
  }

  @Test
  void nanIsRefused() throws Exception {
    FloatBuffer values = FloatBuffer.allocate(256);
    values.put(77, Float.NaN);

    HttpResponse<byte[]> response =
        open.post(
            "/?output_type=pt&shape=1,4,8,8&dtype=float32",
            TensorType.FLOAT32.toBytes(values),
            "Content-Type",
            "tensor/binary");

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(error(response)).contains("1 of 256 values are NaN or infinite");
  }

  /** Named before the length, which is that of the compressed bytes. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Content-Encoding: gzip~Content-Length: 3|415|the body's Content-Encoding is 'gzip'",
        "Transfer-Encoding: gzip, chunked|501|the body's Transfer-Encoding is 'gzip, chunked'",
        "Content-Encoding: deflate~Transfer-Encoding: chunked|415|the body's Content-Encoding is"
            + " 'deflate'",
      })
  void codedBodiesAreRefusedByTheNameOfTheirCoding(String headers, int status, String part)
      throws Exception {
    for (String path : List.of("/?shape=1,4,8,8&dtype=float32", "/predict", "/encode")) {
      String request =
          "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n\r\n%s"
              .formatted(
                  path,
                  headers.replace("~", "\r\n"),
                  headers.contains("chunked") ? "3\r\nabc\r\n0\r\n\r\n" : "abc");
      RawAnswer answer = RawAnswer.of(open.raw(request.getBytes(StandardCharsets.UTF_8)));
      assertThat(answer.status()).as(path).isEqualTo(status);
      assertThat(error(answer.body())).startsWith(part);
    }
  }

  /** As {@code requests.post(url, params=.., data=x)} sends it: no type and no output_type. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/?shape=1&shape=4&shape=8&shape=8&dtype=float32&scaling_factor=0.18215",
        "/?shape=4,8,8&dtype=float32&scaling_factor=0.18215",
        "/predict?shape=1,4,8,8&dtype=float32&scaling_factor=0.18215",
        "//predict?shape=1,4,8,8&dtype=float32&scaling_factor=0.18215",
        "//?shape=1,4,8,8&dtype=float32&scaling_factor=0.18215&seed=0",
      })
  void plainestPostIsADecode(String path) throws Exception {
    Latents latents = SampleLatents.scaled(6, 1, 8, 8);

    HttpResponse<byte[]> response = open.post(path, body(latents, TensorType.FLOAT32));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body())
        .isEqualTo(PictureBytes.png(inProcess(latents, DecodeOptions.defaults()), 0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/?seed=1|400|shape: is missing",
        "/?steps=4|400|shape: is missing",
        "/predict|400|shape: is missing",
        "/predict?shape=1,3,64,64&dtype=float32|400|4 channels are needed",
        "/|501|no encoder is loaded",
        "/|501|if latents were sent: POST them to /predict, with their shape and dtype",
        "/?shape=1,3,64,64&dtype=float32|501|if latents were sent",
        "/encode|501|SD 1.x VAE or TAESD has",
      })
  void requestsOfWhichLittleIsSaidHearWhatIsMissing(String path, int status, String part)
      throws Exception {
    HttpResponse<byte[]> response = open.post(path, new byte[1024]);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(error(response)).contains(part);
  }

  @Test
  void addressesThatAreAmbiguousAreCalledSo() throws Exception {
    for (String path : List.of("/a%2fb", "/predict;a=b/../x")) {
      RawAnswer answer =
          RawAnswer.of(
              open.raw(
                  ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                      .getBytes(StandardCharsets.UTF_8)));
      assertThat(answer.status()).as(path).isIn(400, 404);
      assertThat(error(answer.body())).as(path).containsAnyOf("ambiguous", "nothing here");
    }
  }

  @Test
  void manyStepsAreTakenAsByEveryOtherEntrance() throws Exception {
    Latents latents = SampleLatents.scaled(7, 1, 8, 8);
    HttpResponse<byte[]> response =
        open.post(
            "/predict?shape=1,4,8,8&dtype=float32&scaling_factor=0.18215&steps=5",
            body(latents, TensorType.FLOAT32));
    assertThat(response.statusCode()).isEqualTo(200);
    DecodeOptions five = DecodeOptions.builder().schedule(Schedule.steps(5)).build();
    assertThat(response.body()).isEqualTo(PictureBytes.png(inProcess(latents, five), 0));
  }
}
