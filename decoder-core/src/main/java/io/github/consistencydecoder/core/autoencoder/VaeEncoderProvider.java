package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentEncoderProvider;

/**
 * Opens the Stable Diffusion 1.x VAE's encoder, in the diffusers or the original naming, alone or
 * in a full checkpoint or pipeline folder; also the encoder beside a consistency decoder.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} (default {@code sd-vae-ft-mse}), and {@link
 * DecoderConfig#DEVICE}, {@link DecoderConfig#THREADS}, {@link DecoderConfig#DTYPE} and {@code
 * cache} as for the consistency decoder.
 */
public final class VaeEncoderProvider implements LatentEncoderProvider {
  @Override
  public String name() {
    return Autoencoder.VAE.id();
  }

  @Override
  public Availability availability() {
    return OnnxRuntime.availability();
  }

  @Override
  public LatentEncoder open(DecoderConfig config) {
    return new AutoencoderEncoder(Autoencoder.VAE, config);
  }
}
