package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the examples in other languages where their tools are. {@code PYTHON} names a Python other
 * than {@code python3}; Node looks where {@code NODE_PATH} says.
 */
@Tag("process")
class ForeignClientsTest {
  private static final Path ROOT = Path.of(System.getProperty("project.root"));
  private static final Path LATENTS =
      ROOT.resolve(
          "cli/src/main/resources/io/github/consistencydecoder/cli/decode/chelsea.safetensors");
  private static final String PYTHON = System.getenv().getOrDefault("PYTHON", "python3");

  @TempDir static Path folder;
  private static QueuedDecodeService service;
  private static OpenEndpoint endpoint;
  private static byte[] png;

  @BeforeAll
  static void open() throws IOException {
    DecoderConfig config = DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu");
    service =
        QueuedDecodeService.builder()
            .model(Fixtures.MODEL, ModelSource.of("consistency", config))
            .limits(Fixtures.limits())
            .start();
    Fixtures.awaitServing(service);
    endpoint =
        OpenEndpoint.over(service, b -> b.socket(folder.resolve("own").resolve("grpc.sock")));
    try (LatentDecoder decoder = Decoders.open("consistency", config)) {
      png =
          PictureBytes.png(
              decoder.decode(latents(), DecodeOptions.builder().seed(42).build()).pixels(), 0);
    }
  }

  @AfterAll
  static void close() {
    endpoint.close();
    service.close();
  }

  /** The file's one tensor, half precision, unscaled. */
  private static Latents latents() throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(LATENTS)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) file.getLong();
    byte[] header = new byte[length];
    file.get(header);
    Matcher shape =
        Pattern.compile("\\[1, ?4, ?(\\d+), ?(\\d+)]")
            .matcher(new String(header, StandardCharsets.UTF_8));
    assertThat(shape.find()).isTrue();
    return Latents.of(
        LatentScale.UNSCALED,
        TensorType.FLOAT16.floats(file),
        1,
        4,
        Long.parseLong(shape.group(1)),
        Long.parseLong(shape.group(2)));
  }

  private static String tcp() {
    return "127.0.0.1:" + endpoint.endpoint.port();
  }

  private static String socket() {
    return "unix:" + endpoint.endpoint.socket().orElseThrow();
  }

  /** Exit code, then what it said. */
  private static List<String> run(String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      return List.of("127", "not found");
    }
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return List.of("124", said);
    }
    return List.of(Integer.toString(process.exitValue()), said);
  }

  private static void assumePython(String... modules) throws Exception {
    List<String> found = run(PYTHON, "-c", "import " + String.join(", ", modules));
    assumeTrue(
        found.get(0).equals("0"),
        () -> "skipped: " + PYTHON + " lacks one of " + Arrays.toString(modules));
  }

  private static void example(Path result, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of(command));
    all.add(result.toString());
    assertThat(run(all.toArray(new String[0]))).startsWith("0");
    assertThat(result).isNotEmptyFile();
  }

  private static String file(String name) {
    return ROOT.resolve("examples").resolve(name).toString();
  }

  @Test
  void pythonStreamsTheSamePicture() throws Exception {
    assumePython("grpc", "grpc_tools");
    for (String address : List.of(tcp(), socket())) {
      Path result = Files.createTempFile(folder, "python", ".png");
      example(result, PYTHON, file("grpc-python/decode.py"), address, LATENTS.toString());
      assertThat(result).hasBinaryContent(png);
    }
  }

  @Test
  void nodeGetsTheSamePicture() throws Exception {
    assumeTrue(
        run("node", "-e", "require('@grpc/grpc-js'); require('@grpc/proto-loader')")
            .get(0)
            .equals("0"),
        "skipped: node with @grpc/grpc-js and @grpc/proto-loader is not here");
    for (String address : List.of(tcp(), socket())) {
      Path result = Files.createTempFile(folder, "node", ".png");
      example(result, "node", file("grpc-node/decode.js"), address, LATENTS.toString());
      assertThat(result).hasBinaryContent(png);
    }
  }

  @Test
  void openInferenceFromPythonGivesAPicture() throws Exception {
    assumePython("grpc", "grpc_tools", "numpy");
    Path result = folder.resolve("infer.ppm");
    example(result, PYTHON, file("open-inference-python/infer.py"), tcp());
    assertThat(result).hasSize("P6 192 128 255\n".length() + 192 * 128 * 3);
  }

  @Test
  void tritonsClientGetsTheSamePicture() throws Exception {
    assumePython("tritonclient.grpc", "grpc_tools", "numpy");
    Path one = folder.resolve("one.ppm");
    Path other = folder.resolve("other.ppm");
    example(one, PYTHON, file("open-inference-python/infer.py"), tcp());
    example(other, PYTHON, file("open-inference-python/triton.py"), tcp());
    assertThat(other).hasSameBinaryContentAs(one);
  }

  @Test
  void pythonToldOfARefusalSaysWhy() throws Exception {
    assumePython("grpc", "grpc_tools");
    Path odd = folder.resolve("odd.safetensors");
    byte[] file = Files.readAllBytes(LATENTS);
    String text = new String(file, StandardCharsets.ISO_8859_1);
    byte[] wrong = text.replaceFirst("\"F16\"", "\"F32\"").getBytes(StandardCharsets.ISO_8859_1);
    Files.write(odd, wrong);
    List<String> said =
        run(
            PYTHON,
            file("grpc-python/decode.py"),
            tcp(),
            odd.toString(),
            folder.resolve("none.png").toString());
    assertThat(said.get(0)).isEqualTo("1");
    assertThat(said.get(1)).contains("refused: INVALID_ARGUMENT: 16576 bytes were given");
  }
}
