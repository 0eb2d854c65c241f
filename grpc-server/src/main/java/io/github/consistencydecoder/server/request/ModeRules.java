package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import java.util.List;
import java.util.Optional;

/** The picture that a decode starts from and the pixels that it keeps, as callers send them. */
public final class ModeRules {
  /** Of masks of bytes, as 0.5 is of masks of floats. */
  private static final float REPAINT_LEVEL = 128;

  private ModeRules() {}

  /**
   * What a request says of known pixels.
   *
   * @param known the known pictures
   * @param mask where to repaint
   * @param feather in pixels; absent for the usual
   * @param grow in pixels
   * @param whole whether all of the picture is evaluated
   */
  public record KeepParts(
      Optional<WireTensor> known,
      Optional<WireTensor> mask,
      Optional<Integer> feather,
      int grow,
      boolean whole) {
    /** The same of these tensors. */
    public KeepParts with(Optional<WireTensor> known, Optional<WireTensor> mask) {
      return new KeepParts(known, mask, feather, grow, whole);
    }

    /**
     * Reads what part of the picture is evaluated: {@code auto}, which is usual, or {@code whole}.
     *
     * @throws ServiceException {@code INVALID}
     */
    public static boolean whole(String field, Optional<String> region) throws ServiceException {
      return switch (region.orElse("auto")) {
        case "auto" -> false;
        case "whole" -> true;
        default -> throw ServiceException.invalid(field, "auto and whole are possible, no other");
      };
    }
  }

  /**
   * Pictures to start from.
   *
   * @param tensor one picture for each latent, as {@link PictureRules#pixels} reads them
   * @throws ServiceException {@code INVALID}
   */
  public static Start start(WireTensor tensor, DecodeSize size) throws ServiceException {
    Pixels pixels = PictureRules.pixels(tensor);
    checkSize(tensor, "the start", pixels.batch(), pixels.height(), pixels.width(), size);
    if (pixels.batch() != size.batch()) {
      throw ServiceException.invalid(
          tensor.fields().shape(),
          "%s pictures to start from for %s latents; one for each is needed"
              .formatted(pixels.batch(), size.batch()));
    }
    return Start.given(pixels);
  }

  /**
   * Known pixels and their mask.
   *
   * @param field of the whole
   * @param answersExactly whether the answer can hold known pixels as they are
   * @throws ServiceException {@code INVALID}
   */
  public static Optional<Keep> keep(
      String field, KeepParts parts, DecodeSize size, boolean answersExactly)
      throws ServiceException {
    if (parts.known().isEmpty() && parts.mask().isEmpty()) {
      if (parts.feather().isPresent() || parts.grow() != 0 || parts.whole()) {
        throw ServiceException.invalid(
            field, "feather, grow and region are of known pixels; pixels and a mask are missing");
      }
      return Optional.empty();
    }
    if (parts.known().isEmpty() || parts.mask().isEmpty()) {
      throw ServiceException.invalid(
          field,
          parts.mask().isEmpty()
              ? "known pixels were given without a mask; the mask says what to repaint"
              : "a mask was given without known pixels");
    }
    if (!answersExactly) {
      throw ServiceException.invalid(
          field, "a JPEG file does not keep pixels as they are; ask for PNG or a tensor");
    }
    WireTensor known = parts.known().get();
    Pixels pixels = PictureRules.pixels(known);
    checkSize(known, "the known picture", pixels.batch(), pixels.height(), pixels.width(), size);
    Mask mask = mask(parts.mask().get(), size);
    checkCount(known, "known pictures", pixels.batch(), size);
    try {
      int feather = parts.feather().orElse(Keep.USUAL_FEATHER);
      return Optional.of(new Keep(pixels, mask, feather, parts.grow(), parts.whole()));
    } catch (IllegalArgumentException e) {
      throw ServiceException.invalid(field, e.getMessage());
    }
  }

  /** {@code [N or 1, 1, 8h, 8w]}. */
  private static Mask mask(WireTensor tensor, DecodeSize size) throws ServiceException {
    List<Long> shape = tensor.shape();
    if (shape.size() != 4 || shape.get(1) != 1) {
      throw ServiceException.invalid(
          tensor.fields().shape(), "a mask of shape " + shape + ": [N, 1, H, W] is needed");
    }
    int batch = shape.get(0).intValue();
    int height = shape.get(2).intValue();
    int width = shape.get(3).intValue();
    checkSize(tensor, "the mask", batch, height, width, size);
    checkCount(tensor, "masks", batch, size);
    float[] values = tensor.finiteFloats();
    if (tensor.type() == TensorType.UINT8) {
      for (int i = 0; i < values.length; i++) {
        values[i] = values[i] >= REPAINT_LEVEL ? 1 : 0;
      }
    }
    return Mask.threshold(values, batch, height, width);
  }

  private static void checkSize(
      WireTensor tensor, String what, int batch, int height, int width, DecodeSize size)
      throws ServiceException {
    int rows = Latents.PIXELS_PER_CELL * size.height();
    int columns = Latents.PIXELS_PER_CELL * size.width();
    if (height != rows || width != columns || batch < 1) {
      throw ServiceException.invalid(
          tensor.fields().shape(),
          "%s has %sx%s pixels, the decoded picture %sx%s; the same size is needed"
              .formatted(what, width, height, columns, rows));
    }
  }

  private static void checkCount(WireTensor tensor, String what, int count, DecodeSize size)
      throws ServiceException {
    if (count != 1 && count != size.batch()) {
      throw ServiceException.invalid(
          tensor.fields().shape(),
          "%s %s for %s latents; one, or one for each is needed"
              .formatted(count, what, size.batch()));
    }
  }

  /** Whether a decode is more than latents and noise, so that only it can say what it costs. */
  public static boolean special(DecodeOptions options) {
    return options.keep().isPresent() || !(options.start() instanceof Start.FromNoise);
  }
}
