package io.github.consistencydecoder.cli.encode;

import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * An encoder for pictures, opened as chosen.
 *
 * <p>Owns the encoder. After {@link #close}, every method except {@code close} throws {@link
 * IllegalStateException}; closing again does nothing.
 */
public final class OpenEncoder implements AutoCloseable {
  /** What of the details changes the latents. */
  private static final Set<String> KEPT_DETAILS = Set.of("dtype", "device", "runtime");

  private final LatentEncoder encoder;

  private OpenEncoder(LatentEncoder encoder) {
    this.encoder = encoder;
  }

  /**
   * Opens it; the caller closes it.
   *
   * @param device what it runs on
   */
  public static OpenEncoder open(EncoderChoice choice, DecoderConfig device) {
    return new OpenEncoder(Encoders.open(choice.encoder(), choice.config(device)));
  }

  /** What it is. */
  public DecoderInfo info() {
    return encoder.info();
  }

  /** Says what made the latents and nothing that changes from run to run; sorted by key. */
  public Map<String, String> text() {
    DecoderInfo info = encoder.info();
    Map<String, String> text = new TreeMap<>(info.details());
    text.keySet().retainAll(KEPT_DETAILS);
    text.put("encoder", info.provider());
    text.put("model", info.model());
    if (!info.digest().isEmpty()) {
      text.put("digest", info.digest());
    }
    return text;
  }

  /**
   * One picture's latents, in the scale that the encoder gives.
   *
   * @param picture sides multiples of 8; borrowed
   */
  public Latents encode(Picture picture, Cancellation cancellation) {
    return encoder.encode(picture.toPixels(), cancellation);
  }

  /** A sentence if encoding the picture is likely to need more memory than there is. */
  public Optional<String> memoryWarning(Picture picture) {
    long needed = encoder.estimate(1, picture.height(), picture.width()).peakBytes();
    long free = SystemMemory.here().available().orElse(0);
    return free > 0 && needed > free
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "encoding needs about %.1f GB of memory, %.1f GB are available",
                needed / 1e9,
                free / 1e9))
        : Optional.empty();
  }

  @Override
  public void close() {
    encoder.close();
  }
}
