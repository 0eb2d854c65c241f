package io.github.consistencydecoder.cli.encode;

import io.github.consistencydecoder.cli.options.InstalledModels;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry.ModelKind;
import io.github.consistencydecoder.plugin.DecoderConfig;
import java.util.Optional;

/**
 * The encoder that was chosen.
 *
 * @param encoder name of a provider
 * @param model id, folder or file; empty for what the provider takes by itself
 * @param said a sentence about the choice; empty if the person made it
 */
public record EncoderChoice(String encoder, Optional<String> model, String said) {
  private static final String VAE = "vae";
  private static final String TAESD = "taesd";

  /**
   * Decides. Without a name it is the Stable Diffusion VAE, of whichever catalogue entry is in the
   * store; if none is, TAESD.
   *
   * @param encoder as asked for, or null
   * @param model as asked for, or null
   * @param option how a model is named on this command line
   * @throws CliException if nothing was asked for and nothing is there
   */
  public static EncoderChoice of(String encoder, String model, String option, ModelStore store) {
    if (model != null) {
      String provider = encoder == null ? providerOf(model, store) : encoder;
      return new EncoderChoice(provider, Optional.of(model), "");
    }
    if (encoder != null && !encoder.equals(VAE)) {
      return new EncoderChoice(encoder, Optional.empty(), "");
    }
    InstalledModels installed = InstalledModels.of(store);
    Optional<String> vae = installed.vaeEncoder();
    if (vae.isPresent()) {
      return new EncoderChoice(VAE, vae, "encoding with the model '" + vae.get() + "'");
    }
    if (encoder == null && installed.taesd().isPresent()) {
      return new EncoderChoice(
          TAESD,
          installed.taesd(),
          "encoding with TAESD, a small approximation, since no Stable Diffusion VAE is in the"
              + " store; ./consistency-decoder models pull sd-vae-ft-mse fetches one");
    }
    throw new CliException(
        ExitCode.MODEL,
        ("no encoder is in the store %s; fetch one with"
                + " ./consistency-decoder models pull sd-vae-ft-mse (about 335 MB),"
                + " or name a folder or a file with %s")
            .formatted(store.folder(), option));
  }

  private static String providerOf(String model, ModelStore store) {
    Optional<ModelKind> kind = store.catalogue().find(model).map(CatalogueEntry::kind);
    return kind.isPresent() && kind.get() == ModelKind.TAESD ? TAESD : VAE;
  }

  /** What to open. */
  DecoderConfig config(DecoderConfig start) {
    return model.isPresent() ? start.with(DecoderConfig.MODEL, model.get()) : start;
  }
}
