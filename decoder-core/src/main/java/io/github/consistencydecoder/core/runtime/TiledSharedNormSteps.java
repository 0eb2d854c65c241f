package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NormStatistics;
import io.github.consistencydecoder.models.onnx.ElementType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The steps with shared norms over transformed weights: the same entry as that of the whole step.
 */
record TiledSharedNormSteps(TiledSteps steps) implements CachedNetwork<SharedNormSteps> {
  @Override
  public ConsistencyWeights weights() {
    return steps.weights();
  }

  @Override
  public List<String> identity() {
    return steps.identity();
  }

  @Override
  public long bytes() {
    return steps.bytes();
  }

  @Override
  public void build(Path folder, SessionSettings settings) throws IOException {
    steps.build(folder, settings);
  }

  @Override
  public SharedNormSteps load(Path entry, SessionSettings settings, String origin)
      throws IOException {
    return new SharedNormSteps(
        weights(),
        steps.session(entry, settings, NormStatistics.MEASURED),
        steps.session(entry, settings, NormStatistics.GIVEN));
  }

  @Override
  public SharedNormSteps uncached(SessionSettings settings) throws IOException, OrtException {
    StepSession measuring = uncached(NormStatistics.MEASURED, settings);
    try {
      return new SharedNormSteps(weights(), measuring, uncached(NormStatistics.GIVEN, settings));
    } catch (IOException | OrtException | RuntimeException e) {
      measuring.close();
      throw e;
    }
  }

  private StepSession uncached(NormStatistics statistics, SessionSettings settings)
      throws IOException, OrtException {
    return new OptimisedNetwork<>(new SharedNormRecipe(weights(), statistics, ElementType.FLOAT32))
        .uncached(settings);
  }
}
