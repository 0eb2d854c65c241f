package io.github.consistencydecoder.models.network;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What a {@code config.json} in the diffusers layout says about a network, as far as it is there.
 * Each value has been checked to be possible; whether it fits the tensors is for the network
 * definition to say. Keys not listed here are ignored, {@code null} counts as absent.
 *
 * @param className {@code _class_name}, such as {@code ConsistencyDecoderVAE}
 * @param decoderBlockOutChannels {@code decoder_block_out_channels}, channels of each level
 * @param decoderLayersPerBlock {@code decoder_layers_per_block}, residual blocks of a level on the
 *     way down
 * @param decoderNormNumGroups {@code decoder_norm_num_groups}, groups of every GroupNorm
 * @param decoderNormEps {@code decoder_norm_eps}
 * @param normNumGroups {@code norm_num_groups}, groups of every GroupNorm of an AutoencoderKL
 * @param encoderNormNumGroups {@code encoder_norm_num_groups}, groups of every GroupNorm of the
 *     encoder that comes with a consistency decoder
 * @param decoderInChannels {@code decoder_in_channels}, picture and latent channels together
 * @param decoderOutChannels {@code decoder_out_channels}
 * @param decoderNumTrainTimesteps {@code decoder_num_train_timesteps}, rows of the time embedding
 * @param latentChannels {@code latent_channels}; 4 if given, others are refused
 * @param scalingFactor {@code scaling_factor}, scaled latent = factor x unscaled latent
 */
public record NetworkConfig(
    Optional<String> className,
    Optional<List<Integer>> decoderBlockOutChannels,
    OptionalInt decoderLayersPerBlock,
    OptionalInt decoderNormNumGroups,
    OptionalDouble decoderNormEps,
    OptionalInt normNumGroups,
    OptionalInt encoderNormNumGroups,
    OptionalInt decoderInChannels,
    OptionalInt decoderOutChannels,
    OptionalInt decoderNumTrainTimesteps,
    OptionalInt latentChannels,
    OptionalDouble scalingFactor) {

  public NetworkConfig {
    requireNonNull(className, "className");
    decoderBlockOutChannels = decoderBlockOutChannels.map(List::copyOf);
    requireNonNull(decoderLayersPerBlock, "decoderLayersPerBlock");
    requireNonNull(decoderNormNumGroups, "decoderNormNumGroups");
    requireNonNull(decoderNormEps, "decoderNormEps");
    requireNonNull(normNumGroups, "normNumGroups");
    requireNonNull(encoderNormNumGroups, "encoderNormNumGroups");
    requireNonNull(decoderInChannels, "decoderInChannels");
    requireNonNull(decoderOutChannels, "decoderOutChannels");
    requireNonNull(decoderNumTrainTimesteps, "decoderNumTrainTimesteps");
    requireNonNull(latentChannels, "latentChannels");
    requireNonNull(scalingFactor, "scalingFactor");
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
