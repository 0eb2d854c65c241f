package io.github.consistencydecoder.core.preview;

import io.github.consistencydecoder.core.keep.KeptPixels;
import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.opening.Lifetime;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Opens the linear preview of Stable Diffusion 1.x latents, which needs no model.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} may say {@code sd1}. Device, threads, precision and
 * cache are taken and mean nothing here, so that a host can configure all decoders alike.
 */
public final class PreviewDecoderProvider implements LatentDecoderProvider {
  /** Name of this provider. */
  public static final String NAME = "preview";

  /** The only table of colours. */
  static final String MODEL = "sd1";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "in Java, needs no model");
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    ModelSettings.requireKnownKeys(config, "the preview");
    String model = config.get(DecoderConfig.MODEL).orElse(MODEL);
    if (!model.equals(MODEL)) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "the preview has no model '" + model + "'; it has " + MODEL + " and needs no file");
    }
    return new PreviewDecoder(MemoryLedger.here(ModelSettings.memory(config)));
  }

  /**
   * Each latent cell has a colour, a linear function of its four scaled values; pixels lie between
   * the colours of the cells around them (bilinear, as PyTorch's {@code interpolate} without
   * aligned corners). They are not clamped.
   *
   * <p>Owns nothing. Safe for use by several threads. After {@link #close}, every method except
   * {@code close} throws {@link IllegalStateException}; closing again does nothing.
   */
  private static final class PreviewDecoder implements LatentDecoder {
    /**
     * Red, green and blue in {@code [-1, 1]} that each latent channel adds: the table in general
     * use for previews of Stable Diffusion 1.x, without an offset.
     */
    private static final float[][] COLOURS = {
      {0.3512f, 0.2297f, 0.3227f},
      {0.3250f, 0.4974f, 0.2350f},
      {-0.2829f, 0.1762f, 0.2721f},
      {-0.2120f, -0.2616f, -0.7177f}
    };

    /** Multiply-adds of a cell and of its pixels, counted as two. */
    private static final int OPERATIONS_PER_CELL =
        2 * 3 * (Latents.CHANNELS + 3 * Latents.PIXELS_PER_CELL * Latents.PIXELS_PER_CELL);

    private final Lifetime lifetime = new Lifetime("the decoder");
    private final MemoryLedger ledger;

    /**
     * @param ledger of the memory that there is
     */
    PreviewDecoder(MemoryLedger ledger) {
      this.ledger = ledger;
    }

    @Override
    public DecoderInfo info() {
      return lifetime.whileOpen(
          () ->
              new DecoderInfo(
                  NAME,
                  MODEL,
                  "",
                  "cpu, in Java: it needs no network",
                  Map.of("latents", "scaled", "pixels", "bilinear")));
    }

    @Override
    public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
      long cells = (long) batch * height * width;
      long bytes = 4L * cells * (Latents.CHANNELS + 3 * cellPixels());
      return lifetime.whileOpen(
          () -> new DecodeEstimate(OPERATIONS_PER_CELL * (double) cells, bytes));
    }

    private static int cellPixels() {
      return Latents.PIXELS_PER_CELL * Latents.PIXELS_PER_CELL;
    }

    @Override
    public Decoded decode(Latents latents, DecodeOptions options) {
      long bytes =
          estimate(latents.batch(), latents.height(), latents.width(), options).peakBytes();
      return lifetime.whileOpen(
          () -> {
            KeptPixels.requireNone(options, NAME);
            ledger.require(bytes, "preview " + latents);
            return decodeOpen(latents, options);
          });
    }

    private static Decoded decodeOpen(Latents latents, DecodeOptions options) {
      long start = System.nanoTime();
      options.cancellation().check();
      List<String> warnings = LatentCheck.check(latents);
      warnings.forEach(options.listener()::warning);
      options.listener().stepStarted(0, 1, 0);
      long stepStart = System.nanoTime();
      Pixels pixels = pixels(latents.to(LatentScale.SCALED));
      long taken = System.nanoTime() - stepStart;
      options.listener().stepFinished(0, 1, taken);
      Map<String, String> metadata =
          Map.of(
              "model",
              MODEL,
              "latents",
              latents.scale().name().toLowerCase(Locale.ROOT),
              "seed",
              "none",
              "schedule",
              "none",
              "clamp",
              "none");
      return new Decoded(pixels, List.of(taken), System.nanoTime() - start, metadata, warnings);
    }

    private static Pixels pixels(Latents latents) {
      FloatBuffer values = latents.values();
      int cells = latents.height() * latents.width();
      float[] out = new float[latents.batch() * 3 * cells * cellPixels()];
      float[] colours = new float[cells];
      for (int n = 0; n < latents.batch(); n++) {
        for (int c = 0; c < 3; c++) {
          for (int cell = 0; cell < cells; cell++) {
            float colour = 0;
            for (int k = 0; k < Latents.CHANNELS; k++) {
              colour += COLOURS[k][c] * values.get((n * Latents.CHANNELS + k) * cells + cell);
            }
            colours[cell] = colour;
          }
          enlarge(colours, latents.width(), out, (3 * n + c) * cells * cellPixels());
        }
      }
      return Pixels.takeOver(
          out,
          latents.batch(),
          latents.height() * Latents.PIXELS_PER_CELL,
          latents.width() * Latents.PIXELS_PER_CELL);
    }

    /** Bilinear between the cells' centres; beyond the outermost ones their own colour. */
    private static void enlarge(float[] colours, int cells, float[] out, int begin) {
      int width = cells * Latents.PIXELS_PER_CELL;
      int height = colours.length / cells * Latents.PIXELS_PER_CELL;
      for (int y = 0; y < height; y++) {
        float down = Math.max(position(y), 0);
        int top = (int) down;
        int upper = top * cells;
        int lower = Math.min(top + 1, colours.length / cells - 1) * cells;
        for (int x = 0; x < width; x++) {
          float right = Math.max(position(x), 0);
          int left = (int) right;
          int next = Math.min(left + 1, cells - 1);
          float above = between(colours[upper + left], colours[upper + next], right - left);
          float below = between(colours[lower + left], colours[lower + next], right - left);
          out[begin + y * width + x] = between(above, below, down - top);
        }
      }
    }

    /** Of a pixel's centre, where cells' centres are whole numbers. */
    private static float position(int pixel) {
      return (pixel + 0.5f) / Latents.PIXELS_PER_CELL - 0.5f;
    }

    private static float between(float one, float other, float part) {
      return one + (other - one) * part;
    }

    @Override
    public void close() {
      lifetime.end(() -> {});
    }
  }
}
