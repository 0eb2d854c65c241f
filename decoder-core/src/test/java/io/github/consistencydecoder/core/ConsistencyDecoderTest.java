package io.github.consistencydecoder.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening and running, beyond what the contract asks of every decoder. */
class ConsistencyDecoderTest {
  private static final Path MODEL = TestDecoders.resource("formats/f32/diffusers");

  @TempDir Path folder;

  @Test
  void theProviderIsFoundByItsName() {
    assertThat(Decoders.named("consistency")).isInstanceOf(ConsistencyDecoderProvider.class);
    assertThat(Decoders.named("consistency").availability().available()).isTrue();
  }

  @Test
  void aCancelledEvaluationIsStoppedInTheMiddleAndTheDecoderGoesOn() throws Exception {
    Path reduced = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), reduced);
    long unused = cancelAndGoOn(reduced, 64);
  }

  @Test
  @Tag("full")
  void aCancelledEvaluationOfTheFullNetworkReturnsWithinHalfASecond() throws Exception {
    Path full = folder.resolve("full.safetensors");
    SyntheticWeights.write(SyntheticWeights.publishedNetwork(), full);
    assertThat(cancelAndGoOn(full, 16)).isLessThan(500_000_000L);
  }

  /**
   * Cancels from another thread while the first evaluation runs, then decodes something small with
   * the same decoder.
   *
   * @return nanoseconds from the cancellation to its exception
   */
  private long cancelAndGoOn(Path model, int cells) {
    try (LatentDecoder decoder = TestDecoders.open(model, folder.resolve("cache"))) {
      Latents small = Latents.scaled(new float[4 * 2 * 2], 1, 4, 2, 2);
      Decoded before = decoder.decode(small, DecodeOptions.defaults());
      Cancellation cancellation = new Cancellation();
      AtomicLong cancelledAt = new AtomicLong();
      Timer timer = new Timer(true);
      DecodeListener listener =
          new DecodeListener() {
            @Override
            public void stepStarted(int step, int steps, int timestep) {
              timer.schedule(
                  new TimerTask() {
                    @Override
                    public void run() {
                      cancelledAt.set(System.nanoTime());
                      cancellation.cancel();
                    }
                  },
                  200);
            }
          };
      Latents large = Latents.scaled(new float[4 * cells * cells], 1, 4, cells, cells);
      DecodeOptions options =
          DecodeOptions.builder().cancellation(cancellation).listener(listener).build();
      assertThatThrownBy(() -> decoder.decode(large, options))
          .isInstanceOfSatisfying(
              DecoderException.class,
              e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.CANCELLED))
          .as("the runtime itself was stopped")
          .hasCauseInstanceOf(OrtException.class);
      long taken = System.nanoTime() - cancelledAt.get();
      assertThat(decoder.decode(small, DecodeOptions.defaults()).pixels().values())
          .isEqualTo(before.pixels().values());
      timer.cancel();
      return taken;
    }
  }

  @Test
  void anInterruptEndsARunningEvaluationAndTheDecoderGoesOn() throws Exception {
    Path reduced = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), reduced);
    try (LatentDecoder decoder = TestDecoders.open(reduced, folder.resolve("cache"))) {
      Thread decoding = Thread.currentThread();
      AtomicLong evaluated = new AtomicLong();
      DecodeListener listener =
          new DecodeListener() {
            @Override
            public void stepStarted(int step, int steps, int timestep) {
              Timer timer = new Timer(true);
              timer.schedule(
                  new TimerTask() {
                    @Override
                    public void run() {
                      decoding.interrupt();
                      timer.cancel();
                    }
                  },
                  100);
            }

            @Override
            public void stepFinished(int step, int steps, long nanos) {
              evaluated.incrementAndGet();
            }
          };
      Latents large = Latents.scaled(new float[4 * 96 * 96], 1, 4, 96, 96);
      DecodeOptions options = DecodeOptions.builder().listener(listener).build();
      boolean kept;
      try {
        assertThatThrownBy(() -> decoder.decode(large, options))
            .isInstanceOfSatisfying(
                DecoderException.class,
                e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.CANCELLED));
      } finally {
        kept = Thread.interrupted();
      }
      assertThat(kept).isTrue();
      assertThat(evaluated).as("evaluations that were not stopped").hasValue(0);
      Latents small = Latents.scaled(new float[4 * 2 * 2], 1, 4, 2, 2);
      assertThat(decoder.decode(small, DecodeOptions.defaults()).pixels().width()).isEqualTo(16);
    }
  }

  @Test
  void anyScheduleRuns() {
    try (LatentDecoder decoder = TestDecoders.open(MODEL, folder)) {
      Latents latents = Latents.scaled(new float[4 * 3 * 3], 1, 4, 3, 3);
      for (Schedule schedule :
          new Schedule[] {Schedule.ONE_STEP, Schedule.steps(4), Schedule.of(1, 1023, 16)}) {
        Decoded decoded =
            decoder.decode(latents, DecodeOptions.builder().schedule(schedule).build());
        assertThat(decoded.stepNanos()).hasSize(schedule.timesteps().size());
        assertThat(decoded.metadata())
            .containsEntry("schedule", schedule.toString())
            .containsEntry("plan", "whole");
      }
    }
  }

  @Test
  void anUnknownSettingIsRefusedByName() {
    assertRefused(
        TestDecoders.config(MODEL, folder).with("colour", "blue"),
        DecoderErrorCode.INVALID_OPTIONS,
        "colour");
    assertRefused(
        TestDecoders.config(MODEL, folder).with(DecoderConfig.DEVICE, "tpu"),
        DecoderErrorCode.INVALID_OPTIONS,
        "tpu");
    assertRefused(
        TestDecoders.config(MODEL, folder).with(DecoderConfig.THREADS, "many"),
        DecoderErrorCode.INVALID_OPTIONS,
        "many");
    assertRefused(
        TestDecoders.config(MODEL, folder).with(DecoderConfig.DTYPE, "int8"),
        DecoderErrorCode.INVALID_OPTIONS,
        "int8");
  }

  @Test
  void cudaIsRefusedWithAReasonWhereThereIsNone() {
    Assumptions.assumeFalse(Device.cudaProblem(0).isEmpty(), "CUDA works here: skipped");
    assertRefused(
        TestDecoders.config(MODEL, folder).with(DecoderConfig.DEVICE, "cuda:0"),
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        "cuda:0 is not available");
  }

  @Test
  void autoSaysWhatItChoseAndWhy() {
    try (LatentDecoder decoder =
        new ConsistencyDecoderProvider()
            .open(
                DecoderConfig.model(MODEL.toString())
                    .with(ConsistencyDecoderProvider.CACHE, folder.toString()))) {
      assertThat(decoder.info().device())
          .matches("cpu, because .+|cuda:0, a CUDA device was found");
      assertThat(decoder.info().digest()).matches("sha256:[0-9a-f]{64}");
    }
  }

  @Test
  void aVaeIsRefusedAsWhatItIs() throws Exception {
    Path file = folder.resolve("vae.safetensors");
    io.github.consistencydecoder.formats.tensors.SafetensorsWriter.write(
        file,
        java.util.Map.of(),
        java.util.List.of(
            io.github.consistencydecoder.formats.tensors.SafetensorsWriter.floats(
                "decoder.conv_in.weight",
                io.github.consistencydecoder.formats.tensors.DType.F32,
                java.util.List.of(1L),
                new float[1])));
    assertRefused(
        TestDecoders.config(file, folder),
        DecoderErrorCode.MODEL_UNSUPPORTED,
        "a Stable Diffusion VAE");
  }

  @Test
  void missingGroupsAreAskedFor() throws Exception {
    Path file = folder.resolve("diffusion_pytorch_model.safetensors");
    Files.copy(MODEL.resolve("diffusion_pytorch_model.safetensors"), file);
    assertRefused(
        TestDecoders.config(file, folder), DecoderErrorCode.MODEL_UNSUPPORTED, "config.json");
  }

  private static void assertRefused(DecoderConfig config, DecoderErrorCode code, String fragment) {
    assertThatThrownBy(() -> new ConsistencyDecoderProvider().open(config))
        .isInstanceOfSatisfying(DecoderException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(fragment);
  }
}
