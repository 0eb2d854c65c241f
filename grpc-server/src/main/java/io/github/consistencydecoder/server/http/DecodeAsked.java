package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.LatentRules;
import io.github.consistencydecoder.server.request.LatentsBody;
import io.github.consistencydecoder.server.request.ModeRules.KeepParts;
import io.github.consistencydecoder.server.request.PictureRules;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.QuotedQualityCSV;

/**
 * The part of a decode's request before its body.
 *
 * @param model name, or empty
 * @param form of the body
 * @param shape of the latents, four dimensions; empty where the body says it
 * @param type of the latents; empty where the body says it
 * @param scale of the latents; empty to go by the file or else by the numbers
 * @param answer what is wanted
 * @param base64 the answer as text in JSON
 * @param options as the query says them
 * @param keep what is said of known pixels, without them
 * @param seeded whether it says where the noise comes from
 * @param timeoutNanos the caller's own limit, or 0
 */
record DecodeAsked(
    String model,
    BodyForm form,
    List<Long> shape,
    Optional<TensorType> type,
    Optional<LatentScale> scale,
    AnswerKind answer,
    boolean base64,
    DecodeOptions options,
    KeepParts keep,
    boolean seeded,
    long timeoutNanos) {
  static final TensorFields FIELDS = new TensorFields("dtype", "shape", "body");

  /** Longest JSON around the text of a tensor. */
  private static final int JSON_AROUND = 4096;

  /**
   * @throws ServiceException {@code INVALID}
   */
  static DecodeAsked of(RemoteQuery query, HttpFields headers, DecodeService service)
      throws ServiceException {
    List<String> accept =
        headers
            .getQualityCSV(HttpHeader.ACCEPT, QuotedQualityCSV.MOST_SPECIFIC_MIME_ORDERING)
            .stream()
            .map(type -> type.toLowerCase(Locale.ROOT))
            .toList();
    BodyForm form = BodyForm.of(headers.get(HttpHeader.CONTENT_TYPE));
    if (form == BodyForm.PICTURE) {
      throw ServiceException.invalid(
          "Content-Type", "a picture is not decoded but encoded: POST it to /encode");
    }
    boolean inQuery = form == BodyForm.BINARY || form == BodyForm.BASE64;
    AnswerKind answer = AnswerKind.of(query, accept);
    return new DecodeAsked(
        query.text("model").orElse(""),
        form,
        inQuery ? shape(query) : List.of(),
        inQuery ? Optional.of(type(query)) : Optional.empty(),
        scale(query, inQuery),
        answer,
        accept.stream().findFirst().filter(AnswerKind.BASE64::equals).isPresent(),
        options(query, service),
        new KeepParts(
            Optional.empty(),
            Optional.empty(),
            query.pixels("feather"),
            query.pixels("grow").orElse(0),
            KeepParts.whole("region", query.text("region"))),
        query.has("seed") || query.has("seeds"),
        timeout(query));
  }

  private static DecodeOptions options(RemoteQuery query, DecodeService service)
      throws ServiceException {
    Optional<String> start = query.text(LatentsBody.START);
    if (start.isEmpty()) {
      return query.options();
    }
    LatentDecoder decoder = service.start(start.get(), query.text("model").orElse(""));
    return query.options().toBuilder().start(Start.decodedBy(decoder)).build();
  }

  private static List<Long> shape(RemoteQuery query) throws ServiceException {
    List<Long> shape = query.dimensions("shape");
    if (shape.isEmpty()) {
      throw ServiceException.invalid(
          "shape", "is missing; that of the latents is needed, for example shape=1,4,64,64");
    }
    if (shape.size() == 3 && shape.get(0) != Latents.CHANNELS) {
      throw ServiceException.invalid(
          "shape",
          "latents of shape "
              + shape
              + ": packed latents are not those of Stable Diffusion 1.x, [N, 4, h, w] is needed");
    }
    return RemoteQuery.batched(shape);
  }

  private static TensorType type(RemoteQuery query) throws ServiceException {
    Optional<String> name = query.text("dtype");
    if (name.isEmpty()) {
      throw ServiceException.invalid("dtype", "is missing; float32, float16 or bfloat16 is needed");
    }
    return TensorType.ofTorchName(name.get())
        .filter(type -> type != TensorType.UINT8)
        .orElseThrow(
            () ->
                ServiceException.invalid(
                    "dtype",
                    "'"
                        + RemoteQuery.echo(name.get())
                        + "' is none of float32, float16 and bfloat16"));
  }

  /**
   * Scaled if and only if a factor is sent, as the protocol has it; our own key {@code latents}
   * says it in words, and for files leaves it to them.
   */
  private static Optional<LatentScale> scale(RemoteQuery query, boolean inQuery)
      throws ServiceException {
    boolean divide = query.hasScalingFactor() || query.truth("do_scaling").orElse(false);
    Optional<String> words = query.text("latents");
    if (words.isEmpty()) {
      return divide
          ? Optional.of(LatentScale.SCALED)
          : inQuery ? Optional.of(LatentScale.UNSCALED) : Optional.empty();
    }
    Optional<LatentScale> said =
        switch (words.get()) {
          case "scaled" -> Optional.of(LatentScale.SCALED);
          case "unscaled" -> Optional.of(LatentScale.UNSCALED);
          case "auto" -> Optional.empty();
          default ->
              throw ServiceException.invalid(
                  "latents", "auto, scaled and unscaled are possible, nothing else");
        };
    if (divide && said.isPresent() && said.get() != LatentScale.SCALED) {
      throw ServiceException.invalid(
          "latents", "unscaled latents are not divided, yet a scaling factor was sent as well");
    }
    return divide ? Optional.of(LatentScale.SCALED) : said;
  }

  private static long timeout(RemoteQuery query) throws ServiceException {
    OptionalDouble seconds = query.decimal("timeout");
    if (seconds.isEmpty()) {
      return 0;
    }
    if (seconds.getAsDouble() <= 0 || seconds.getAsDouble() > 86_400) {
      throw ServiceException.invalid(
          "timeout", "seconds, more than 0 and at most 86400, are needed");
    }
    return (long) (seconds.getAsDouble() * 1e9);
  }

  /**
   * The size as far as it is known before the body: all of it, or the least that there can be.
   *
   * @throws ServiceException {@code INVALID}
   */
  DecodeSize size() throws ServiceException {
    int steps = options.schedule().timesteps().size();
    if (shape.isEmpty()) {
      return new DecodeSize(CallKind.DECODE, 1, 1, 1, steps, options.tiling());
    }
    DecodeSize size = LatentRules.size(FIELDS, shape, steps, options.tiling());
    checkAnswer(size);
    return size;
  }

  /**
   * Whether pictures of this size can be answered with as asked.
   *
   * @throws ServiceException {@code INVALID}
   */
  void checkAnswer(DecodeSize size) throws ServiceException {
    if (answer.isFile() && size.batch() > 1) {
      throw ServiceException.invalid(
          "output_type",
          "one answer cannot hold "
              + size.batch()
              + " pictures as files; ask for output_type=pt&partial_postprocess=True");
    }
    if (answer == AnswerKind.JPEG) {
      PictureRules.checkJpeg("image_format", size);
    }
  }

  /**
   * Bytes that the body may have at most; of {@link BodyForm#BINARY}, that it must have.
   *
   * @throws ServiceException {@code INVALID} if a body announced otherwise cannot be right
   */
  int bodyLimit(BodyCall<?> call, DecodeSize size, ServiceLimits limits) throws ServiceException {
    if (shape.isEmpty()) {
      return (int) Math.min(limits.maxRequestBytes(), Integer.MAX_VALUE - 8);
    }
    long exact =
        (long) size.batch()
            * Latents.CHANNELS
            * size.height()
            * size.width()
            * type.orElseThrow().bytes();
    if (form == BodyForm.BASE64) {
      return (int) Math.min((exact + 2) / 3 * 4 + JSON_AROUND, Integer.MAX_VALUE - 8);
    }
    return call.exactly(exact, shape, type.orElseThrow());
  }

  /** How a body holds its tensor or picture, by its {@code Content-Type}. */
  enum BodyForm {
    /** The elements alone; shape and type are in the query. */
    BINARY,
    /** The same as text in JSON, as older clients send it. */
    BASE64,
    /** A safetensors, {@code .npy}, {@code .npz} or {@code torch.save} file. */
    FILE,
    /** A PNG or JPEG file. */
    PICTURE;

    /**
     * The form of a body; one without a type, or of a type that clients use when nobody told them,
     * is the elements alone.
     *
     * @param contentType may be null
     * @throws ServiceException {@code INVALID}
     */
    static BodyForm of(String contentType) throws ServiceException {
      String type = contentType == null ? "" : contentType;
      int parameters = type.indexOf(';');
      if (parameters >= 0) {
        type = type.substring(0, parameters);
      }
      return switch (type.strip().toLowerCase(Locale.ROOT)) {
        case "", "tensor/binary", "application/octet-stream", "application/x-www-form-urlencoded" ->
            BINARY;
        case "tensor/base64", "application/json" -> BASE64;
        case "application/x-npy",
            "application/safetensors",
            "application/x-safetensors",
            "application/zip",
            "application/x-npz",
            "application/x-pytorch" ->
            FILE;
        case "image/png", "image/jpeg" -> PICTURE;
        default ->
            throw ServiceException.invalid(
                "Content-Type",
                "bodies are tensor/binary, tensor/base64, application/x-npy,"
                    + " application/safetensors or, of .npz and .pt files, application/zip, and"
                    + " image/png or image/jpeg to encode");
      };
    }
  }
}
