package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.SessionSettings.Layout;
import io.github.consistencydecoder.core.sampler.Sampler.NotFiniteException;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A network whose convolutions give numbers that float16 has no room for, though norms bring them
 * back: never a black picture, always the one that float32 gives.
 */
class HalfPrecisionRangeTest {
  /** Its result is kept in half precision for the way up; elsewhere the CPU computes in float32. */
  private static final String LOUD = "decoder_unet.conv_in.weight";

  /** Times numbers around 1 that is beyond 65504; the weights themselves stay below it. */
  private static final float FACTOR = 2e5f;

  @TempDir static Path folder;
  private static Path quiet;
  private static Path loud;
  private static Path broken;

  @BeforeAll
  static void writeNetworks() throws Exception {
    quiet = folder.resolve("quiet.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), quiet);
    loud = folder.resolve("loud.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), loud);
    multiply(loud, LOUD, FACTOR);
    broken = folder.resolve("broken.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), broken);
    // Numbers that float32 has no room for either.
    multiply(broken, "decoder_unet.conv_norm_out.weight", 1e37f);
    multiply(broken, "decoder_unet.conv_out.weight", 1e4f);
  }

  private static void multiply(Path file, String tensor, float factor) throws Exception {
    try (Checkpoint checkpoint = Checkpoints.open(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      TensorInfo info = checkpoint.tensor(tensor);
      float[] values = checkpoint.floats(info);
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      for (float v : values) {
        bytes.putFloat(v * factor);
      }
      channel.write(bytes.flip(), info.offset());
    }
  }

  private static LatentDecoder open(Path model, String dtype, String layout) {
    DecoderConfig config =
        TestDecoders.config(model, folder.resolve("cache"))
            .with(DecoderConfig.DTYPE, dtype)
            .with(ModelSettings.LAYOUT, layout);
    return new ConsistencyDecoderProvider().open(config);
  }

  private static Decoded decode(LatentDecoder decoder, DecodeListener listener) {
    float[] z = SyntheticWeights.input("input.latent", 4 * 2 * 3);
    return decoder.decode(
        Latents.unscaled(z, 1, 4, 2, 3),
        DecodeOptions.builder().seed(7).listener(listener).build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nchw", "nhwc"})
  void aDecodeThatLeavesTheRangeIsDoneAgainInFloat32(String layout) {
    List<String> heard = new ArrayList<>();
    DecodeListener listener =
        new DecodeListener() {
          @Override
          public void warning(String sentence) {
            heard.add(sentence);
          }
        };
    try (LatentDecoder half = open(loud, "float16", layout);
        LatentDecoder single = open(loud, "float32", "nchw")) {
      Decoded found = decode(half, listener);
      Decoded expected = decode(single, DecodeListener.NONE);
      assertThat(found.pixels().values()).isEqualTo(expected.pixels().values());
      assertThat(found.warnings())
          .anySatisfy(
              w -> assertThat(w).contains("decoded again in float32", "float16", "timestep 1008"));
      assertThat(expected.warnings()).noneMatch(w -> w.contains("float32"));
      assertThat(heard).isEqualTo(found.warnings());
      assertThat(found.metadata()).isEqualTo(expected.metadata());
      assertThat(half.info().details()).containsEntry("redone-in-float32", "1");
      decode(half, DecodeListener.NONE);
      assertThat(half.info().details()).containsEntry("redone-in-float32", "2");
      assertThat(single.info().details()).doesNotContainKey("redone-in-float32");
    }
  }

  /** The same kernel would leave the same hole again. */
  @ParameterizedTest
  @CsvSource({
    "CUDA, FLOAT16, true",
    "CUDA, FLOAT32, true",
    "CPU, FLOAT16, true",
    "CPU, FLOAT32, false"
  })
  void theSecondAttemptIsInFloat32AndInThePlainLayout(
      Device.Kind kind, ElementType type, boolean again) {
    SessionSettings session = new SessionSettings(new Device(kind, 0, "a test"), 1);
    ModelSettings settings = new ModelSettings("any", type, session, folder, null, 1);
    ConsistencyNetwork published = SyntheticWeights.publishedNetwork();
    assertThat(ConsistencyDecoderProvider.wider(settings, published))
        .isEqualTo(again ? Optional.of(session.plain()) : Optional.empty());
    assertThat(session.plain().layout()).isEqualTo(Layout.NCHW);
  }

  @Test
  void aDecodeWithinTheRangeIsDoneOnce() {
    try (LatentDecoder half = open(quiet, "float16", "nchw")) {
      Decoded found = decode(half, DecodeListener.NONE);
      assertThat(found.warnings()).noneMatch(w -> w.contains("float32"));
      assertThat(found.metadata()).containsEntry("dtype", "float16");
      assertThat(half.info().details()).doesNotContainKey("redone-in-float32");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"float16", "float32"})
  void whatFloat32HasNoRoomForFails(String dtype) {
    assertThatThrownBy(
            () -> {
              try (LatentDecoder decoder = open(broken, dtype, "nchw")) {
                decode(decoder, DecodeListener.NONE);
              }
            })
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.RUNTIME_FAILED))
        .hasCauseInstanceOf(NotFiniteException.class);
  }
}
