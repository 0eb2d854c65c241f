package example.smooth;

import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/** Opens the smooth preview. Needs no model and has no settings. */
public final class SmoothDecoderProvider implements LatentDecoderProvider {
  static final String NAME = "smooth";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "needs nothing but Java");
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    if (!config.asMap().isEmpty()) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "setting '"
              + config.asMap().keySet().iterator().next()
              + "' is unknown; the smooth preview has none");
    }
    return new SmoothDecoder();
  }
}
