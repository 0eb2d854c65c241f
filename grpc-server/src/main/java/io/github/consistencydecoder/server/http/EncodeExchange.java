package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.http.Router.HttpContext;
import io.github.consistencydecoder.server.queue.DecodeService.EncodeResult;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.PictureRules;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.server.request.WireTensor;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One encoding: a picture file or a tensor of pictures in, latents out. */
final class EncodeExchange extends BodyCall<EncodeResult> {
  private static final TensorFields FIELDS = new TensorFields("dtype", "shape", "body");
  private static final Duration SOON = Duration.ofSeconds(5);

  private static final String DECODE_HINT =
      "; if latents were sent: POST them to /predict, with their shape and dtype in the query";

  /** Of a file, beyond three bytes for each pixel. */
  private static final long FILE_MARGIN = 1 << 20;

  private final List<Long> shape;
  private final Optional<TensorType> type;
  private final LatentScale scale;
  private final boolean assumed;

  private EncodeExchange(
      HttpContext endpoint, Exchange exchange, RemoteQuery query, boolean assumed)
      throws ServiceException {
    super(endpoint, exchange, query.text("model").orElse(""), 0);
    this.assumed = assumed;
    this.shape = RemoteQuery.batched(query.dimensions("shape"));
    this.type = type(query);
    this.scale = query.hasScalingFactor() ? LatentScale.SCALED : LatentScale.UNSCALED;
    if (shape.isEmpty() != type.isEmpty()) {
      throw ServiceException.invalid(
          shape.isEmpty() ? "shape" : "dtype",
          "is missing; a tensor needs shape and dtype, a picture file neither");
    }
  }

  /**
   * Judges a request by all but its body, then reads that.
   *
   * @param assumed whether the request might be a decode as well, as far as it says
   * @throws ServiceException why it is refused
   */
  static void begin(HttpContext endpoint, Exchange exchange, RemoteQuery query, boolean assumed)
      throws ServiceException {
    exchange.log().call("encode");
    EncodeExchange encode = new EncodeExchange(endpoint, exchange, query, assumed);
    encode.checkModel(query.text("model").orElse(""));
    encode.readBody(encode.bodyLimit());
  }

  private static Optional<TensorType> type(RemoteQuery query) throws ServiceException {
    Optional<String> name = query.text("dtype");
    if (name.isEmpty()) {
      return Optional.empty();
    }
    Optional<TensorType> type = TensorType.ofTorchName(name.get());
    if (type.isEmpty()) {
      throw ServiceException.invalid(
          "dtype",
          "'" + RemoteQuery.echo(name.get()) + "' is none of float32, float16, bfloat16 and uint8");
    }
    return type;
  }

  private void checkModel(String model) throws ServiceException {
    if (endpoint.service().readiness() != Readiness.SERVING) {
      throw ServiceException.retry(
          ServiceError.NOT_READY, "the server is not ready at the moment", SOON);
    }
    boolean encodes =
        model.isEmpty()
            ? endpoint.service().models().stream().anyMatch(m -> m.encodes())
            : endpoint.service().model(model).encodes();
    if (!encodes) {
      throw ServiceException.of(
          ServiceError.UNIMPLEMENTED,
          "no encoder is loaded: the consistency decoder has none, a server with the model of an"
              + " SD 1.x VAE or TAESD has"
              + (assumed ? DECODE_HINT : ""));
    }
  }

  private int bodyLimit() throws ServiceException {
    long pixels = endpoint.service().limits().maxPixels();
    long limit = 3 * pixels + FILE_MARGIN;
    if (!shape.isEmpty()) {
      TensorType of = type.orElseThrow();
      long found = PictureRules.size(FIELDS, of, shape).pixels();
      if (found > pixels) {
        throw ServiceException.of(
            ServiceError.TOO_LARGE,
            "pictures of " + found + " pixels together are larger than the limit of " + pixels);
      }
      limit = exactly(3 * found * of.bytes(), shape, of);
    }
    return (int) Math.min(limit, Integer.MAX_VALUE - 8);
  }

  @Override
  void submit(ByteBuffer body) throws ServiceException {
    Pixels pixels = pixels(body);
    exchange.log().put("shape", List.of(pixels.batch(), 3, pixels.height(), pixels.width()));
    exchange.log().known();
    exchange.waiting(endpoint.service().encode(settings, pixels, this)::cancel);
  }

  private Pixels pixels(ByteBuffer body) throws ServiceException {
    if (type.isPresent()) {
      return PictureRules.pixels(WireTensor.of(FIELDS, type.get(), shape, body));
    }
    byte[] file = new byte[body.remaining()];
    body.get(file);
    try {
      return PictureRules.file("body", file, endpoint.service().limits().maxPixels());
    } catch (ServiceException e) {
      throw assumed && e.error() == ServiceError.INVALID
          ? ServiceException.invalid(e.field().orElse("body"), e.getMessage() + DECODE_HINT)
          : e;
    }
  }

  @Override
  long bytes(EncodeResult result) {
    return 0;
  }

  /** In the type of the tensor that came; float32 for a picture file. */
  @Override
  Exchange.Answer answer(EncodeResult result) {
    Latents latents = result.latents().to(scale);
    TensorType out = type.filter(t -> t != TensorType.UINT8).orElse(TensorType.FLOAT32);
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(
        "shape",
        List.of(latents.batch(), Latents.CHANNELS, latents.height(), latents.width()).toString());
    headers.put("dtype", out.torchName());
    headers.put("x-model", result.model().name());
    headers.put("x-latents", scale.name().toLowerCase(Locale.ROOT));
    headers.put("x-encode-ms", Long.toString(result.encodeNanos() / 1_000_000));
    return new Exchange.Answer(AnswerKind.TENSOR, headers, out.toBytes(latents.values()));
  }
}
