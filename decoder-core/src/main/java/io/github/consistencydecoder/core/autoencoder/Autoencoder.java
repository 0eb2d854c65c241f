package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.network.autoencoder.AutoencoderNetwork;
import io.github.consistencydecoder.models.network.autoencoder.RunnableNetwork;
import io.github.consistencydecoder.models.network.autoencoder.TaesdWeights;
import io.github.consistencydecoder.models.network.autoencoder.VaeWeights;
import io.github.consistencydecoder.plugin.LatentScale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The autoencoders that there are, with what tells one from another. */
public enum Autoencoder {
  /** The Stable Diffusion 1.x VAE. */
  VAE("vae", "the VAE", "sd-vae-ft-mse", LatentScale.UNSCALED) {
    @Override
    public Recognised recognise(
        Checkpoint checkpoint, AutoencoderPart part, Optional<NetworkConfig> config) {
      VaeWeights weights = VaeWeights.of(checkpoint, part, config);
      return new Recognised(weights, weights.network());
    }

    /** In the folder of a whole pipeline the VAE has a folder of its own. */
    @Override
    public Path choose(Path model, AutoencoderPart part) {
      Path within = model.resolve("vae");
      boolean pipeline =
          Files.isRegularFile(model.resolve("model_index.json")) && Files.isDirectory(within);
      return pipeline ? within : model;
    }
  },

  /** TAESD, the tiny autoencoder. */
  TAESD("taesd", "TAESD", "taesd", LatentScale.SCALED) {
    @Override
    public Recognised recognise(
        Checkpoint checkpoint, AutoencoderPart part, Optional<NetworkConfig> config) {
      TaesdWeights weights = TaesdWeights.of(checkpoint, part, config);
      return new Recognised(weights, weights.network());
    }

    /** The original comes as two files side by side. */
    @Override
    public Path choose(Path model, AutoencoderPart part) {
      return List.of(".safetensors", ".pth").stream()
          .map(ending -> model.resolve("taesd_" + part.word() + ending))
          .filter(Files::isRegularFile)
          .findFirst()
          .orElse(model);
    }
  };

  /**
   * A checkpoint recognised as one half of an autoencoder.
   *
   * @param weights what becomes a graph
   * @param network what it is
   */
  public record Recognised(RunnableNetwork weights, AutoencoderNetwork network) {}

  private final String id;
  private final String thing;
  private final String defaultModel;
  private final LatentScale scale;

  Autoencoder(String id, String thing, String defaultModel, LatentScale scale) {
    this.id = id;
    this.thing = thing;
    this.defaultModel = defaultModel;
    this.scale = scale;
  }

  /** Name of its providers. */
  public String id() {
    return id;
  }

  /** One half of it as messages call it, with its article. */
  public String thing(AutoencoderPart part) {
    return thing + (this == VAE ? " " : "'s ") + part.word();
  }

  /** What is opened where no model is named. */
  public String defaultModel() {
    return defaultModel;
  }

  /** The unit of the latents that its networks take and give. */
  public LatentScale scale() {
    return scale;
  }

  /** Recognises a checkpoint as that half, or says why it is not. */
  public abstract Recognised recognise(
      Checkpoint checkpoint, AutoencoderPart part, Optional<NetworkConfig> config);

  /** Which file or folder of a model holds that half. */
  public abstract Path choose(Path model, AutoencoderPart part);
}
