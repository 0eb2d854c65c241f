package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.DecodePlanner.Task;
import io.github.consistencydecoder.core.latents.LatentTransform;
import io.github.consistencydecoder.core.memory.MemoryEstimate;
import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.noise.NoiseSource;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.runtime.GraphCache;
import io.github.consistencydecoder.core.runtime.Lifetime;
import io.github.consistencydecoder.core.runtime.ModelFiles;
import io.github.consistencydecoder.core.runtime.NetworkRunner;
import io.github.consistencydecoder.core.runtime.NetworkRunner.StepInputs;
import io.github.consistencydecoder.core.runtime.StepModel;
import io.github.consistencydecoder.core.sampler.Coefficients;
import io.github.consistencydecoder.core.sampler.Sampled;
import io.github.consistencydecoder.core.sampler.Sampler;
import io.github.consistencydecoder.models.network.Conditioning;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
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
import io.github.consistencydecoder.plugin.Tiling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  private final Divisions divisions;
  private final MemoryLedger ledger;
  private final DecodePlanner planner;
  private final Map<Integer, float[]> conditioning = new ConcurrentHashMap<>();
  private final Lifetime lifetime = new Lifetime("the decoder");

  /**
   * Takes ownership of the models, the checkpoint behind the weights and the divisions.
   *
   * @param cache that all of them are opened from
   * @param ledger of the memory that decodes may take
   */
  ConsistencyDecoder(
      DecoderInfo info,
      ConsistencyWeights weights,
      GraphCache cache,
      Float32Fallback models,
      Divisions divisions,
      MemoryLedger ledger) {
    this.info = info;
    this.weights = weights;
    this.cache = cache;
    this.models = models;
    this.divisions = divisions;
    this.ledger = ledger;
    this.planner =
        new DecodePlanner(WholeStep.of(models.usual().session(), weights.network()), divisions);
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
          ConsistencyNetwork network = weights.network();
          long pixelHeight = (long) height * Latents.PIXELS_PER_CELL;
          long pixelWidth = (long) width * Latents.PIXELS_PER_CELL;
          double operations =
              batch
                  * network.operations(pixelHeight, pixelWidth)
                  * options.schedule().timesteps().size();
          Task task = new Task(batch, height, width, options.schedule().timesteps().size());
          NetworkRunner session = models.usual().session();
          long bytes =
              session.onCpu()
                  ? plannedOrWhole(task, options).peakBytes()
                  : session
                      .deviceBytes(batch, height, width)
                      .orElseGet(
                          () -> MemoryEstimate.bytes(network, batch * pixelHeight * pixelWidth));
          return new DecodeEstimate(operations, bytes);
        });
  }

  /** What a decode that would be refused needs is what it needs whole. */
  private DecodePlan plannedOrWhole(Task task, DecodeOptions options) {
    try {
      return planner.plan(task, options.tiling(), ledger);
    } catch (DecoderException e) {
      if (e.code() != DecoderErrorCode.OUT_OF_MEMORY) {
        throw e;
      }
      return planner.wholeAnyway(task);
    }
  }

  @Override
  public Decoded decode(Latents latents, DecodeOptions options) {
    return lifetime.whileOpen(() -> decodeOpen(latents, options));
  }

  private Decoded decodeOpen(Latents latents, DecodeOptions options) {
    long start = System.nanoTime();
    options.cancellation().check();
    List<String> warnings = new ArrayList<>(LatentCheck.check(latents));
    int height = latents.height() * Latents.PIXELS_PER_CELL;
    int width = latents.width() * Latents.PIXELS_PER_CELL;
    checkSize(latents, (long) latents.batch() * 3 * height * width);
    int steps = options.schedule().timesteps().size();
    DecodePlan plan =
        planner.plan(
            new Task(latents.batch(), latents.height(), latents.width(), steps),
            options.tiling(),
            ledger);
    NoiseSource noise = noise(latents, options);
    LOG.debug("{}: {}", latents, plan);
    if (plan.changesPixels() && options.tiling() != Tiling.OVERLAPPED) {
      warnings.add(
          "the memory allowed suffices neither for the whole picture nor for decoding it exactly,"
              + " so it is decoded in overlapping "
              + plan.part()
              + ", which differ a little from the whole; allow more with the setting 'memory'");
    }
    warnings.forEach(options.listener()::warning);
    return ledger.holding(
        plan.peakBytes(),
        options.cancellation(),
        () -> decoded(latents, options, plan, noise, warnings, start));
  }

  private Decoded decoded(
      Latents latents,
      DecodeOptions options,
      DecodePlan plan,
      NoiseSource noise,
      List<String> warnings,
      long startNanos) {
    Float32Fallback.Result<Sampled> result =
        plan.manner() == DecodePlan.Manner.WHOLE
            ? whole(latents, options, plan, noise, warnings)
            : new Float32Fallback.Result<>(sampled(latents, options, noise, plan.step()), false);
    Sampled sampled = result.value();
    Map<String, String> metadata = metadata(latents, options, plan);
    if (result.redone()) {
      metadata.put("dtype", "float32");
      metadata.remove(ModelSettings.LAYOUT);
    }
    Pixels pixels =
        Pixels.takeOver(
            sampled.x0(),
            latents.batch(),
            latents.height() * Latents.PIXELS_PER_CELL,
            latents.width() * Latents.PIXELS_PER_CELL);
    return new Decoded(
        pixels, sampled.stepNanos(), System.nanoTime() - startNanos, metadata, warnings);
  }

  private Float32Fallback.Result<Sampled> whole(
      Latents latents,
      DecodeOptions options,
      DecodePlan plan,
      NoiseSource noise,
      List<String> warnings) {
    NetworkRunner session = models.usual().session();
    NetworkRunner.Hold hold =
        session.hold(latents.height(), latents.width(), options.cancellation());
    try {
      return models.run(
          () -> sampled(latents, options, noise, plan.step()),
          model -> sampled(latents, options, noise(latents, options), oneAtATime(model)),
          sentence -> {
            warnings.add(sentence);
            options.listener().warning(sentence);
          });
    } finally {
      hold.close();
      models.giveBack();
    }
  }

  private static StepEvaluation oneAtATime(StepModel model) {
    return (in, noisy, image, cancellation) ->
        model.session().evaluate(in, 1, noisy, image, cancellation);
  }

  /** At its first step; checked, so that a mistake neither waits nor costs an evaluation. */
  private static NoiseSource noise(Latents latents, DecodeOptions options) {
    return NoiseSource.of(
        options.noise(),
        latents.batch(),
        latents.height() * Latents.PIXELS_PER_CELL,
        latents.width() * Latents.PIXELS_PER_CELL);
  }

  private Sampled sampled(
      Latents latents, DecodeOptions options, NoiseSource noise, StepEvaluation step) {
    float[] features = LatentTransform.features(latents);
    return Sampler.sample(
        options,
        noise,
        (xt, timestep, c, x0) ->
            step.evaluate(
                new StepInputs(
                    latents.batch(),
                    latents.height(),
                    latents.width(),
                    features,
                    conditioning(timestep),
                    packed(c)),
                xt,
                x0,
                options.cancellation()));
  }

  private static void checkSize(Latents latents, long values) {
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

  private static float[] packed(Coefficients c) {
    return new float[] {(float) c.cIn(), (float) c.cOut(), (float) c.cSkip()};
  }

  private float[] conditioning(int timestep) {
    if (conditioning.size() >= MOST_KEPT_TIMESTEPS && !conditioning.containsKey(timestep)) {
      conditioning.keySet().retainAll(models.usual().conditioning().keySet());
    }
    return conditioning.computeIfAbsent(
        timestep,
        t -> {
          if (t >= weights.network().timesteps()) {
            throw new DecoderException(
                DecoderErrorCode.INVALID_OPTIONS,
                "timestep "
                    + t
                    + " is outside this model's 1 .. "
                    + (weights.network().timesteps() - 1));
          }
          try {
            return Conditioning.of(weights, t);
          } catch (IOException e) {
            throw ModelFiles.unreadable(e);
          }
        });
  }

  private Map<String, String> metadata(Latents latents, DecodeOptions options, DecodePlan plan) {
    Map<String, String> m = new TreeMap<>();
    m.put("model", info.model());
    m.put("digest", info.digest());
    m.put(options.noise() instanceof Noise.Given ? "noise" : "seed", options.noise().toString());
    m.put("schedule", options.schedule().toString());
    m.put("clamp", options.clamp().id());
    m.put("dialect", options.clamp() == ClampMode.EACH_STEP ? "original" : "diffusers");
    m.put("latents", latents.scale().name().toLowerCase(java.util.Locale.ROOT));
    if (plan.changesPixels()) {
      m.put("tiling", "overlapped " + plan.part());
    }
    // How many whole pictures went together depends on who else was there, and changes nothing.
    m.put(Decoded.PLAN, plan.manner() == DecodePlan.Manner.WHOLE ? Tiling.WHOLE.id() : plan.said());
    m.putAll(info.details());
    // Where the graph came from says nothing about the picture, and must not make two files of it
    // differ.
    m.remove("graph");
    return m;
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
            divisions.close();
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
