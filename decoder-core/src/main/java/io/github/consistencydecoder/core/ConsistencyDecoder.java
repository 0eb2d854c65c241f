package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.keep.KeptPixels;
import io.github.consistencydecoder.core.keep.Region;
import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.core.opening.Lifetime;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.plan.Evaluators;
import io.github.consistencydecoder.core.plan.Planned;
import io.github.consistencydecoder.core.plan.Planner;
import io.github.consistencydecoder.core.plan.Planner.Task;
import io.github.consistencydecoder.core.plan.Whole;
import io.github.consistencydecoder.core.runtime.Evaluation;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.core.sampler.LatentTransform;
import io.github.consistencydecoder.core.sampler.NoiseSchedule;
import io.github.consistencydecoder.core.sampler.Sampler;
import io.github.consistencydecoder.core.sampler.StepEvaluator;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentCheck;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.plugin.Tiling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The consistency decoder: noise, a few evaluations of the network, pixels.
 *
 * <p>Owns a session of the runtime and the open checkpoint. Safe for use by several threads. After
 * {@link #close}, every method except {@code close} throws {@link IllegalStateException}; closing
 * again does nothing.
 */
final class ConsistencyDecoder implements LatentDecoder, Renewable.Open {
  private static final Logger LOG = LoggerFactory.getLogger(ConsistencyDecoder.class);

  /** Pixels of one batch; beyond it a Java array cannot hold the picture. */
  private static final long MOST_VALUES = Integer.MAX_VALUE - 8;

  /**
   * Timesteps whose conditioning is kept, 222 KB each at full width; as many as the longest
   * schedule has.
   */
  private static final int MOST_KEPT_TIMESTEPS = 64;

  /** Detail: decodes that were done again in float32; absent if there was none. */
  private static final String REDONE = "redone-in-float32";

  private final DecoderInfo info;
  private final ConsistencyWeights weights;
  private final GraphCache cache;
  private final Float32Fallback models;
  private final Evaluators evaluators;
  private final MemoryLedger ledger;
  private final Planner planner;
  private final Map<Integer, float[]> conditioning = new ConcurrentHashMap<>();
  private final Lifetime lifetime = new Lifetime("the decoder");

  /**
   * Takes ownership of the models, the checkpoint behind the weights and the evaluators.
   *
   * @param cache that all of them are opened from
   * @param ledger of the memory that decodes may take
   */
  ConsistencyDecoder(
      DecoderInfo info,
      ConsistencyWeights weights,
      GraphCache cache,
      Float32Fallback models,
      Evaluators evaluators,
      MemoryLedger ledger) {
    this.info = info;
    this.weights = weights;
    this.cache = cache;
    this.models = models;
    this.evaluators = evaluators;
    this.ledger = ledger;
    this.planner = new Planner(evaluators, ledger);
    conditioning.putAll(models.usual().conditioning());
  }

  @Override
  public DecoderInfo info() {
    return lifetime.whileOpen(
        () -> {
          if (models.redone() == 0) {
            return info;
          }
          Map<String, String> details = new TreeMap<>(info.details());
          details.put(REDONE, Long.toString(models.redone()));
          return new DecoderInfo(
              info.provider(), info.model(), info.digest(), info.device(), details);
        });
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
    return lifetime.whileOpen(
        () -> {
          Optional<KeptPixels> kept =
              options.keep().map(keep -> KeptPixels.of(keep, batch, height, width));
          long besides = kept.map(k -> k.bytes(batch)).orElse(0L);
          Optional<Region> region =
              kept.isPresent() ? kept.get().region() : Optional.of(Region.whole(height, width));
          if (region.isEmpty()) {
            return new DecodeEstimate(0, besides);
          }
          int h = region.get().height();
          int w = region.get().width();
          DecodeEstimate own =
              planner.estimate(
                  new Task(batch, h, w, options.schedule().timesteps().size()), options.tiling());
          DecodeEstimate first =
              options.start() instanceof Start.DecodedBy by
                  ? by.decoder().estimate(batch, h, w, DecodeOptions.defaults())
                  : new DecodeEstimate(0, 0);
          return new DecodeEstimate(
              own.operations() + first.operations(),
              Math.max(own.peakBytes() + besides, first.peakBytes()));
        });
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    return lifetime.whileOpen(() -> new Decode(latents, options).run());
  }

  /** One decode: what is asked for, and what is said about it on the way to the pixels. */
  private final class Decode {
    private final Latents latents;
    private final DecodeOptions options;
    private final Optional<KeptPixels> kept;

    /** What is evaluated; empty where every pixel is known. */
    private final Optional<Region> region;

    /** The latents inside the region. */
    private final Latents evaluated;

    private float[] first;
    private final long start = System.nanoTime();
    private final List<String> warnings = new ArrayList<>();

    Decode(Latents latents, DecodeOptions options) {
      this.latents = latents;
      this.options = options;
      int height = latents.height();
      int width = latents.width();
      this.kept = options.keep().map(keep -> KeptPixels.of(keep, latents.batch(), height, width));
      this.region =
          kept.isPresent() ? kept.get().region() : Optional.of(Region.whole(height, width));
      this.evaluated = region.map(r -> r.of(latents)).orElse(latents);
    }

    Decoded run() {
      options.cancellation().check();
      List<String> found = LatentCheck.check(latents);
      checkSize();
      found.forEach(this::warn);
      kept.ifPresent(k -> k.warnings().forEach(this::warn));
      if (region.isEmpty()) {
        return new Decoded(pixels(null), List.of(), elapsed(), metadata(null, false), warnings);
      }
      int steps = options.schedule().timesteps().size();
      Planned plan =
          planner.plan(
              new Task(evaluated.batch(), evaluated.height(), evaluated.width(), steps),
              options.tiling());
      NoiseSource noise = noise();
      LOG.debug("{}: {}", latents, plan);
      first =
          options.start() instanceof Start.FromNoise
              ? null
              : new StartPictures(options, info.provider(), this::warn)
                  .of(latents, evaluated, region.get());
      if (plan.tiling() == Tiling.OVERLAPPED && options.tiling() != Tiling.OVERLAPPED) {
        warn(
            "the memory allowed suffices neither for the whole picture nor for decoding it exactly,"
                + " so it is decoded in overlapping "
                + plan.part()
                + ", which differ a little from the whole; allow more with the setting 'memory'");
      }
      long bytes = plan.peakBytes() + kept.map(k -> k.bytes(latents.batch())).orElse(0L);
      ledger.shortage(bytes).ifPresent(this::warn);
      return ledger.holding(bytes, options.cancellation(), () -> decoded(plan, noise));
    }

    private long elapsed() {
      return System.nanoTime() - start;
    }

    /** The result: what was decoded, joined with what is known. */
    private Pixels pixels(float[] decoded) {
      return Pixels.takeOver(
          kept.map(k -> k.join(latents.batch(), decoded, region)).orElse(decoded),
          latents.batch(),
          latents.height() * Latents.PIXELS_PER_CELL,
          latents.width() * Latents.PIXELS_PER_CELL);
    }

    private void warn(String sentence) {
      warnings.add(sentence);
      options.listener().warning(sentence);
    }

    private void checkSize() {
      long values = 3L * 64 * latents.batch() * latents.height() * latents.width();
      if (values > MOST_VALUES) {
        throw new DecoderException(
            DecoderErrorCode.INVALID_LATENTS,
            latents
                + " make "
                + values
                + " values of pixels; at most "
                + MOST_VALUES
                + " fit into one batch: decode fewer at a time");
      }
    }

    /** At its first step; checked, so that a mistake neither waits nor costs an evaluation. */
    private NoiseSource noise() {
      NoiseSource noise =
          NoiseSource.of(
              options.noise(),
              latents.batch(),
              latents.height() * Latents.PIXELS_PER_CELL,
              latents.width() * Latents.PIXELS_PER_CELL);
      return evaluated == latents ? noise : noise.within(region.get());
    }

    private Decoded decoded(Planned plan, NoiseSource noise) {
      Float32Fallback.Result<Sampler.Sampled> result =
          plan.tiling() == Tiling.WHOLE
              ? whole(plan, noise)
              : new Float32Fallback.Result<>(sampled(noise, plan.evaluator()), false);
      return new Decoded(
          pixels(result.value().x0()),
          result.value().stepNanos(),
          elapsed(),
          metadata(plan, result.redone()),
          warnings);
    }

    private Float32Fallback.Result<Sampler.Sampled> whole(Planned plan, NoiseSource noise) {
      NetworkRunner.Hold hold =
          models
              .usual()
              .session()
              .hold(evaluated.height(), evaluated.width(), options.cancellation());
      try {
        return models.run(
            () -> sampled(noise, plan.evaluator()),
            model -> sampled(noise(), new Whole(model.session(), 1)),
            this::warn);
      } finally {
        hold.close();
        models.giveBack();
      }
    }

    private Sampler.Sampled sampled(NoiseSource noise, StepEvaluator evaluator) {
      return new Sampler(
              evaluated.batch(),
              evaluated.height(),
              evaluated.width(),
              LatentTransform.features(evaluated),
              ConsistencyDecoder.this::conditioning)
          .sample(options, noise, first == null ? null : first.clone(), evaluator);
    }

    /** What the picture came from; nothing in it depends on what else happened to be going on. */
    private Map<String, String> metadata(Planned plan, boolean redone) {
      Map<String, String> m = new TreeMap<>(info.details());
      // Where the graph came from says nothing about the picture.
      m.remove("graph");
      if (redone) {
        m.put("dtype", "float32");
        m.remove(ModelSettings.LAYOUT);
      }
      m.put("model", info.model());
      m.put("digest", info.digest());
      // A generator of the same seed for each picture draws the shared field for each.
      Noise noise =
          options.noise() instanceof Noise.Shared shared
              ? Noise.seededPerImage(Collections.nCopies(latents.batch(), shared.seed()))
              : options.noise();
      m.put(noise instanceof Noise.Given ? "noise" : "seed", noise.toString());
      m.put("schedule", options.schedule().toString());
      m.put("clamp", options.clamp().id());
      m.put("dialect", options.clamp() == ClampMode.EACH_STEP ? "original" : "diffusers");
      m.put("latents", latents.scale().name().toLowerCase(Locale.ROOT));
      if (!(options.start() instanceof Start.FromNoise)) {
        m.put("start", options.start().toString());
      }
      options
          .keep()
          .ifPresent(
              k -> {
                m.put("keep", k.toString());
                m.put("region", region.map(Region::toString).orElse("none"));
              });
      if (plan == null) {
        return m;
      }
      if (plan.tiling() == Tiling.OVERLAPPED) {
        m.put("tiling", "overlapped " + plan.part());
      }
      // How many whole pictures went together depends on who else was there.
      m.put(Decoded.PLAN, plan.tiling() == Tiling.WHOLE ? Tiling.WHOLE.id() : plan.said());
      return m;
    }
  }

  private float[] conditioning(int timestep) {
    if (conditioning.size() >= MOST_KEPT_TIMESTEPS && !conditioning.containsKey(timestep)) {
      conditioning.keySet().retainAll(models.usual().conditioning().keySet());
    }
    return conditioning.computeIfAbsent(
        timestep,
        t -> {
          NoiseSchedule.requireOf(weights.network().timesteps(), t);
          try {
            return Conditioning.of(weights, t);
          } catch (IOException e) {
            throw Evaluation.unreadable(e);
          }
        });
  }

  @Override
  public void vouch(Cancellation cancellation) {
    cache.vouch(cancellation);
  }

  @Override
  public void close() {
    lifetime.end(
        () -> {
          try {
            evaluators.close();
          } finally {
            try {
              models.close();
            } finally {
              closeCheckpoint();
            }
          }
        });
  }

  private void closeCheckpoint() {
    try {
      weights.checkpoint().close();
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED,
          "the model's file cannot be closed: " + e.getMessage(),
          e);
    }
  }
}
