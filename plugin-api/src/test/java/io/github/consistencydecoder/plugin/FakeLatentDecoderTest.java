package io.github.consistencydecoder.plugin;

/** A sound decoder passes the whole contract. */
class FakeLatentDecoderTest extends LatentDecoderContract {
  @Override
  protected LatentDecoder open() {
    return new FakeLatentDecoder(Flaw.NONE);
  }
}
