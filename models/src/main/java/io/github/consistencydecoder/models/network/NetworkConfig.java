package io.github.consistencydecoder.models.network;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The statements of a {@code config.json} in the diffusers layout about a network. Each value has
 * been checked to be possible; whether it fits the tensors is for the network definition to say.
 * Keys that change nothing are ignored, {@code null} counts as absent.
 *
 * @param className {@code _class_name}, such as {@code ConsistencyDecoderVAE}
 * @param decoderNormNumGroups {@code decoder_norm_num_groups}, groups of every GroupNorm
 * @param decoderNormEps {@code decoder_norm_eps}
 * @param normNumGroups {@code norm_num_groups}, groups of every GroupNorm of an AutoencoderKL
 * @param encoderNormNumGroups {@code encoder_norm_num_groups}, groups of every GroupNorm of the
 *     encoder that comes with a consistency decoder
 * @param scalingFactor {@code scaling_factor}, scaled latent = factor x unscaled latent
 * @param said further keys that change the result, such as {@code decoder_block_out_channels}, with
 *     their values as text: that of a list of words is each different one, once
 */
public record NetworkConfig(
    Optional<String> className,
    OptionalInt decoderNormNumGroups,
    OptionalDouble decoderNormEps,
    OptionalInt normNumGroups,
    OptionalInt encoderNormNumGroups,
    OptionalDouble scalingFactor,
    Map<String, String> said) {

  public NetworkConfig {
    requireNonNull(className, "className");
    requireNonNull(decoderNormNumGroups, "decoderNormNumGroups");
    requireNonNull(decoderNormEps, "decoderNormEps");
    requireNonNull(normNumGroups, "normNumGroups");
    requireNonNull(encoderNormNumGroups, "encoderNormNumGroups");
    requireNonNull(scalingFactor, "scalingFactor");
    said = Map.copyOf(said);
  }

  /**
   * Refuses a configuration that says something else of a key than the network has.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED}
   */
  public void require(Checkpoint checkpoint, String key, Object needed) {
    String found = said.getOrDefault(key, needed.toString());
    if (!found.equals(needed.toString())) {
      throw contradiction(checkpoint, key, found, needed);
    }
  }

  /** Refuses a configuration of latents that are scaled otherwise. */
  public void requireScalingFactor(Checkpoint checkpoint, double needed) {
    double found = scalingFactor.orElse(needed);
    if (Math.abs(found - needed) > 1e-6) {
      throw contradiction(checkpoint, "scaling_factor", found, needed);
    }
  }

  private static DecoderException contradiction(
      Checkpoint checkpoint, String key, Object found, Object needed) {
    return new DecoderException(
        DecoderErrorCode.MODEL_UNSUPPORTED,
        ("%s: its config.json says that %s is %s; the network that is"
                + " computed for these tensors has %s: take the config.json that"
                + " belongs to the file")
            .formatted(checkpoint.path().getFileName(), key, found, needed));
  }

  /** For a checkpoint without a configuration: everything absent. */
  public static NetworkConfig absent() {
    return new NetworkConfigReader().config();
  }

  /**
   * Reads a configuration.
   *
   * @throws io.github.consistencydecoder.formats.io.FormatException if the file is not such a
   *     configuration, a value is impossible, or it belongs to another family of models
   * @throws IOException if it cannot be read
   */
  public static NetworkConfig read(Path configJson) throws IOException {
    requireNonNull(configJson, "configJson");
    try (StrictJson json = StrictJson.read(configJson, CheckpointLimits.defaults())) {
      return new NetworkConfigReader().read(json);
    }
  }
}
