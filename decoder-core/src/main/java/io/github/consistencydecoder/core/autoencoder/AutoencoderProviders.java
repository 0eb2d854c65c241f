package io.github.consistencydecoder.core.autoencoder;

import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentEncoderProvider;

/**
 * Open the halves of the autoencoders that people decode with otherwise.
 *
 * <p>Configuration of each: {@link DecoderConfig#MODEL} (default {@code sd-vae-ft-mse} or {@code
 * taesd}), and {@link DecoderConfig#DEVICE}, {@link DecoderConfig#THREADS}, {@link
 * DecoderConfig#DTYPE} and {@code cache} as for the consistency decoder.
 */
public final class AutoencoderProviders {
  private AutoencoderProviders() {}

  /** What the providers of both halves have in common. */
  abstract static class Half {
    final Autoencoder kind;

    Half(Autoencoder kind) {
      this.kind = kind;
    }

    public String name() {
      return kind.id();
    }

    public Availability availability() {
      return OnnxRuntime.availability();
    }
  }

  abstract static class DecoderHalf extends Half implements LatentDecoderProvider {
    DecoderHalf(Autoencoder kind) {
      super(kind);
    }

    @Override
    public LatentDecoder open(DecoderConfig config) {
      return new AutoencoderDecoder(kind, config);
    }
  }

  abstract static class EncoderHalf extends Half implements LatentEncoderProvider {
    EncoderHalf(Autoencoder kind) {
      super(kind);
    }

    @Override
    public LatentEncoder open(DecoderConfig config) {
      return new AutoencoderEncoder(kind, config);
    }
  }

  /**
   * Opens the Stable Diffusion 1.x VAE's decoder, in the diffusers or the original naming, alone or
   * in a full checkpoint or pipeline folder.
   */
  public static final class VaeDecoderProvider extends DecoderHalf {
    /** For {@link java.util.ServiceLoader}. */
    public VaeDecoderProvider() {
      super(Autoencoder.VAE);
    }
  }

  /**
   * Opens the Stable Diffusion 1.x VAE's encoder, found as its decoder is; also the encoder beside
   * a consistency decoder.
   */
  public static final class VaeEncoderProvider extends EncoderHalf {
    /** For {@link java.util.ServiceLoader}. */
    public VaeEncoderProvider() {
      super(Autoencoder.VAE);
    }
  }

  /** Opens TAESD's decoder, in the diffusers naming or as the original pair of files. */
  public static final class TaesdDecoderProvider extends DecoderHalf {
    /** For {@link java.util.ServiceLoader}. */
    public TaesdDecoderProvider() {
      super(Autoencoder.TAESD);
    }
  }

  /** Opens TAESD's encoder, in the diffusers naming or as the original pair of files. */
  public static final class TaesdEncoderProvider extends EncoderHalf {
    /** For {@link java.util.ServiceLoader}. */
    public TaesdEncoderProvider() {
      super(Autoencoder.TAESD);
    }
  }
}
