package io.github.consistencydecoder.testing;

import io.github.consistencydecoder.plugin.LatentDecoder;

/** A sound decoder passes the whole contract. */
class SoundDecoderTest extends LatentDecoderContract {
  @Override
  protected LatentDecoder open() {
    return new FlawedDecoder(Flaw.NONE);
  }
}
