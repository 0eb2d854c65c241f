package io.github.consistencydecoder.core.export;

import io.github.consistencydecoder.core.autoencoder.Autoencoder;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.sampler.LatentTransform;
import io.github.consistencydecoder.core.sampler.NoiseSchedule;
import io.github.consistencydecoder.core.sampler.NoiseSchedule.Coefficients;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.autoencoder.TaesdWeights;
import io.github.consistencydecoder.models.network.autoencoder.VaeWeights;
import io.github.consistencydecoder.models.network.export.ExportedSampler;
import io.github.consistencydecoder.models.network.export.OnnxExport;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Writes a model as a folder that ONNX pipelines load in place of a part of their VAE. */
public final class ModelExport {
  private static final long MEGA = 1_000_000;
  private static final long MOST_EXTRA_BYTES = 16 * MEGA;

  private final ExportRequest request;
  private final Path folder;
  private final Cancellation cancellation;
  private final Listener listener;

  /** Told how far an export has come. */
  @FunctionalInterface
  public interface Listener {
    /**
     * @param done bytes of weights that have been written
     * @param total bytes that will be, at most
     */
    void written(long done, long total);
  }

  /**
   * What was exported.
   *
   * @param model its name
   * @param digest of its weights
   */
  public record Exported(String model, String digest) {}

  private ModelExport(
      ExportRequest request, Path folder, Cancellation cancellation, Listener listener) {
    this.request = request;
    this.folder = folder;
    this.cancellation = cancellation;
    this.listener = listener;
  }

  /**
   * Fills a folder.
   *
   * @param folder an empty one; real path. What is in it after a failure is of no use
   * @param cancellation stops the export; borrowed
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING}, {@link
   *     DecoderErrorCode#MODEL_CORRUPT} or {@link DecoderErrorCode#MODEL_UNSUPPORTED} for the
   *     model, {@link DecoderErrorCode#CANCELLED}
   * @throws IOException if the folder cannot be written, or the model no longer read
   */
  public static Exported write(
      ExportRequest request, Path folder, Cancellation cancellation, Listener listener)
      throws IOException {
    return new ModelExport(request, folder, cancellation, listener).write();
  }

  private Exported write() throws IOException {
    ModelSettings settings =
        ModelSettings.of(
            request.config().with(DecoderConfig.DEVICE, "cpu"),
            request.part().thing(),
            request.part().defaultModel());
    OpenModel model = OpenModel.open(settings, chooser(), open -> open);
    try {
      cancellation.check();
      return new Exported(model.name(), write(model, settings.type()));
    } finally {
      model.checkpoint().close();
    }
  }

  private UnaryOperator<Path> chooser() {
    return switch (request.part()) {
      case CONSISTENCY_DECODER -> path -> path;
      case VAE_DECODER -> path -> Autoencoder.VAE.choose(path, AutoencoderPart.DECODER);
      case VAE_ENCODER -> path -> Autoencoder.VAE.choose(path, AutoencoderPart.ENCODER);
      case TAESD_DECODER -> path -> Autoencoder.TAESD.choose(path, AutoencoderPart.DECODER);
    };
  }

  private String write(OpenModel model, ElementType type) throws IOException {
    return switch (request.part()) {
      case CONSISTENCY_DECODER -> consistency(model, type);
      case VAE_DECODER -> vae(model, AutoencoderPart.DECODER, type);
      case VAE_ENCODER -> vae(model, AutoencoderPart.ENCODER, type);
      case TAESD_DECODER -> taesd(model, type);
    };
  }

  private String consistency(OpenModel model, ElementType type) throws IOException {
    ConsistencyWeights weights = ConsistencyWeights.of(model.checkpoint(), model.config());
    for (int t : request.schedule().timesteps()) {
      NoiseSchedule.requireOf(weights.network().timesteps(), t);
    }
    requireSpace(weights.network().parameters(), type);
    String digest = model.digest();
    Map<String, String> remarks = remarks(digest);
    boolean clamped = request.clamp() == ClampMode.EACH_STEP;
    remarks.put("dialect", clamped ? "original" : "diffusers");
    remarks.put("steps", request.schedule().toString());
    remarks.put("noise", NoiseTiles.ID);
    if (request.started()) {
      remarks.put("start", "start_sample");
    }
    long total = weights.network().parameters() * type.bytes();
    long[] done = new long[1];
    new OnnxExport(folder, type, remarks)
        .decoder(
            weights,
            sampler(request.schedule(), clamped, request.started()),
            tensor -> {
              cancellation.check();
              listener.written(done[0], total);
              done[0] += tensor.elements() * type.bytes();
            });
    // The time embedding's part has not been counted: of it only a few vectors are written.
    listener.written(total, total);
    return digest;
  }

  private static ExportedSampler sampler(Schedule schedule, boolean clamped, boolean started) {
    NoiseTiles noise = new NoiseTiles(schedule.timesteps().size());
    List<ExportedSampler.Step> steps = new ArrayList<>();
    for (int k = 0; k < schedule.timesteps().size(); k++) {
      int timestep = schedule.timesteps().get(k);
      Coefficients c = NoiseSchedule.coefficients(timestep);
      steps.add(
          new ExportedSampler.Step(
              timestep,
              (float) c.sqrtAcp(),
              (float) c.sqrtOneMinusAcp(),
              (float) c.cIn(),
              (float) c.cOut(),
              (float) c.cSkip(),
              noise.tile(k)));
    }
    return new ExportedSampler(
        steps,
        clamped,
        LatentTransform.factors(),
        LatentTransform.offsets(),
        NoiseTiles.SIDE,
        started);
  }

  private String vae(OpenModel model, AutoencoderPart part, ElementType type) throws IOException {
    VaeWeights weights = VaeWeights.of(model.checkpoint(), part, model.config());
    requireSpace(weights.parameters(), type);
    String digest = model.digest();
    cancellation.check();
    new OnnxExport(folder, type, remarks(digest)).autoencoder(weights);
    return digest;
  }

  private String taesd(OpenModel model, ElementType type) throws IOException {
    TaesdWeights weights =
        TaesdWeights.of(model.checkpoint(), AutoencoderPart.DECODER, model.config());
    requireSpace(weights.parameters(), type);
    String digest = model.digest();
    cancellation.check();
    new OnnxExport(folder, type, remarks(digest)).tinyDecoder(weights);
    return digest;
  }

  private static Map<String, String> remarks(String digest) {
    return new TreeMap<>(Map.of("producer", "consistency-decoder", "weights", digest));
  }

  private void requireSpace(long parameters, ElementType type) throws IOException {
    // In half precision the weights are gathered in a file of their own before they go into the
    // graph's; and the noise, the conditioning and the graph itself come on top.
    long copies = type == ElementType.FLOAT16 ? 2 : 1;
    long needed = copies * parameters * type.bytes() + MOST_EXTRA_BYTES;
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < needed) {
      throw new FileSystemException(
          folder.getParent().toString(),
          null,
          needed / MEGA + " MB are needed, " + free / MEGA + " MB are free");
    }
  }
}
