package io.github.consistencydecoder.plugin;

/**
 * Opens encoders of one kind. Found by {@link java.util.ServiceLoader}: a public class with a
 * public no-argument constructor that does nothing, named in {@code
 * META-INF/services/io.github.consistencydecoder.plugin.LatentEncoderProvider}.
 *
 * <p>The host may call any method from any thread.
 */
public interface LatentEncoderProvider {
  /**
   * Stable, lower-case, {@code [a-z][a-z0-9-]*}. The decoder for the same latents may have the same
   * name.
   */
  String name();

  /** Whether it can work here. Loads no model; never throws. */
  Availability availability();

  /**
   * Loads a model. The caller owns the result and closes it.
   *
   * @throws DecoderException if it cannot, with a code that says whose fault it was
   */
  LatentEncoder open(DecoderConfig config);
}
