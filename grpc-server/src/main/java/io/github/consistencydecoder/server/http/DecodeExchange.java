package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.LatentScaleGuess;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.server.http.Router.HttpContext;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.request.Base64Body;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.LatentRules;
import io.github.consistencydecoder.server.request.LatentsBody;
import io.github.consistencydecoder.server.request.ModeRules;
import io.github.consistencydecoder.server.request.NoiseRules;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.server.request.WireTensor;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One decode, from the query to the answer. */
final class DecodeExchange extends BodyCall<DecodeResult> {
  private static final int LONGEST_WARNING = 1000;

  private final DecodeAsked asked;
  private TensorType type;
  private LatentScale scale;

  private DecodeExchange(HttpContext endpoint, Exchange exchange, DecodeAsked asked) {
    super(endpoint, exchange, asked.model(), asked.timeoutNanos());
    this.asked = asked;
  }

  /**
   * Judges a request by all but its body, then reads that.
   *
   * @throws ServiceException why it is refused
   */
  static void begin(HttpContext endpoint, Exchange exchange, RemoteQuery query)
      throws ServiceException {
    exchange.log().call("decode");
    DecodeAsked asked = DecodeAsked.of(query, exchange.request().getHeaders(), endpoint.service());
    DecodeExchange decode = new DecodeExchange(endpoint, exchange, asked);
    DecodeSize size = asked.size();
    if (!asked.shape().isEmpty()) {
      exchange.log().put("shape", asked.shape());
    }
    exchange.log().known();
    endpoint.service().checkAdmission(decode.settings, size);
    decode.readBody(asked.bodyLimit(decode, size, endpoint.service().limits()));
  }

  @Override
  void submit(ByteBuffer body) throws ServiceException {
    LatentsBody given =
        switch (asked.form()) {
          case BINARY -> bare(body);
          case BASE64 -> bare(Base64Body.inputs(body));
          case FILE -> LatentsBody.of(body);
          case PICTURE -> throw new IllegalStateException("refused before its body");
        };
    DecodeOptions said = started(given);
    DecodeSize size = size(given, said);
    asked.checkAnswer(size);
    Latents latents = latents(given);
    type = given.latents().type();
    scale = latents.scale();
    exchange.log().put("shape", given.latents().shape());
    DecodeOptions options = options(said, given, size);
    DecodeCall<AnswerKind> call =
        new DecodeCall<>(settings, size, latents, options, asked.answer());
    exchange.waiting(endpoint.service().decode(call, this)::cancel);
  }

  private static DecodeSize size(LatentsBody given, DecodeOptions options) throws ServiceException {
    return LatentRules.size(
        given.latents().fields(),
        given.latents().shape(),
        options.schedule().timesteps().size(),
        options.tiling());
  }

  /** With the start of the body, which the usual schedule depends on. */
  private DecodeOptions started(LatentsBody given) throws ServiceException {
    WireTensor start = given.pictures().get(LatentsBody.START);
    if (start == null) {
      return asked.options();
    }
    if (!(asked.options().start() instanceof Start.FromNoise)) {
      throw ServiceException.invalid(
          LatentsBody.START, "was given as pixels and as a model; one of them is needed");
    }
    return asked.options().toBuilder()
        .start(ModeRules.start(start, size(given, asked.options())))
        .build();
  }

  private DecodeOptions options(DecodeOptions said, LatentsBody given, DecodeSize size)
      throws ServiceException {
    DecodeOptions.Builder options = said.toBuilder().noise(noise(given, size));
    ModeRules.keep(
            LatentsBody.KEEP,
            asked
                .keep()
                .with(
                    Optional.ofNullable(given.pictures().get(LatentsBody.KEEP)),
                    Optional.ofNullable(given.pictures().get(LatentsBody.MASK))),
            size,
            asked.answer() != AnswerKind.JPEG)
        .ifPresent(options::keep);
    return options.build();
  }

  private LatentsBody bare(ByteBuffer body) throws ServiceException {
    return new LatentsBody(
        WireTensor.of(DecodeAsked.FIELDS, asked.type().orElseThrow(), asked.shape(), body),
        Optional.empty(),
        List.of(),
        Map.of());
  }

  private Latents latents(LatentsBody given) throws ServiceException {
    Optional<LatentScale> said = asked.scale().or(given::scale);
    if (said.isPresent()) {
      return LatentRules.latents(given.latents(), said.get());
    }
    Latents unscaled = LatentRules.latents(given.latents(), LatentScale.UNSCALED);
    Latents guessed = LatentScaleGuess.of(unscaled.statistics()).apply(unscaled);
    LatentRules.check(given.latents().fields(), guessed);
    return guessed;
  }

  private Noise noise(LatentsBody given, DecodeSize size) throws ServiceException {
    if (!given.noise().isEmpty()) {
      if (asked.seeded()) {
        throw ServiceException.invalid("seed", "the body has noise of its own; leave one of them");
      }
      return NoiseRules.given("body", given.noise(), size);
    }
    NoiseRules.checkSeeds("seed", asked.options().noise(), size);
    return asked.options().noise();
  }

  @Override
  long bytes(DecodeResult result) {
    return 12L * result.decoded().pixels().values().remaining() / 3;
  }

  @Override
  Exchange.Answer answer(DecodeResult result) {
    long start = System.nanoTime();
    Pixels pixels = result.decoded().pixels();
    boolean text = asked.base64() && !asked.answer().isFile();
    byte[] body = asked.answer().bytes(pixels, type);
    body = text ? base64(body, pixels) : body;
    exchange.log().put("encode_ms", (System.nanoTime() - start) / 1_000_000);
    String contentType = text ? AnswerKind.BASE64 : asked.answer().type();
    return new Exchange.Answer(contentType, headers(result), body);
  }

  private byte[] base64(byte[] body, Pixels pixels) {
    return Exchange.JSON.writeValueAsBytes(
        Map.of(
            "inputs",
            Base64.getEncoder().encodeToString(body),
            "parameters",
            Map.of(
                "shape",
                asked.answer().shape(pixels),
                "dtype",
                asked.answer().type(type).torchName())));
  }

  private Map<String, String> headers(DecodeResult result) {
    Decoded decoded = result.decoded();
    Map<String, String> headers = new LinkedHashMap<>();
    if (!asked.answer().isFile()) {
      headers.put("shape", asked.answer().shape(decoded.pixels()).toString());
      headers.put("dtype", asked.answer().type(type).torchName());
    }
    // Decoders say "noise: given" in place of a seed.
    String noise = decoded.metadata().getOrDefault("noise", "");
    headers.put("x-seed", ascii(decoded.metadata().getOrDefault("seed", noise)));
    headers.put("x-dialect", asked.options().clamp().dialect());
    headers.put("x-decode-ms", millis(decoded.totalNanos()));
    headers.put("x-queue-ms", millis(result.queueNanos()));
    headers.put("x-model", result.model().name());
    for (String mode : List.of("start", "region")) {
      String value = decoded.metadata().get(mode);
      if (value != null) {
        headers.put("x-" + mode, ascii(value));
      }
    }
    headers.put("x-latents", scale.name().toLowerCase(Locale.ROOT));
    if (!decoded.warnings().isEmpty()) {
      headers.put("x-warning", ascii(String.join("; ", decoded.warnings())));
    }
    return headers;
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.1f", nanos / 1e6);
  }

  /** As a header can hold it. */
  private static String ascii(String text) {
    String line = text.replaceAll("[^\\x20-\\x7e]", "?");
    return line.length() > LONGEST_WARNING ? line.substring(0, LONGEST_WARNING) + ".." : line;
  }
}
