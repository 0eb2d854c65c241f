package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JsonToken;

/**
 * Reads {@code config.json}: the keys of {@link NetworkConfig} within sane ranges, and those that
 * tell another family of models. The upper limits are several times what any published model has.
 */
final class NetworkConfigReader {
  private static final int MAX_LEVELS = 8;
  private static final int MAX_CHANNELS = 8192;
  private static final int MAX_LAYERS = 16;
  private static final int MAX_GROUPS = 1024;
  private static final int MAX_PICTURE_CHANNELS = 64;
  private static final int MAX_TIMESTEPS = 100_000;
  private static final int MAX_CLASS_NAME_CHARS = 200;
  private static final int MAX_COMPARED = 64;

  /**
   * {@code scaling_factor} of the SDXL VAE; its latents have as many channels as those of SD 1.x.
   */
  private static final double SDXL_SCALING_FACTOR = 0.13025;

  /** Those of {@link NetworkConfig#said()}. */
  private static final Set<String> COMPARED =
      Set.of(
          "act_fn",
          "block_out_channels",
          "decoder_add_attention",
          "decoder_down_block_types",
          "decoder_resnet_time_scale_shift",
          "decoder_time_embedding_type",
          "decoder_up_block_types",
          "down_block_types",
          "encoder_act_fn",
          "encoder_block_out_channels",
          "encoder_double_z",
          "encoder_down_block_types",
          "encoder_in_channels",
          "encoder_layers_per_block",
          "encoder_out_channels",
          "in_channels",
          "latents_mean",
          "latents_std",
          "layers_per_block",
          "mid_block_add_attention",
          "num_decoder_blocks",
          "num_encoder_blocks",
          "out_channels",
          "up_block_types",
          "upsample_fn",
          "upsampling_scaling_factor",
          "use_post_quant_conv",
          "use_quant_conv");

  private final Map<String, String> said = new TreeMap<>();
  private Optional<String> className = Optional.empty();
  private OptionalInt decoderNormNumGroups = OptionalInt.empty();
  private OptionalDouble decoderNormEps = OptionalDouble.empty();
  private OptionalInt normNumGroups = OptionalInt.empty();
  private OptionalInt encoderNormNumGroups = OptionalInt.empty();
  private OptionalDouble scalingFactor = OptionalDouble.empty();

  NetworkConfig read(StrictJson json) throws FormatException {
    json.beginObject("the configuration");
    while (json.next() == JsonToken.PROPERTY_NAME) {
      String key = json.string();
      if (json.next() != JsonToken.VALUE_NULL) {
        readValue(json, key);
      }
    }
    json.end("the configuration");
    return config();
  }

  NetworkConfig config() {
    return new NetworkConfig(
        className,
        decoderNormNumGroups,
        decoderNormEps,
        normNumGroups,
        encoderNormNumGroups,
        scalingFactor,
        said);
  }

  private void readValue(StrictJson json, String key) throws FormatException {
    switch (key) {
      case "_class_name" -> className = Optional.of(className(json));
      case "decoder_block_out_channels" -> said.put(key, channels(json, key).toString());
      case "decoder_layers_per_block" -> say(json, key, MAX_LAYERS);
      case "decoder_in_channels", "decoder_out_channels" -> say(json, key, MAX_PICTURE_CHANNELS);
      case "decoder_num_train_timesteps" -> say(json, key, MAX_TIMESTEPS);
      case "decoder_norm_num_groups" -> decoderNormNumGroups = number(json, key, MAX_GROUPS);
      case "decoder_norm_eps" -> decoderNormEps = OptionalDouble.of(epsilon(json, key));
      case "norm_num_groups" -> normNumGroups = number(json, key, MAX_GROUPS);
      case "encoder_norm_num_groups" -> encoderNormNumGroups = number(json, key, MAX_GROUPS);
      case "latent_channels" -> requireLatentChannels(json, key);
      case "scaling_factor" -> scalingFactor = OptionalDouble.of(scalingFactor(json, key));
      case "shift_factor" -> requireNoShift(json, key);
      default -> {
        if (COMPARED.contains(key)) {
          said.put(key, text(json, key));
        } else {
          json.skip();
        }
      }
    }
  }

