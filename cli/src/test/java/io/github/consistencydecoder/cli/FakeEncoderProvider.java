package io.github.consistencydecoder.cli;

import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.LatentEncoderProvider;

/** The encoder for {@link FakeDecoderProvider}'s decoder. The model's name chooses what fails. */
public final class FakeEncoderProvider implements LatentEncoderProvider {
  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Availability availability() {
    return new Availability(true, "for tests");
  }

  @Override
  public LatentEncoder open(DecoderConfig config) {
    String model = config.get(DecoderConfig.MODEL).orElse("plain");
    if (model.equals("missing")) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_MISSING, "model 'missing' is not there, pull it first");
    }
    return new FakeEncoder(model, config);
  }
}
