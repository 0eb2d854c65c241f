package io.github.consistencydecoder.core.keep;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Known pixels of one decode: how much of each pixel is decoded, and the part of the picture that
 * has to be. Immutable; safe for use by several threads.
 *
 * <p>With {@code M} the mask, widened, and {@code box} the mean of the {@code (2 feather + 1)^2}
 * pixels around one, the picture's edge repeated, the decoded share is {@code clamp(2 box(box(M)) -
 * 1, 0, 1) M}. It is exactly 0 outside the mask.
 */
public final class KeptPixels {
  /** Cells around the mask that are evaluated with it (docs/adr/0050, as the two below). */
  private static final int MARGIN = 8;

  /** Fewest cells of a side that are evaluated, as far as the picture has them. */
  private static final int FEWEST = 32;

  /** Share of the picture's area from which on all of it is evaluated. */
  private static final double WHOLE_FROM = 0.7;

  private final Keep keep;
  private final List<double[]> shares;

  private KeptPixels(Keep keep, List<double[]> shares) {
    this.keep = keep;
    this.shares = shares;
  }

  /**
   * The known pixels of a batch.
   *
   * @param batch number of pictures
   * @param height of the latents, in cells
   * @param width of the latents, in cells
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if the known pixels or the
   *     mask are of another size, neither one nor as many as the pictures, or not finite
   */
  public static KeptPixels of(Keep keep, int batch, int height, int width) {
    Pixels known = keep.known();
    int rows = height * Latents.PIXELS_PER_CELL;
    int columns = width * Latents.PIXELS_PER_CELL;
    if (known.height() != rows || known.width() != columns) {
      throw invalid(
          ("the known picture has %sx%s pixels, the decoded one %sx%s; the"
                  + " same size is needed")
              .formatted(known.width(), known.height(), columns, rows));
    }
    known
        .firstNotFinite()
        .ifPresent(
            i -> {
              throw invalid(
                  "the known picture has the value "
                      + known.values().get(i)
                      + "; pictures in [-1, 1] are needed");
            });
    checkCount("known pictures", known.batch(), batch);
    checkCount("masks", keep.mask().batch(), batch);
    List<double[]> shares = new ArrayList<>();
    for (int n = 0; n < keep.mask().batch(); n++) {
      shares.add(shares(keep.mask(), n, keep.feather(), keep.grow()));
    }
    return new KeptPixels(keep, shares);
  }

  /**
   * For decoders that decode every pixel.
   *
   * @param decoder its name
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if pixels are to be kept
   */
  public static void requireNone(DecodeOptions options, String decoder) {
    if (options.keep().isPresent()) {
      throw invalid(
          ("decoder '%s' keeps no known pixels; decode with a model of the"
                  + " decoder 'consistency', or without them")
              .formatted(decoder));
    }
  }

  private static void checkCount(String what, int count, int batch) {
    if (count != 1 && count != batch) {
      throw invalid(count + " " + what + " for " + batch + " latents; one, or one each is needed");
    }
  }

  private static DecoderException invalid(String message) {
    return new DecoderException(DecoderErrorCode.INVALID_OPTIONS, message);
  }

  /**
   * Bytes that a decode takes because of them: noise of the whole picture and the joined pictures,
   * and, while the shares are computed, five arrays of eight bytes a pixel.
   *
   * @param batch number of pictures
   */
  public long bytes(int batch) {
    long pixels = (long) keep.known().height() * keep.known().width();
    return pixels * (2L * 3 * Float.BYTES * batch + (4L + shares.size()) * Double.BYTES);
  }

  /** The part that has to be evaluated; empty where nothing has to be. */
  public Optional<Region> region() {
    return region(MARGIN, FEWEST);
  }

  Optional<Region> region(int margin, int fewest) {
    int height = keep.mask().height() / Latents.PIXELS_PER_CELL;
    int width = keep.mask().width() / Latents.PIXELS_PER_CELL;
    int top = height;
    int bottom = 0;
    int left = width;
    int right = 0;
    for (double[] share : shares) {
      for (int i = 0; i < share.length; i++) {
        if (share[i] > 0) {
          int row = i / keep.mask().width() / Latents.PIXELS_PER_CELL;
          int column = i % keep.mask().width() / Latents.PIXELS_PER_CELL;
          top = Math.min(top, row);
          bottom = Math.max(bottom, row + 1);
          left = Math.min(left, column);
          right = Math.max(right, column + 1);
        }
      }
    }
    if (bottom == 0) {
      return Optional.empty();
    }
    int[] rows = widened(top, bottom, height, margin, fewest);
    int[] columns = widened(left, right, width, margin, fewest);
    Region region = new Region(rows[0], rows[1], columns[0], columns[1]);
    boolean whole =
        keep.whole() || (double) region.height() * region.width() > WHOLE_FROM * height * width;
    return Optional.of(whole ? Region.whole(height, width) : region);
  }

