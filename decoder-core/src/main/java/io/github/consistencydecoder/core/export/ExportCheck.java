package io.github.consistencydecoder.core.export;

import io.github.consistencydecoder.core.runtime.NetworkSession;
import io.github.consistencydecoder.models.network.export.OnnxExport;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Runs an exported model with ONNX Runtime and compares with what this library computes in process
 * in float32, at a square size and at one that is wider than the noise.
 */
public final class ExportCheck {
  /** Largest difference that float32 arithmetic in another order explains. */
  static final double TOLERANCE = 2e-5;

  /** What half precision may make of it. */
  static final double HALF_TOLERANCE = 2e-2;

  /** Rows and columns in cells. */
  private static final int[][] SIZES = {{8, 8}, {1, 66}};

  /** Spread of unscaled latents. */
  private static final float SPREAD = 5;

  private final ExportRequest request;
  private final Path folder;
  private final Cancellation cancellation;

  private ExportCheck(ExportRequest request, Path folder, Cancellation cancellation) {
    this.request = request;
    this.folder = folder;
    this.cancellation = cancellation;
  }

  /**
   * What was found at one size.
   *
   * @param height of the picture in pixels
   * @param width of the picture in pixels
   * @param worst largest difference of a value
   * @param tolerance the largest that is right
   * @param repeatable whether a second run of the same session gave the same bits
   */
  public record Finding(int height, int width, double worst, double tolerance, boolean repeatable) {
    /** Whether all is as it should be. */
    public boolean passed() {
      return worst <= tolerance && repeatable;
    }
  }

  /**
   * Checks a folder.
   *
   * @param request what it was exported by
   * @param folder that {@link ModelExport} filled
   * @param listener told each finding as it is known
   * @throws DecoderException if the runtime cannot run the model, or it is cancelled
   */
  public static List<Finding> run(
      ExportRequest request, Path folder, Cancellation cancellation, Consumer<Finding> listener) {
    return new ExportCheck(request, folder, cancellation).run(listener);
  }

  private List<Finding> run(Consumer<Finding> listener) {
    List<float[]> inputs = new ArrayList<>();
    List<float[]> outputs = new ArrayList<>();
    List<Boolean> repeatable = new ArrayList<>();
    // One after the other, so that the weights are in memory once.
    try (NetworkSession session =
        NetworkSession.openExported(folder.resolve(OnnxExport.MODEL), inputName())) {
      for (int[] size : SIZES) {
        float[] input = input(size);
        float[] output = run(session, input, size);
        float[] again = run(session, input, size);
        inputs.add(input);
        outputs.add(output);
        repeatable.add(Arrays.equals(output, again));
      }
    }
    List<Finding> findings = new ArrayList<>();
    try (InProcess expected = request.part().decoder() ? decoder() : encoder()) {
      for (int k = 0; k < SIZES.length; k++) {
        int[] size = SIZES[k];
        FloatBuffer right = expected.run(inputs.get(k), size);
        Finding finding =
            new Finding(
                size[0] * Latents.PIXELS_PER_CELL,
                size[1] * Latents.PIXELS_PER_CELL,
                worst(outputs.get(k), right),
                request.half() ? HALF_TOLERANCE : TOLERANCE,
                repeatable.get(k));
        findings.add(finding);
        listener.accept(finding);
      }
    }
    return findings;
  }

  private float[] run(NetworkSession session, float[] input, int[] size) {
    if (!request.started()) {
      return session.evaluate(
          FloatBuffer.wrap(input), inputShape(size), "run the exported model", cancellation);
    }
    long[] shape = {
      1, 3, (long) size[0] * Latents.PIXELS_PER_CELL, (long) size[1] * Latents.PIXELS_PER_CELL
    };
    return session.evaluateStarted(
        FloatBuffer.wrap(input), inputShape(size), start(size).values(), shape, cancellation);
  }

  /** Some picture, beyond [-1, 1] here and there. */
  private static Pixels start(int[] size) {
    int height = size[0] * Latents.PIXELS_PER_CELL;
    int width = size[1] * Latents.PIXELS_PER_CELL;
    float[] values = new float[3 * height * width];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5f * (float) random.nextGaussian();
    }
    return Pixels.takeOver(values, 1, height, width);
  }

  /** What the library makes of the same input. */
  private interface InProcess extends AutoCloseable {
    FloatBuffer run(float[] input, int[] size);

    @Override
    void close();
  }

  private InProcess decoder() {
    LatentDecoder decoder = Decoders.open(request.part().provider(), request.inProcess());
    NoiseTiles tiles = new NoiseTiles(request.schedule().timesteps().size());
    return new InProcess() {
      @Override
      public FloatBuffer run(float[] input, int[] size) {
        int height = size[0] * Latents.PIXELS_PER_CELL;
        int width = size[1] * Latents.PIXELS_PER_CELL;
        Noise noise = tiles.over(1, height, width);
        DecodeOptions options =
            DecodeOptions.builder()
                .noise(noise)
                .schedule(request.schedule())
                .clamp(request.clamp())
                .start(request.started() ? Start.given(start(size)) : Start.NOISE)
                .cancellation(cancellation)
                .build();
        return decoder.decode(Latents.unscaled(input, inputShape(size)), options).pixels().values();
      }

      @Override
      public void close() {
        decoder.close();
      }
    };
  }

  private InProcess encoder() {
    LatentEncoder encoder = Encoders.open(request.part().provider(), request.inProcess());
    return new InProcess() {
      @Override
      public FloatBuffer run(float[] input, int[] size) {
        int height = size[0] * Latents.PIXELS_PER_CELL;
        int width = size[1] * Latents.PIXELS_PER_CELL;
        Pixels pixels = Pixels.takeOver(input, 1, height, width);
        return encoder.encode(pixels, cancellation).to(LatentScale.UNSCALED).values();
      }

      @Override
      public void close() {
        encoder.close();
      }
    };
  }

  private String inputName() {
    return request.part().decoder() ? "latent_sample" : "sample";
  }

  private long[] inputShape(int[] size) {
    return request.part().decoder()
        ? new long[] {1, Latents.CHANNELS, size[0], size[1]}
        : new long[] {
          1, 3, (long) size[0] * Latents.PIXELS_PER_CELL, (long) size[1] * Latents.PIXELS_PER_CELL
        };
  }

  private float[] input(int[] size) {
    Random random = new Random(0);
    long n = 1;
    for (long d : inputShape(size)) {
      n *= d;
    }
    float[] values = new float[Math.toIntExact(n)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          request.part().decoder()
              ? SPREAD * (float) random.nextGaussian()
              : 2 * random.nextFloat() - 1;
    }
    return values;
  }

  /** An encoder's mean comes first; the logarithm of the variance after it has no counterpart. */
  private static double worst(float[] found, FloatBuffer right) {
    if (found.length < right.limit()) {
      throw new IllegalStateException(
          "the exported model gives " + found.length + " values, " + right.limit() + " are right");
    }
    double worst = 0;
    for (int i = 0; i < right.limit(); i++) {
      double difference = Math.abs((double) found[i] - right.get(i));
      // Not Math.max alone: a NaN must not pass for a small difference.
      worst =
          difference <= worst
              ? worst
              : Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
    }
    return worst;
  }
}
