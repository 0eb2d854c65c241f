package io.github.consistencydecoder.testing;

/** A way in which {@link FlawedDecoder} can break its promises, and the rule that must notice. */
enum Flaw {
  NONE(null),
  NOISE_OF_ITS_OWN(LatentDecoderContract::sameSeedGivesTheSamePixels),
  IGNORES_SEED(LatentDecoderContract::anotherSeedGivesOtherPixels),
  IGNORES_LATENTS(LatentDecoderContract::otherLatentsGiveOtherPixels),
  CHANGES_LATENTS(LatentDecoderContract::latentsAreNotChanged),
  IGNORES_SCALE(LatentDecoderContract::bothScalesOfTheSameLatentsGiveTheSamePicture),
  SWAPS_SIDES(LatentDecoderContract::resultIsEightTimesAsLarge),
  FIRST_SEED_FOR_ALL(LatentDecoderContract::batchWithASeedPerImageEqualsTheSingleDecodes),
  ANY_NUMBER_OF_SEEDS(LatentDecoderContract::anotherNumberOfSeedsThanImagesIsTheCallersError),
  ANY_LENGTH_OF_NOISE(LatentDecoderContract::givenNoiseOfAnotherLengthIsTheCallersError),
  ACCEPTS_NAN(LatentDecoderContract::latentsWithNaNAreRefused),
  NEVER_CLAMPS(LatentDecoderContract::clampedPixelsStayInRange),
  SILENT(LatentDecoderContract::listenerHearsEveryStepInOrder),
  WARNS_IN_PRIVATE(LatentDecoderContract::warningsReachTheListenerAndTheResult),
  NO_METADATA(LatentDecoderContract::metadataSaysHowToGetThePictureAgain),
  FIXED_ESTIMATE(LatentDecoderContract::estimateGrowsWithTheWork),
  CANCELS_BETWEEN_STEPS_ONLY(LatentDecoderContract::aSwitchThrownBeforehandStopsTheDecode),
  CANCELS_BEFOREHAND_ONLY(LatentDecoderContract::aSwitchThrownBetweenStepsStopsTheDecode),
  BROKEN_BY_CANCELLATION(LatentDecoderContract::aSwitchThrownBeforehandStopsTheDecode),
  FORGETS_INTERRUPTS(LatentDecoderContract::anInterruptEndsTheDecodeAndIsKept),
  SHARED_SEED(LatentDecoderContract::concurrentDecodesEqualTheSequentialOnes),
  CLOSES_AT_ONCE(LatentDecoderContract::closeWaitsForARunningDecode),
  WORKS_AFTER_CLOSE(LatentDecoderContract::nothingWorksAfterClose),
  SECOND_CLOSE_THROWS(LatentDecoderContract::secondCloseDoesNothing);

  /** A test of the contract. */
  interface Rule {
    void check(LatentDecoderContract contract) throws Exception;
  }

  @SuppressWarnings("ImmutableEnumChecker") // method references without state
  final Rule rule;

  Flaw(Rule rule) {
    this.rule = rule;
  }
}
