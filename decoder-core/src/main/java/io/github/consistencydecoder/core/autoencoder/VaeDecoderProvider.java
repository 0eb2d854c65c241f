package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/**
 * Opens the Stable Diffusion 1.x VAE's decoder, in the diffusers or the original naming, alone or
 * in a full checkpoint or pipeline folder.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} (default {@code sd-vae-ft-mse}), and {@link
 * DecoderConfig#DEVICE}, {@link DecoderConfig#THREADS}, {@link DecoderConfig#DTYPE} and {@code
 * cache} as for the consistency decoder.
 */
public final class VaeDecoderProvider implements LatentDecoderProvider {
  @Override
  public String name() {
    return Autoencoder.VAE.id();
  }

  @Override
  public Availability availability() {
    return OnnxRuntime.availability();
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    return new AutoencoderDecoder(Autoencoder.VAE, config);
  }
}
