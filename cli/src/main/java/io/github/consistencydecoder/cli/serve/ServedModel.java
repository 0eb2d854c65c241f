package io.github.consistencydecoder.cli.serve;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.server.models.ModelSource;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model of the command line: {@code [NAME=][DECODER:]ID|FOLDER|FILE}.
 *
 * @param name on the wire
 * @param decoder name of the plugin
 * @param config what it opens
 */
record ServedModel(String name, String decoder, DecoderConfig config) {
  private static final String CONSISTENCY = "consistency";
  private static final Pattern NAMED = Pattern.compile("([a-z0-9_.-]+)=(.+)");
  private static final Pattern WITH_DECODER = Pattern.compile("([a-z][a-z0-9-]*):(.+)");

  /** What the bundled model is called: not what OpenAI's is. */
  private static final String BUNDLED = "bundled-preview";

  /** What pipelines call the usual ones. */
  private static final Map<String, String> USUAL_NAMES =
      Map.of(CONSISTENCY, "consistency_decoder", "vae", "sd_vae", "taesd", "taesd");

  /** Where the encoder for a decoder's latents may be. */
  private static final Map<String, String> ENCODERS =
      Map.of(CONSISTENCY, "vae", "vae", "vae", "taesd", "taesd");

  /**
   * Reads one.
   *
   * @param text as given
   * @param device what it runs on
   * @param taken names that there are already
   */
  static ServedModel parse(String text, DecoderConfig device, Set<String> taken) {
    Matcher named = NAMED.matcher(text);
    String name = named.matches() ? named.group(1) : "";
    String rest = named.matches() ? named.group(2) : text;
    Matcher withDecoder = WITH_DECODER.matcher(rest);
    String decoder = "";
    if (withDecoder.matches() && isDecoder(withDecoder.group(1))) {
      decoder = withDecoder.group(1);
      rest = withDecoder.group(2);
    }
    Optional<CatalogueEntry> entry =
        decoder.isEmpty() || decoder.equals(CONSISTENCY)
            ? ModelStore.standard().resolve(rest).entry()
            : Optional.empty();
    if (decoder.isEmpty()) {
      decoder = decoderOf(entry);
    }
    if (name.isEmpty()) {
      boolean bundled = entry.map(CatalogueEntry::bundled).orElse(false);
      name = name(bundled ? BUNDLED : USUAL_NAMES.getOrDefault(decoder, decoder), rest, taken);
    }
    if (taken.contains(name)) {
      throw new CliException(
          ExitCode.USAGE,
          "--model " + text + ": there is a model '" + name + "' already; put NAME= before this");
    }
    return new ServedModel(name, decoder, device.with(DecoderConfig.MODEL, rest));
  }

  /**
   * The same in so much memory of the whole process, if it is a decoder of ours; a plugin need not
   * know that setting.
   */
  ServedModel within(long bytes) {
    return ENCODERS.containsKey(decoder)
        ? new ServedModel(name, decoder, config.with(DecoderConfig.MEMORY, bytes / 1000 + "KB"))
        : this;
  }

  /**
   * Refuses what no later attempt could open either.
   *
   * @throws DecoderException {@link DecoderErrorCode#DEVICE_UNAVAILABLE} if the decoder cannot work
   *     in this process, or there is no such device
   */
  void check() {
    Availability found = Decoders.named(decoder).availability();
    if (!found.available()) {
      throw new DecoderException(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          "decoder '" + decoder + "' cannot work here: " + found.reason());
    }
    if (ENCODERS.containsKey(decoder)) {
      Device unused = Device.choose(config.get(DecoderConfig.DEVICE).orElse("cpu"));
    }
  }

  private static boolean isDecoder(String name) {
    return Decoders.providers().stream().map(LatentDecoderProvider::name).anyMatch(name::equals);
  }

  /** By the catalogue; what is not in it is taken for a consistency decoder, as by decode. */
  private static String decoderOf(Optional<CatalogueEntry> known) {
    return known
        .map(
            entry ->
                switch (entry.kind()) {
                  case CONSISTENCY_DECODER -> CONSISTENCY;
                  case VAE -> "vae";
                  case TAESD -> "taesd";
                })
        .orElse(CONSISTENCY);
  }

  private static String name(String usual, String model, Set<String> taken) {
    if (!taken.contains(usual)) {
      return usual;
    }
    String last = model.substring(model.replace('\\', '/').lastIndexOf('/') + 1);
    String clean = last.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_.-]+", "-");
    return clean.isEmpty() ? usual : clean;
  }

  /** For the service; with an encoder if the model's files have one. */
  ModelSource source() {
    ModelSource source = ModelSource.of(decoder, config);
    String encoder = ENCODERS.get(decoder);
    return encoder != null && hasEncoder(encoder) ? source.withEncoder(encoder, config) : source;
  }

  private boolean hasEncoder(String encoder) {
    try (LatentEncoder open = Encoders.open(encoder, config)) {
      return open != null;
    } catch (DecoderException e) {
      // Most consistency decoders come without one. What else is wrong, the decoder will say.
      return false;
    }
  }
}
