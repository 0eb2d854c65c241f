package io.github.consistencydecoder.core.diagnostics;

import io.github.consistencydecoder.core.ConsistencyDecoderProvider;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.core.runtime.graphs.NetworkProbe;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.store.cache.FileTree;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Checks this installation and a model: first that a reduced network with synthetic weights gives
 * the values known for it, on this machine's runtime and device; then that the model opens, is
 * plausible and decodes a real latent to the picture that is in it.
 */
public final class SelfTest {
  /** Largest difference from the float64 values that float32 arithmetic explains. */
  private static final double TOLERANCE = 2e-5;

  /** What half precision may add to it. */
  private static final double HALF_TOLERANCE = 2e-2;

  private static final int HEIGHT = 32;
  private static final int WIDTH = 48;

  private final DecoderConfig config;
  private final Consumer<String> listener;
  private final List<String> lines = new ArrayList<>();
  private boolean passed = true;

  private SelfTest(DecoderConfig config, Consumer<String> listener) {
    this.config = config;
    this.listener = listener;
  }

  /**
   * What was found.
   *
   * @param passed whether every check passed
   * @param lines one a check: {@code ok} or {@code FAILED}, what was checked, what was found
   */
  public record Report(boolean passed, List<String> lines) {
    public Report {
      lines = List.copyOf(lines);
    }
  }

  /**
   * Runs all checks. Two small decodes with the model; on a CPU the published one takes some ten
   * seconds each.
   *
   * @param config which model, device and precision
   * @param listener told each line as it is known
   */
  public static Report run(DecoderConfig config, Consumer<String> listener) {
    SelfTest test = new SelfTest(config, listener);
    try {
      Path folder = Files.createTempDirectory("consistency-decoder-selftest-");
      try {
        test.conformance(folder);
      } finally {
        FileTree.delete(folder);
      }
      test.model();
    } catch (DecoderException | IOException e) {
      test.say(false, "the self-test stopped", String.valueOf(e.getMessage()));
    }
    return new Report(test.passed, test.lines);
  }

