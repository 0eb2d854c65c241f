package io.github.consistencydecoder.cli;

import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;

/**
 * A decoder whose pictures can be computed by hand, for the tests of the command. What goes wrong
 * is chosen by the model's name.
 */
public final class FakeDecoderProvider implements LatentDecoderProvider {
  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Availability availability() {
    return new Availability(true, "for tests");
  }

  @Override
  public LatentDecoder open(DecoderConfig config) {
    String model = config.get(DecoderConfig.MODEL).orElse("plain");
    if (model.equals("missing")) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_MISSING, "model 'missing' is not there, pull it first");
    }
    if (model.equals("nodevice")) {
      throw new DecoderException(DecoderErrorCode.DEVICE_UNAVAILABLE, "no such device here");
    }
    return new FakeDecoder(model, config);
  }
}
