package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.models.network.NormStatistics;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The steps with shared norms over transformed weights: the same entry as that of the whole step.
 */
record WinogradSharedNormSteps(WinogradSteps steps) implements SharedEntry<SharedNormSteps> {
  @Override
  public WinogradSteps kept() {
    return steps;
  }

  @Override
  public SharedNormSteps load(Path entry, SessionSettings settings, String origin)
      throws IOException {
    return new SharedNormSteps(
        steps.weights(),
        steps.session(entry, settings, NormStatistics.MEASURED),
        steps.session(entry, settings, NormStatistics.GIVEN));
  }

  @Override
  public SharedNormSteps uncached(SessionSettings settings) throws IOException, OrtException {
    NetworkRunner measuring = uncached(NormStatistics.MEASURED, settings);
    try {
      return new SharedNormSteps(
          steps.weights(), measuring, uncached(NormStatistics.GIVEN, settings));
    } catch (IOException | OrtException | RuntimeException e) {
      measuring.close();
      throw e;
    }
  }

  private NetworkRunner uncached(NormStatistics statistics, SessionSettings settings)
      throws IOException, OrtException {
    return new OptimisedNetwork<>(
            new SharedNormRecipe(steps.weights(), statistics, ElementType.FLOAT32))
        .uncached(settings);
  }
}
