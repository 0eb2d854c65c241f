package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.ConformanceTest;
import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.autoencoder.TaesdNetwork;
import io.github.consistencydecoder.models.network.autoencoder.VaeNetwork;
import io.github.consistencydecoder.models.network.autoencoder.VaeWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every value of the VAE and of TAESD that is known from an independent float64 evaluation. */
class AutoencoderConformanceTest {
  @TempDir static Path folder;
  private static Path vae;
  private static Path taesd;

  @BeforeAll
  static void writeNetworks() throws Exception {
    List<Integer> widths = List.of(32, 64, 96, 96);
    Map<String, List<Long>> tensors = new LinkedHashMap<>();
    tensors.putAll(new VaeNetwork(AutoencoderPart.DECODER, widths, 3, 32, 1e-6f).tensors());
    tensors.putAll(new VaeNetwork(AutoencoderPart.ENCODER, widths, 2, 32, 1e-6f).tensors());
    vae = folder.resolve("vae.safetensors");
    SyntheticWeights.write(tensors, vae);
    tensors.clear();
    tensors.putAll(new TaesdNetwork(AutoencoderPart.DECODER, 64, List.of(3, 3, 3, 1)).tensors());
    tensors.putAll(new TaesdNetwork(AutoencoderPart.ENCODER, 64, List.of(1, 3, 3, 3)).tensors());
    taesd = folder.resolve("taesd.safetensors");
    SyntheticWeights.write(tensors, taesd);
  }

  @Test
  void theVaesDecoderGivesTheKnownValues() {
    float[] z = SyntheticWeights.input("input.latent", 4 * 4 * 6);
    try (LatentDecoder decoder =
        new AutoencoderProviders.VaeDecoderProvider()
            .open(TestDecoders.config(vae, folder.resolve("cache")))) {
      var decoded = decoder.decode(Latents.unscaled(z, 1, 4, 4, 6), DecodeOptions.defaults());
      ConformanceTest.check("vae mini decode", values(decoded.pixels().values()));
    }
  }

  @Test
  void theVaesEncoderGivesTheKnownMoments() throws Exception {
    try (Checkpoint checkpoint = Checkpoints.open(vae)) {
      VaeWeights weights = VaeWeights.of(checkpoint, AutoencoderPart.ENCODER, Optional.empty());
      SessionSettings settings = new SessionSettings(new Device(Device.Kind.CPU, 0, "test"), 2);
      try (NetworkSession session =
          new GraphCache(folder).open(weights, "sha256:synthetic", ElementType.FLOAT32, settings)) {
        float[] moments =
            session.evaluate(
                FloatBuffer.wrap(picture(32, 48)),
                new long[] {1, 3, 32, 48},
                "encode",
                new Cancellation());
        ConformanceTest.check("vae mini encode moments", moments);
      }
    }
  }

  @Test
  void taesdsDecoderGivesTheKnownValues() {
    float[] z = SyntheticWeights.input("input.latent", 4 * 3 * 4);
    try (LatentDecoder decoder =
        new AutoencoderProviders.TaesdDecoderProvider()
            .open(TestDecoders.config(taesd, folder.resolve("cache")))) {
      var decoded = decoder.decode(Latents.scaled(z, 1, 4, 3, 4), DecodeOptions.defaults());
      ConformanceTest.check("taesd decode", values(decoded.pixels().values()));
    }
  }

  @Test
  void taesdsEncoderGivesTheKnownValues() {
    try (LatentEncoder encoder =
        new AutoencoderProviders.TaesdEncoderProvider()
            .open(TestDecoders.config(taesd, folder.resolve("cache")))) {
      Latents latents = encoder.encode(Pixels.takeOver(picture(24, 32), 1, 24, 32));
      ConformanceTest.check("taesd encode", values(latents.values()));
    }
  }

  private static float[] picture(int height, int width) {
    float[] x = SyntheticWeights.input("input.image", 3 * height * width);
    for (int i = 0; i < x.length; i++) {
      x[i] *= 0.25f;
    }
    return x;
  }

  private static float[] values(FloatBuffer buffer) {
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }
}