  private static String text(StrictJson json, String key) throws FormatException {
    if (json.current() != JsonToken.START_ARRAY) {
      return scalar(json, key);
    }
    List<String> numbers = new ArrayList<>();
    Set<String> words = new LinkedHashSet<>();
    while (json.next() != JsonToken.END_ARRAY) {
      if (numbers.size() + words.size() == MAX_COMPARED) {
        throw json.wrong("", key + " has more than " + MAX_COMPARED + " values");
      }
      String text = scalar(json, key);
      if (json.current() == JsonToken.VALUE_STRING) {
        words.add(text);
      } else {
        numbers.add(text);
      }
    }
    return words.isEmpty() ? numbers.toString() : String.join(", ", words);
  }

  private static String scalar(StrictJson json, String key) throws FormatException {
    JsonToken token = json.current();
    if (token == null || !token.isScalarValue() || json.string().length() > MAX_CLASS_NAME_CHARS) {
      throw json.wrong("", key + " is " + json.found() + ", needs words or numbers");
    }
    return json.string();
  }

  private static String className(StrictJson json) throws FormatException {
    if (json.current() != JsonToken.VALUE_STRING || json.string().length() > MAX_CLASS_NAME_CHARS) {
      throw json.wrong(
          "",
          "_class_name is %s, needs a string of at most %s characters"
              .formatted(json.found(), MAX_CLASS_NAME_CHARS));
    }
    return json.string();
  }

  private void say(StrictJson json, String key, int max) throws FormatException {
    said.put(key, String.valueOf(inRange(json, key, max)));
  }

  private static OptionalInt number(StrictJson json, String key, int max) throws FormatException {
    return OptionalInt.of(inRange(json, key, max));
  }

  private static int inRange(StrictJson json, String key, int max) throws FormatException {
    long value = json.wholeNumber("", key);
    if (value < 1 || value > max) {
      throw json.wrong("", key + " is " + value + ", needs 1 .. " + max);
    }
    return (int) value;
  }

  private static List<Integer> channels(StrictJson json, String key) throws FormatException {
    if (json.current() != JsonToken.START_ARRAY) {
      throw json.wrong("", key + " is " + json.found() + ", needs an array");
    }
    List<Integer> channels = new ArrayList<>();
    while (json.next() != JsonToken.END_ARRAY) {
      if (channels.size() == MAX_LEVELS) {
        throw json.wrong("", key + " has more than " + MAX_LEVELS + " levels");
      }
      channels.add(inRange(json, key, MAX_CHANNELS));
    }
    if (channels.isEmpty()) {
      throw json.wrong("", key + " is empty, needs the channels of 1 .. " + MAX_LEVELS + " levels");
    }
    return channels;
  }

  private static double epsilon(StrictJson json, String key) throws FormatException {
    double value = json.number(key);
    if (!(value > 0 && value <= 0.1)) {
      throw json.wrong("", key + " is " + value + ", needs a number in (0, 0.1]");
    }
    return value;
  }

  private static void requireLatentChannels(StrictJson json, String key) throws FormatException {
    long value = json.wholeNumber("", key);
    if (value != 4) {
      throw json.wrong(
          "",
          key
              + " is "
              + value
              + (value == 16
                  ? ", as of Stable Diffusion 3 or Flux"
                  : ", of no Stable Diffusion 1.x")
              + "; this decoder needs the 4 of Stable Diffusion 1.x");
    }
  }

  private static double scalingFactor(StrictJson json, String key) throws FormatException {
    double value = json.number(key);
    if (Math.abs(value - SDXL_SCALING_FACTOR) < 1e-9) {
      throw json.wrong(
          "",
          key + " is " + value + ", as of SDXL; this decoder needs Stable Diffusion 1.x (0.18215)");
    }
    if (!(value > 0 && value <= 100)) {
      throw json.wrong("", key + " is " + value + ", needs a number in (0, 100]");
    }
    return value;
  }

  private static void requireNoShift(StrictJson json, String key) throws FormatException {
    double value = json.number(key);
    if (value != 0) {
      throw json.wrong(
          "",
          "%s is %s, as of Stable Diffusion 3 or Flux; Stable Diffusion 1.x has none"
              .formatted(key, value));
    }
  }
}