  private static int[] widened(int from, int to, int length, int margin, int fewest) {
    int first = Math.max(from - margin, 0);
    int behind = Math.min(to + margin, length);
    int missing = Math.min(fewest, length) - (behind - first);
    if (missing > 0) {
      first = Math.max(first - missing / 2, 0);
      behind = Math.min(first + Math.min(fewest, length), length);
      first = behind - Math.min(fewest, length);
    }
    return new int[] {first, behind};
  }

  /** Sentences for a person about a mask that asks for nothing or for everything. */
  public List<String> warnings() {
    boolean none = shares.stream().allMatch(s -> Arrays.stream(s).allMatch(v -> v == 0));
    boolean all = shares.stream().allMatch(s -> Arrays.stream(s).allMatch(v -> v == 1));
    if (none) {
      return List.of(
          "the mask leaves nothing to decode, so the known picture is returned as it is");
    }
    return all
        ? List.of("the mask covers the whole picture, so no known pixel is kept")
        : List.of();
  }

  /**
   * The known pixels joined with the decoded ones.
   *
   * @param decoded {@code [N, 3, 8h, 8w]} of the region, row-major; borrowed, and ignored without a
   *     region
   * @param region what was decoded, or empty
   * @return {@code [N, 3, H, W]}; where the decoded share is 0, the known value to the bit
   */
  public float[] join(int batch, float[] decoded, Optional<Region> region) {
    Pixels known = keep.known();
    int plane = known.height() * known.width();
    float[] out = new float[batch * 3 * plane];
    FloatBuffer values = known.values();
    for (int n = 0; n < batch; n++) {
      values.get(known.batch() == 1 ? 0 : n * 3 * plane, out, n * 3 * plane, 3 * plane);
    }
    region.ifPresent(r -> mix(out, decoded, batch, r));
    return out;
  }

  private void mix(float[] out, float[] decoded, int batch, Region region) {
    int width = keep.known().width();
    int plane = keep.known().height() * width;
    int columns = region.width() * Latents.PIXELS_PER_CELL;
    int rows = region.height() * Latents.PIXELS_PER_CELL;
    int first = (region.top() * width + region.left()) * Latents.PIXELS_PER_CELL;
    for (int k = 0; k < batch * 3; k++) {
      double[] share = shares.get(shares.size() == 1 ? 0 : k / 3);
      for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
          int at = first + y * width + x;
          double w = share[at];
          if (w > 0) {
            float v = decoded[(k * rows + y) * columns + x];
            out[k * plane + at] = w == 1 ? v : (float) (w * v + (1 - w) * out[k * plane + at]);
          }
        }
      }
    }
  }

  /** The decoded share of each pixel of one mask, {@code 0 .. 1}. */
  static double[] shares(Mask mask, int image, int feather, int grow) {
    int height = mask.height();
    int width = mask.width();
    long[] m = new long[height * width];
    for (int i = 0; i < m.length; i++) {
      m[i] = mask.repaints(image, i) ? 1 : 0;
    }
    m = sums(m, height, width, grow, false);
    for (int i = 0; i < m.length; i++) {
      m[i] = Math.min(m[i], 1);
    }
    long[] s = sums(sums(m, height, width, feather, true), height, width, feather, true);
    double all = Math.pow(2 * feather + 1, 4);
    double[] shares = new double[m.length];
    for (int i = 0; i < m.length; i++) {
      shares[i] = m[i] == 0 ? 0 : Math.min(Math.max(2 * s[i] / all - 1, 0), 1);
    }
    return shares;
  }

  /** Sums over squares of {@code 2 radius + 1}; beyond the edge its value again, or 0. */
  private static long[] sums(long[] in, int height, int width, int radius, boolean repeat) {
    return lines(
        lines(in, height, width, 1, width, radius, repeat),
        width,
        height,
        width,
        1,
        radius,
        repeat);
  }

  private static long[] lines(
      long[] in, int lines, int length, int step, int between, int radius, boolean repeat) {
    long[] out = new long[in.length];
    for (int line = 0; line < lines; line++) {
      int base = line * between;
      long sum = 0;
      for (int i = -radius; i <= radius; i++) {
        sum += at(in, base, step, i, length, repeat);
      }
      for (int i = 0; i < length; i++) {
        out[base + i * step] = sum;
        sum +=
            at(in, base, step, i + radius + 1, length, repeat)
                - at(in, base, step, i - radius, length, repeat);
      }
    }
    return out;
  }

  private static long at(long[] in, int base, int step, int i, int length, boolean repeat) {
    if (i >= 0 && i < length) {
      return in[base + i * step];
    }
    return repeat ? in[base + Math.min(Math.max(i, 0), length - 1) * step] : 0;
  }
}
