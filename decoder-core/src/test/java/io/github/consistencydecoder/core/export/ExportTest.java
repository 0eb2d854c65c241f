package io.github.consistencydecoder.core.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Exported models, run by ONNX Runtime as a pipeline would, against decodes in process. */
class ExportTest {
  @TempDir static Path folder;
  private static Path reduced;

  @BeforeAll
  static void writeReducedNetwork() throws IOException {
    reduced = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), reduced);
  }

  @ParameterizedTest
  @EnumSource(ClampMode.class)
  void aGraphWithAStartDecodesAsTheLibrary(ClampMode clamp) throws IOException {
    ExportRequest request =
        new ExportRequest(
            ExportPart.CONSISTENCY_DECODER, config(reduced), Schedule.WARM, clamp, true);

    assertThat(ExportCheck.run(request, export(request), new Cancellation(), finding -> {}))
        .hasSize(2)
        .allMatch(ExportCheck.Finding::passed);
  }

  @ParameterizedTest
  @CsvSource({
    "EACH_STEP, 2, 2, 3, 5",
    "NONE, 2, 1, 5, 4",
    "EACH_STEP, 1, 1, 1, 1",
    "NONE, 1, 2, 2, 3",
    "EACH_STEP, 2, 1, 65, 1",
    "NONE, 2, 2, 1, 66",
  })
  void theGraphDecodesAsTheLibrary(ClampMode clamp, int steps, int batch, int height, int width)
      throws IOException {
    ExportRequest request =
        new ExportRequest(
            ExportPart.CONSISTENCY_DECODER, config(reduced), Schedule.steps(steps), clamp);
    Path exported = export(request);
    float[] z = SyntheticWeights.input("input.latent", batch * 4 * height * width);
    for (int i = 0; i < z.length; i++) {
      z[i] *= 5;
    }
    long[] shape = {batch, 4, height, width};
    FloatBuffer expected;
    try (LatentDecoder decoder = Decoders.open("consistency", config(reduced))) {
      DecodeOptions options =
          DecodeOptions.builder()
              .schedule(request.schedule())
              .clamp(clamp)
              .noise(new NoiseTiles(steps).over(batch, 8 * height, 8 * width))
              .build();
      expected = decoder.decode(Latents.unscaled(z, shape), options).pixels().values();
    }
    try (NetworkSession session =
        NetworkSession.openExported(exported.resolve("model.onnx"), "latent_sample")) {
      float[] found = session.evaluate(FloatBuffer.wrap(z), shape, "test", new Cancellation());
      assertThat(worst(found, expected)).isLessThanOrEqualTo(ExportCheck.TOLERANCE);
      assertThat(session.evaluate(FloatBuffer.wrap(z), shape, "test", new Cancellation()))
          .isEqualTo(found);
    }
  }

  @ParameterizedTest
  @Tag("slow")
  @EnumSource(ExportPart.class)
  void everyPartPassesItsOwnCheck(ExportPart part) throws IOException {
    for (String dtype : List.of("float32", "float16")) {
      ExportRequest request = request(part, dtype);
      Path exported = export(request);
      List<ExportCheck.Finding> findings = check(request, exported);
      assertThat(findings).hasSize(2).allMatch(ExportCheck.Finding::passed);
      assertThat(findings).allMatch(f -> f.worst() > 0 || part != ExportPart.CONSISTENCY_DECODER);
    }
  }

  @Test
  @Tag("slow")
  void theCheckNoticesAnotherDialect() throws IOException {
    ExportRequest request = request(ExportPart.CONSISTENCY_DECODER, "float32");
    Path exported = export(request);
    ExportRequest other =
        new ExportRequest(request.part(), request.config(), request.schedule(), ClampMode.NONE);
    assertThat(check(other, exported)).noneMatch(ExportCheck.Finding::passed);
  }

  @Test
  @Tag("slow")
  void theCheckNoticesDamagedWeights() throws IOException {
    ExportRequest request = request(ExportPart.CONSISTENCY_DECODER, "float32");
    Path exported = export(request);
    Path data = exported.resolve("model.onnx_data");
    byte[] bytes = Files.readAllBytes(data);
    // The sign of one value in the middle of the network.
    bytes[bytes.length / 2 / 4 * 4 + 3] ^= (byte) 0x80;
    Files.write(data, bytes);
    assertThat(check(request, exported)).anyMatch(f -> !f.passed());
  }

  @Test
  void aCancelledExportSaysSo() throws IOException {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    ExportRequest request = request(ExportPart.CONSISTENCY_DECODER, "float32");
    Path target = Files.createTempDirectory(folder, "export-").toRealPath();
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> ModelExport.write(request, target, cancellation, (done, total) -> {}))
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.CANCELLED);
  }

  @Test
  void progressReachesTheEnd() throws IOException {
    long[] last = new long[2];
    Path target = Files.createTempDirectory(folder, "export-").toRealPath();
    ModelExport.write(
        request(ExportPart.CONSISTENCY_DECODER, "float32"),
        target,
        new Cancellation(),
        (done, total) -> {
          assertThat(done).isBetween(last[0], total);
          last[0] = done;
          last[1] = total;
        });
    assertThat(last[0]).isEqualTo(last[1]).isPositive();
  }

  @Test
  void anotherModelIsRefused() {
    ExportRequest request =
        new ExportRequest(
            ExportPart.CONSISTENCY_DECODER,
            config(resource("goldens/vae-reduced")),
            Schedule.TWO_STEPS,
            ClampMode.EACH_STEP);
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> export(request))
        .withMessageContaining("consistency decoder")
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.MODEL_UNSUPPORTED);
  }

  @ParameterizedTest
  @CsvSource({"float32", "float16"})
  @Tag("full")
  void theFullWidthPassesItsCheck(String dtype) throws IOException {
    Path full = folder.resolve("full.safetensors");
    if (!Files.exists(full)) {
      SyntheticWeights.write(SyntheticWeights.publishedNetwork(), full);
    }
    ExportRequest request =
        new ExportRequest(
            ExportPart.CONSISTENCY_DECODER,
            config(full).with(DecoderConfig.DTYPE, dtype),
            Schedule.TWO_STEPS,
            ClampMode.EACH_STEP);
    Path exported = export(request);
    assertThat(check(request, exported)).allMatch(ExportCheck.Finding::passed);
    long bytes = Files.size(exported.resolve("model.onnx"));
    assertThat(bytes).isLessThan(Integer.MAX_VALUE);
    assertThat(Files.exists(exported.resolve("model.onnx_data")))
        .isEqualTo(dtype.equals("float32"));
  }

  private static ExportRequest request(ExportPart part, String dtype) {
    Path model =
        switch (part) {
          case CONSISTENCY_DECODER -> reduced;
          case VAE_DECODER, VAE_ENCODER -> resource("goldens/vae-reduced");
          case TAESD_DECODER -> resource("goldens/taesd-reduced");
        };
    return new ExportRequest(
        part,
        config(model).with(DecoderConfig.DTYPE, dtype),
        Schedule.TWO_STEPS,
        ClampMode.EACH_STEP);
  }

  private static DecoderConfig config(Path model) {
    return DecoderConfig.model(model.toString())
        .with(DecoderConfig.DEVICE, "cpu")
        .with("cache", folder.resolve("cache").toString());
  }

  private static Path export(ExportRequest request) throws IOException {
    Path target = Files.createTempDirectory(folder, "export-").toRealPath();
    ModelExport.write(request, target, new Cancellation(), (done, total) -> {});
    return target;
  }

  private static List<ExportCheck.Finding> check(ExportRequest request, Path exported) {
    return ExportCheck.run(request, exported, new Cancellation(), f -> {});
  }

  static Path resource(String name) {
    try {
      return Path.of(ExportTest.class.getResource("/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static double worst(float[] found, FloatBuffer expected) {
    assertThat(found).hasSize(expected.limit());
    double worst = 0;
    for (int i = 0; i < found.length; i++) {
      double d = Math.abs(found[i] - expected.get(i));
      worst = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(worst, d);
    }
    return worst;
  }
}
