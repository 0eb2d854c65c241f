package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.opening.ModelOpening;
import io.github.consistencydecoder.core.opening.ModelSettings;
import io.github.consistencydecoder.core.opening.OpenModel;
import io.github.consistencydecoder.core.opening.Renewable;
import io.github.consistencydecoder.core.runtime.graphs.GraphCache;
import io.github.consistencydecoder.core.runtime.graphs.NetworkModel;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderInfo;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;

/** From a configuration to a running half of an autoencoder. */
final class AutoencoderOpener {
  private AutoencoderOpener() {}

  static AutoencoderDecoder decoder(Autoencoder kind, DecoderConfig config) {
    return new AutoencoderDecoder(
        new Renewable<>("the decoder", () -> open(kind, AutoencoderPart.DECODER, config)));
  }

  static AutoencoderEncoder encoder(Autoencoder kind, DecoderConfig config) {
    return new AutoencoderEncoder(
        new Renewable<>("the encoder", () -> open(kind, AutoencoderPart.ENCODER, config)));
  }

  private static RunningAutoencoder open(
      Autoencoder kind, AutoencoderPart part, DecoderConfig config) {
    ModelSettings settings = ModelSettings.ofLimited(config, kind.thing(part), kind.defaultModel());
    return ModelOpening.open(
        settings, path -> kind.choose(path, part), model -> open(kind, part, settings, model));
  }

  private static RunningAutoencoder open(
      Autoencoder kind, AutoencoderPart part, ModelSettings settings, OpenModel model)
      throws IOException {
    Autoencoder.Recognised recognised = kind.recognise(model.checkpoint(), part, model.config());
    String digest = model.digest();
    GraphCache cache = new GraphCache(settings.cache());
    NetworkModel network =
        cache.open(recognised.weights(), digest, settings.type(), settings.session());
    Map<String, String> details =
        Map.of(
            "network", recognised.network().description(),
            "parameters", Long.toString(recognised.network().parameters()),
            "latents", kind.scale().name().toLowerCase(Locale.ROOT));
    DecoderInfo info = model.info(kind.id(), settings, digest, network.origin(), details);
    model.releaseTo(network.session());
    return new RunningAutoencoder(
        info,
        recognised.network(),
        kind.scale(),
        network.session(),
        cache,
        new MemoryLedger(settings.memory(), SystemMemory.here()::own));
  }
}