  private void conformance(Path folder) throws IOException {
    ConsistencyNetwork network = SyntheticWeights.reducedNetwork();
    Path file = folder.resolve("synthetic.safetensors");
    SyntheticWeights.write(network, file);
    ConformanceValues expected = ConformanceValues.bundled();
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, Optional.empty());
      for (int t : new int[] {1008, 512}) {
        float[] x = SyntheticWeights.input("input.x", 7 * HEIGHT * WIDTH);
        SessionSettings cpu = new SessionSettings(new Device(Device.Kind.CPU, 0, "self-test"), 0);
        float[] y =
            new NetworkProbe(weights, x, HEIGHT, WIDTH, t, cpu, folder)
                .evaluate(ElementType.FLOAT32);
        difference(
            "network, timestep " + t,
            expected.worst("unet mini t=" + t, y, HEIGHT, WIDTH),
            TOLERANCE);
      }
    }
    DecoderConfig synthetic =
        config
            .with(DecoderConfig.MODEL, file.toString())
            .with(ConsistencyDecoderProvider.CACHE, folder.resolve("cache").toString());
    try (LatentDecoder decoder = new ConsistencyDecoderProvider().open(synthetic)) {
      // What was chosen, not what was asked for: "auto" is half precision on a GPU.
      double tolerance = tolerance(decoder.info().details());
      for (ClampMode clamp : ClampMode.values()) {
        String suffix = clamp == ClampMode.EACH_STEP ? "clamp=True" : "clamp=False";
        sampler(decoder, clamp, givenNoise(), "hash noise, " + suffix, expected, tolerance);
        sampler(
            decoder,
            clamp,
            Noise.seeded(0),
            "torch CPU generator seed 0, " + suffix,
            expected,
            tolerance);
      }
      boolean cuda = decoder.info().details().get("device").startsWith("cuda");
      if (cuda || config.get(ModelSettings.LAYOUT).isPresent()) {
        layout(folder);
      }
    }
  }

  /**
   * Whether the graph that keeps channels last gives what the CPU gives by the other one, for a
   * network that CUDA's own norm can do.
   */
  private void layout(Path folder) throws IOException {
    ConsistencyNetwork network =
        new ConsistencyNetwork(List.of(64, 64, 64, 64), 1, 32, 1e-5f, 64, 1024, 6);
    Path file = folder.resolve("paired.safetensors");
    SyntheticWeights.write(network, file);
    DecoderConfig chosen =
        config
            .with(DecoderConfig.MODEL, file.toString())
            .with(ConsistencyDecoderProvider.CACHE, folder.resolve("cache").toString());
    DecoderConfig reference =
        chosen
            .with(DecoderConfig.DEVICE, "cpu")
            .with(DecoderConfig.DTYPE, "float32")
            .with(ModelSettings.LAYOUT, "nchw");
    try (LatentDecoder found = new ConsistencyDecoderProvider().open(chosen);
        LatentDecoder expected = new ConsistencyDecoderProvider().open(reference)) {
      Latents latents = Latents.unscaled(SyntheticWeights.input("z", 4 * 4 * 6), 1, 4, 4, 6);
      DecodeOptions options = DecodeOptions.builder().seed(0).build();
      Map<String, String> details = found.info().details();
      difference(
          "%s in %s on %s, against the CPU"
              .formatted(
                  details.getOrDefault(ModelSettings.LAYOUT, "nchw"),
                  details.get("dtype"),
                  details.get("device")),
          worst(
              found.decode(latents, options).pixels().values(),
              expected.decode(latents, options).pixels().values()),
          // The CPU's own error is in it as well.
          Math.min(2 * tolerance(details), HALF_TOLERANCE));
    }
  }

  /**
   * How far values may be from what is known.
   *
   * @param details of the decoder
   */
  static double tolerance(Map<String, String> details) {
    // A GPU convolves float32 with the 10 bits of TF32, those of half precision.
    return "cpu".equals(details.get("device")) && "float32".equals(details.get("dtype"))
        ? TOLERANCE
        : HALF_TOLERANCE;
  }

  private static double worst(FloatBuffer a, FloatBuffer b) {
    double worst = 0;
    for (int i = 0; i < a.remaining(); i++) {
      double difference = Math.abs(a.get(i) - b.get(i));
      worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
    }
    return worst;
  }

  private void sampler(
      LatentDecoder decoder,
      ClampMode clamp,
      Noise noise,
      String name,
      ConformanceValues expected,
      double tolerance) {
    float[] z = SyntheticWeights.input("input.latent", 4 * 4 * 6);
    for (int i = 0; i < z.length; i++) {
      z[i] *= 5;
    }
    DecodeOptions options = DecodeOptions.builder().clamp(clamp).noise(noise).build();
    Decoded decoded = decoder.decode(Latents.unscaled(z, 1, 4, 4, 6), options);
    float[] values = new float[3 * HEIGHT * WIDTH];
    decoded.pixels().values().get(values);
    difference(
        "sampler, " + name,
        expected.worst("sampler mini, " + name, values, HEIGHT, WIDTH),
        tolerance);
  }

  private static Noise givenNoise() {
    int n = 3 * HEIGHT * WIDTH;
    return Noise.given(
        List.of(
            SyntheticWeights.input("input.noise1", n), SyntheticWeights.input("input.noise2", n)));
  }

  /**
   * Reads the model's files whatever is remembered of them, as a file can be replaced unnoticed.
   */
  private void digest() {
    ModelSettings settings =
        ModelSettings.ofConsistencyDecoder(config, "the consistency decoder", "tiny");
    String digest =
        OpenModel.open(
            settings,
            path -> path,
            model -> {
              try (Checkpoint checkpoint = model.checkpoint()) {
                return ModelDigests.anew(checkpoint.files(), model.cache());
              }
            });
    say(true, "the model's files are read anew", digest);
  }

  private void model() {
    digest();
    try (LatentDecoder decoder = new ConsistencyDecoderProvider().open(config)) {
      say(true, "the model opens", decoder.info().model() + ", " + decoder.info().details());
      SampleLatent sample = SampleLatent.bundled();
      DecodeOptions options = DecodeOptions.builder().seed(0).build();
      Decoded first = decoder.decode(sample.latents(), options);
      Decoded second = decoder.decode(sample.latents(), options);
      // CUDA's norm adds up in no fixed order.
      boolean exact = "cpu".equals(decoder.info().details().get("device"));
      double apart = worst(first.pixels().values(), second.pixels().values());
      say(
          apart <= (exact ? 0 : HALF_TOLERANCE),
          "the same seed gives the same picture",
          first.pixels().toString());
      double correlation = sample.correlation(first.pixels());
      say(
          correlation > 0.8,
          "the picture is what the latent holds",
          String.format(
              Locale.ROOT,
              "correlation with the photograph %.3f, more than 0.8 is needed",
              correlation));
    }
  }

  private void difference(String name, double worst, double tolerance) {
    say(
        worst <= tolerance,
        name,
        String.format(
            Locale.ROOT,
            "largest difference from the known values %.2g, at most %.0e is right",
            worst,
            tolerance));
  }

  private void say(boolean ok, String what, String found) {
    passed &= ok;
    String line = (ok ? "ok      " : "FAILED  ") + what + ": " + found;
    lines.add(line);
    listener.accept(line);
  }

  /**
   * A real latent of 8x8 cells and the average colours of the photograph it was made from, to see
   * whether a decoder draws what is in it. The file holds {@code [4, 8, 8]} unscaled latent values,
   * then {@code [3, 8, 8]} colours in {@code [-1, 1]}, float32 little-endian. It was made by {@code
   * make_sample_latent.py} from scikit-image's "coffee" (CC0).
   *
   * @param latents one latent
   * @param colours {@code [3, 8, 8]}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the package
  private record SampleLatent(Latents latents, float[] colours) {
    private static final int CELLS = 8;

    static SampleLatent bundled() {
      try (InputStream in = SampleLatent.class.getResourceAsStream("sample-latent.f32")) {
        FloatBuffer values =
            ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float[] latent = new float[4 * CELLS * CELLS];
        float[] colours = new float[3 * CELLS * CELLS];
        values.get(latent).get(colours);
        return new SampleLatent(Latents.unscaled(latent, 1, 4, CELLS, CELLS), colours);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /**
     * Pearson's correlation of the decoded picture's average colours with the photograph's, over
     * all cells and channels.
     */
    double correlation(Pixels pixels) {
      FloatBuffer values = pixels.values();
      int side = pixels.width() / CELLS;
      double[] means = new double[colours.length];
      for (int i = 0; i < values.limit(); i++) {
        int channel = i / (pixels.width() * pixels.height());
        int row = i / pixels.width() % pixels.height() / side;
        int column = i % pixels.width() / side;
        means[(channel * CELLS + row) * CELLS + column] += values.get(i) / (side * side);
      }
      double sx = 0;
      double sy = 0;
      for (int i = 0; i < means.length; i++) {
        sx += means[i];
        sy += colours[i];
      }
      double mx = sx / means.length;
      double my = sy / means.length;
      double xy = 0;
      double xx = 0;
      double yy = 0;
      for (int i = 0; i < means.length; i++) {
        xy += (means[i] - mx) * (colours[i] - my);
        xx += (means[i] - mx) * (means[i] - mx);
        yy += (colours[i] - my) * (colours[i] - my);
      }
      return xy / Math.sqrt(xx * yy);
    }
  }
}
