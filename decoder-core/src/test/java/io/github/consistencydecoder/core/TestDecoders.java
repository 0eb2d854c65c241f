package io.github.consistencydecoder.core;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the tests of this module share: opening decoders and reading golden files. */
public final class TestDecoders {
  private TestDecoders() {}

  public static Path resource(String name) {
    try {
      return Path.of(TestDecoders.class.getResource("/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  public static JsonNode json(Path file) {
    return JsonMapper.shared().readTree(file.toFile());
  }

  public static DecoderConfig config(Path model, Path cache) {
    return DecoderConfig.model(model.toString())
        .with(DecoderConfig.DEVICE, "cpu")
        .with(ConsistencyDecoderProvider.CACHE, cache.toString());
  }

  public static LatentDecoder open(Path model, Path cache) {
    return new ConsistencyDecoderProvider().open(config(model, cache));
  }

  /** A tensor of a golden file. */
  public record Golden(float[] values, long[] shape) {}

  public static Golden golden(Path file, String tensor) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      var info = checkpoint.tensor(tensor);
      return new Golden(
          checkpoint.floats(info), info.shape().stream().mapToLong(Long::longValue).toArray());
    }
  }

  public static float worst(float[] a, java.nio.FloatBuffer b) {
    float[] found = new float[b.remaining()];
    b.duplicate().get(found);
    return Distances.worst(a, found);
  }
}
