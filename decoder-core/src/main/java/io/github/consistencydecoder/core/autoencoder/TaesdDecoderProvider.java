package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/**
 * Opens TAESD's decoder, in the diffusers naming or as the original pair of files.
 *
 * <p>Configuration: {@link DecoderConfig#MODEL} (default {@code taesd}), and {@link
 * DecoderConfig#DEVICE}, {@link DecoderConfig#THREADS}, {@link DecoderConfig#DTYPE} and {@code
 * cache} as for the consistency decoder.
 */
public final class TaesdDecoderProvider implements LatentDecoderProvider {
  @Override
  public String name() {
    return Autoencoder.TAESD.id();
  }

  @Override
  public Availability availability() {
    return OnnxRuntime.availability();
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    return new AutoencoderDecoder(Autoencoder.TAESD, config);
  }
}
