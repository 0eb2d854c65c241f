package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.DecodeSize.CallKind;
import io.github.consistencydecoder.server.request.DecodeSize.Prediction;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A model while it is open.
 *
 * <p>Owns a decoder and perhaps an encoder. Safe for use by several threads. The owner closes it
 * when no run is inside.
 */
public final class LoadedModel implements AutoCloseable {
  private static final int MOST_KEPT_ESTIMATES = 4096;

  private final LatentDecoder decoder;
  private final Optional<LatentEncoder> encoder;
  private final DecoderInfo info;
  private final Speeds speeds;
  private final BatchTrials trials;
  private final AtomicLong worked = new AtomicLong();
  private final Map<DecodeSize, DecodeEstimate> estimates = new ConcurrentHashMap<>();

  /**
   * Takes ownership.
   *
   * @param speeds what is known of this model's speed, from earlier times it was open
   */
  public LoadedModel(
      LatentDecoder decoder, Optional<LatentEncoder> encoder, Speeds speeds, BatchTrials trials) {
    this.decoder = decoder;
    this.encoder = encoder;
    this.speeds = speeds;
    this.trials = trials;
    this.info = Redaction.of(decoder.info());
  }

  /** Speeds by kind of call. */
  public record Speeds(Speed decode, Speed encode) {
    public Speeds() {
      this(new Speed(), new Speed());
    }
  }

  public BatchTrials trials() {
    return trials;
  }

  /** A run came out well. */
  public void worked() {
    worked.incrementAndGet();
  }

  /** Runs that came out well. */
  long timesWorked() {
    return worked.get();
  }

  public LatentDecoder decoder() {
    return decoder;
  }

  public Optional<LatentEncoder> encoder() {
    return encoder;
  }

  /** With nothing of this machine in it. */
  public DecoderInfo info() {
    return info;
  }

  /** Whether a decode gives the same bits every time; a GPU adds up in any order. */
  boolean exact() {
    return info.device().startsWith("cpu");
  }

  /** Whether the first decode of a size takes longer than those that follow on it. */
  public boolean slowToChangeSize() {
    return info.device().startsWith("cuda");
  }

  public Speed speed(CallKind kind) {
    return kind == CallKind.DECODE ? speeds.decode() : speeds.encode();
  }

  /** What it costs; kept, so that asking often costs nothing and never waits for the decoder. */
  public DecodeEstimate estimate(DecodeSize size) {
    DecodeEstimate known = estimates.get(size);
    if (known != null) {
      return known;
    }
    DecodeEstimate estimate =
        switch (size.kind()) {
          case DECODE ->
              decoder.estimate(
                  size.batch(),
                  size.height(),
                  size.width(),
                  DecodeOptions.builder()
                      .schedule(Schedule.steps(size.steps()))
                      .tiling(size.tiling())
                      .build());
          case ENCODE ->
              encoder
                  .orElseThrow()
                  .estimate(
                      size.batch(),
                      size.height() * Latents.PIXELS_PER_CELL,
                      size.width() * Latents.PIXELS_PER_CELL);
        };
    if (estimates.size() >= MOST_KEPT_ESTIMATES) {
      estimates.clear();
    }
    estimates.put(size, estimate);
    return estimate;
  }

  /** What a call of this size will cost by what is known of the model's speed. */
  public Prediction predict(DecodeSize size) {
    DecodeEstimate estimate = estimate(size);
    return new Prediction(
        estimate.operations(),
        estimate.peakBytes(),
        speed(size.kind()).high(estimate.operations()));
  }

  /**
   * What a call will cost that says more than its size: where it starts from, what it keeps.
   *
   * @throws io.github.consistencydecoder.plugin.DecoderException if the options do not fit the size
   */
  public Prediction predict(DecodeSize size, DecodeOptions options) {
    DecodeEstimate estimate = decoder.estimate(size.batch(), size.height(), size.width(), options);
    return new Prediction(
        estimate.operations(),
        estimate.peakBytes(),
        speed(size.kind()).high(estimate.operations()));
  }

  /** A call of this size took so long. */
  public void observe(DecodeSize size, long nanos) {
    speed(size.kind()).observe(estimate(size).operations(), nanos);
  }

  @Override
  public void close() {
    try {
      encoder.ifPresent(LatentEncoder::close);
    } finally {
      decoder.close();
    }
  }
}
