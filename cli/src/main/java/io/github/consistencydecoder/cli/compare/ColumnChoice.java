package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.options.InstalledModels;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Which decoders, and which models where none is named. */
final class ColumnChoice {
  private static final String VAE = "vae";
  private static final String CONSISTENCY = "consistency";
  private static final String PREVIEW = "preview";
  private static final String TINY = "tiny";

  private ColumnChoice() {}

  /**
   * What people want to see: the VAE's decoder against the consistency decoder. Where the store
   * does not have both, what comes with the program.
   *
   * @param note takes a sentence about the choice
   */
  static List<ColumnSpec> usual(InstalledModels installed, long seed, Consumer<String> note) {
    DecodeOptions options = DecodeOptions.builder().seed(seed).build();
    Optional<String> vae = installed.vae();
    Optional<String> consistency = installed.consistency();
    if (vae.isPresent() && consistency.isPresent()) {
      note.accept(
          "comparing the VAE '" + vae.get() + "' with the decoder '" + consistency.get() + "'");
      return List.of(
          new ColumnSpec(VAE, VAE, Map.of(DecoderConfig.MODEL, vae.get()), options),
          new ColumnSpec(
              CONSISTENCY, CONSISTENCY, Map.of(DecoderConfig.MODEL, consistency.get()), options));
    }
    note.accept(
        "comparing the linear preview with the bundled preview model 'tiny': the store does not have"
            + " both a Stable Diffusion VAE and a consistency decoder ('models list' shows what"
            + " there is); --decoder names others");
    return List.of(
        new ColumnSpec(PREVIEW, PREVIEW, Map.of(), options),
        new ColumnSpec(TINY, CONSISTENCY, Map.of(DecoderConfig.MODEL, TINY), options));
  }

  /**
   * The same decoder with a model, if it needs one and none is named.
   *
   * @param note takes a sentence about the choice
   */
  static ColumnSpec complete(ColumnSpec spec, InstalledModels installed, Consumer<String> note) {
    if (spec.settings().containsKey(DecoderConfig.MODEL)) {
      return spec;
    }
    if (spec.plugin().equals(CONSISTENCY)) {
      note.accept(
          "'"
              + spec.name()
              + "' is the bundled preview model 'tiny', not OpenAI's decoder; say"
              + " model=.. for another");
      return spec.withModel(TINY);
    }
    if (spec.plugin().equals(VAE) && installed.vae().isPresent()) {
      note.accept("'" + spec.name() + "' is the model '" + installed.vae().get() + "'");
      return spec.withModel(installed.vae().get());
    }
    return spec;
  }
}
