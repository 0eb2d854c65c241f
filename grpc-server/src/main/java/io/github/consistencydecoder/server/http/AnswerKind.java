package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/** Kinds of a decode's answer; the query decides, and {@code Accept} between file types. */
enum AnswerKind {
  /** One picture, a JPEG file. */
  JPEG("image/jpeg"),
  /** One picture, a PNG file. */
  PNG("image/png"),
  /** {@code [N, 3, H, W]} in {@code [0, 1]}. */
  UNIT_FLOATS(AnswerKind.TENSOR),
  /** {@code [N, 3, H, W]} in about {@code [-1, 1]}. */
  FLOATS(AnswerKind.TENSOR),
  /** {@code [N, H, W, 3] uint8}. */
  LEVELS(AnswerKind.TENSOR);

  static final String TENSOR = "tensor/binary";
  static final String BASE64 = "tensor/base64";

  private final String type;

  AnswerKind(String type) {
    this.type = type;
  }

  /** {@code Content-Type} of the answer. */
  String type() {
    return type;
  }

  boolean isFile() {
    return this == JPEG || this == PNG;
  }

  /**
   * What is asked for.
   *
   * @param accept media types of {@code Accept}, the most wanted first
   * @throws ServiceException {@code INVALID}
   */
  static AnswerKind of(RemoteQuery query, List<String> accept) throws ServiceException {
    String output = query.text("output_type").orElse("pil");
    boolean partial = query.truth("partial_postprocess").orElse(false);
    Optional<AnswerKind> format = format(query);
    return switch (output) {
      case "pt" -> partial ? LEVELS : FLOATS;
      case "pil" -> {
        for (String wanted : accept) {
          switch (wanted) {
            case "image/jpeg" -> {
              yield JPEG;
            }
            case "image/png" -> {
              yield PNG;
            }
            case TENSOR, BASE64 -> {
              yield UNIT_FLOATS;
            }
            default -> {
              // Says nothing about the kinds there are.
            }
          }
        }
        yield format.orElse(PNG);
      }
      case "mp4" ->
          throw ServiceException.invalid(
              "output_type", "mp4 is for videos; pil and pt are possible");
      default ->
          throw ServiceException.invalid(
              "output_type", "'" + RemoteQuery.echo(output) + "' is neither pil nor pt");
    };
  }

  private static Optional<AnswerKind> format(RemoteQuery query) throws ServiceException {
    Optional<String> format = query.text("image_format");
    if (format.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (format.get()) {
          case "jpg", "jpeg" -> JPEG;
          case "png" -> PNG;
          default ->
              throw ServiceException.invalid(
                  "image_format",
                  "'" + RemoteQuery.echo(format.get()) + "' is neither jpg nor png");
        });
  }

  /** Element type of the answer to latents of a type; pictures in files have none. */
  TensorType type(TensorType ofLatents) {
    return this == LEVELS ? TensorType.UINT8 : ofLatents;
  }

  /** Shape of the answer as a tensor. */
  List<Integer> shape(Pixels pixels) {
    return this == LEVELS
        ? List.of(pixels.batch(), pixels.height(), pixels.width(), 3)
        : List.of(pixels.batch(), 3, pixels.height(), pixels.width());
  }

  /** The answer's bytes, in a new array. */
  byte[] bytes(Pixels pixels, TensorType ofLatents) {
    return switch (this) {
      case JPEG -> PictureBytes.jpeg(pixels, 0);
      case PNG -> PictureBytes.png(pixels, 0);
      case UNIT_FLOATS -> ofLatents.toBytes(unit(pixels));
      case FLOATS -> PictureBytes.planes(pixels, ofLatents);
      case LEVELS -> PictureBytes.rgb8(pixels);
    };
  }

  private static FloatBuffer unit(Pixels pixels) {
    FloatBuffer values = pixels.values();
    float[] out = new float[values.remaining()];
    for (int i = 0; i < out.length; i++) {
      out[i] = Math.min(Math.max(values.get(i) * 0.5f + 0.5f, 0f), 1f);
    }
    return FloatBuffer.wrap(out);
  }
}
