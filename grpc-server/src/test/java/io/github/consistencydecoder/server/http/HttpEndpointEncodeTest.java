package io.github.consistencydecoder.server.http;

import static io.github.consistencydecoder.server.http.OpenEndpoint.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.PictureRules;
import io.github.consistencydecoder.server.request.TensorType;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code remote_encode} as diffusers speaks it. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HttpEndpointEncodeTest {
  private OpenEndpoint open;

  @BeforeAll
  void start() throws Exception {
    open = new OpenEndpoint(true, b -> b);
  }

  @AfterAll
  void stop() {
    open.close();
  }

  private static Pixels picture() {
    Random random = new Random(4);
    float[] values = new float[3 * 16 * 24];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.round(random.nextFloat() * 255) / 127.5f - 1;
    }
    return Pixels.takeOver(values, 1, 16, 24);
  }

  private Latents inProcess(Pixels pixels) {
    try (var encoder = open.controls.openEncoder()) {
      return encoder.encode(pixels, new Cancellation());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/encode", "/"})
  void pictureWithoutAContentTypeIsEncoded(String path) throws Exception {
    byte[] png = PictureBytes.png(picture(), 0);
    Latents expected = inProcess(PictureRules.file("body", png, 1 << 20)).to(LatentScale.SCALED);

    HttpResponse<byte[]> response = open.post(path + "?scaling_factor=0.18215", png);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("shape")).contains("[1, 4, 2, 3]");
    assertThat(response.headers().firstValue("dtype")).contains("float32");
    assertThat(response.body()).isEqualTo(TensorType.FLOAT32.toBytes(expected.values()));
  }

  @Test
  void withoutAFactorLatentsAreUnscaled() throws Exception {
    byte[] png = PictureBytes.png(picture(), 0);
    Latents expected = inProcess(PictureRules.file("body", png, 1 << 20)).to(LatentScale.UNSCALED);

    HttpResponse<byte[]> response = open.post("/encode", png, "Content-Type", "image/png");

    assertThat(response.headers().firstValue("x-latents")).contains("unscaled");
    assertThat(response.body()).isEqualTo(TensorType.FLOAT32.toBytes(expected.values()));
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, shape=1&shape=3&shape=16&shape=24", "BFLOAT16, shape=3&shape=16&shape=24"})
  void tensorIsAnsweredInItsType(TensorType type, String shape) throws Exception {
    byte[] body = type.toBytes(picture().values());
    FloatBuffer sent = FloatBuffer.wrap(type.floats(ByteBuffer.wrap(body)));
    float[] values = new float[sent.remaining()];
    sent.get(values);
    Latents expected = inProcess(Pixels.takeOver(values, 1, 16, 24)).to(LatentScale.UNSCALED);

    HttpResponse<byte[]> response =
        open.post("/encode?" + shape + "&dtype=" + type.torchName(), body);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("dtype")).contains(type.torchName());
    assertThat(response.body()).isEqualTo(type.toBytes(expected.values()));
  }

  /** As diffusers' {@code remote_encode} sends a tensor, to the common address. */
  @Test
  void tensorOfThreeChannelsIsEncodedWhereNothingElseIsSaid() throws Exception {
    byte[] body = TensorType.FLOAT32.toBytes(picture().values());

    HttpResponse<byte[]> response = open.post("/?shape=1,3,16,24&dtype=float32", body);

    assertThat(response.headers().firstValue("shape")).contains("[1, 4, 2, 3]");
  }

  @Test
  void latentsOfWhichNothingIsSaidHearWhereToGo() throws Exception {
    HttpResponse<byte[]> response = open.post("/", new byte[1024]);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(error(response)).contains("PNG and JPEG are read", "POST them to /predict");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/encode?scaling_factor=0.13025|400|SDXL",
        "/encode?shape=1,3,16,24|400|dtype: is missing",
        "/encode?shape=1,3,15,24&dtype=float32|400|multiples of 8",
        "/encode?shape=1,3,16,24&dtype=float32|400|bytes were sent",
        "/encode?shape=1,3,2048,2048&dtype=float32|413|limit",
        "/encode?dtype=float64&shape=1|400|none of float32",
        "/encode?model=nope|404|no model of that name",
        "/encode|400|PNG and JPEG are read",
      })
  void refusalsAreJsonAndSayWhatIsWrong(String path, int status, String part) throws Exception {
    HttpResponse<byte[]> response = open.post(path, new byte[] {1, 2, 3});

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(error(response)).contains(part);
  }
}
