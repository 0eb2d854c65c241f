package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.queue.BatchKey;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Several pictures of one {@link BatchKey}, decoded as one batch. */
public final class JoinedDecode {
  private JoinedDecode() {}

  /**
   * A picture of the batch.
   *
   * @param latents of batch 1
   * @param options with the noise of that picture
   */
  public record Part(Latents latents, DecodeOptions options) {}

  /**
   * @return what each part would have given alone, in order; empty if the decoder had something to
   *     say of the batch, which nobody could say of which part
   */
  public static Optional<List<Decoded>> decode(
      LatentDecoder decoder, List<Part> parts, DecodeListener listener, Cancellation cancellation) {
    DecodeOptions first = parts.get(0).options();
    Noise noise = noise(parts, first);
    Decoded all =
        decoder.decode(
            latents(parts),
            first.toBuilder().noise(noise).listener(listener).cancellation(cancellation).build());
    if (!all.warnings().isEmpty()) {
      return Optional.empty();
    }
    List<Decoded> each = new ArrayList<>(parts.size());
    for (int k = 0; k < parts.size(); k++) {
      each.add(part(all, k, noise, parts.get(k).options().noise()));
    }
    return Optional.of(each);
  }

  private static Latents latents(List<Part> parts) {
    Latents first = parts.get(0).latents();
    float[] values = new float[parts.size() * first.size()];
    for (int k = 0; k < parts.size(); k++) {
      parts.get(k).latents().values().get(values, k * first.size(), first.size());
    }
    return Latents.of(
        first.scale(), values, parts.size(), Latents.CHANNELS, first.height(), first.width());
  }

  private static Noise noise(List<Part> parts, DecodeOptions first) {
    if (!(first.noise() instanceof Noise.Given)) {
      return Noise.seededPerImage(
          parts.stream().map(part -> seed(part.options().noise())).toList());
    }
    List<float[]> steps = new ArrayList<>();
    for (int step = 0; step < first.schedule().timesteps().size(); step++) {
      int size = ((Noise.Given) first.noise()).step(step).remaining();
      float[] joined = new float[parts.size() * size];
      for (int k = 0; k < parts.size(); k++) {
        FloatBuffer own = ((Noise.Given) parts.get(k).options().noise()).step(step);
        own.get(joined, k * size, size);
      }
      steps.add(joined);
    }
    return Noise.given(steps);
  }

  /** One generator for a batch of one draws what one generator for that picture draws. */
  private static long seed(Noise noise) {
    if (noise instanceof Noise.Shared shared) {
      return shared.seed();
    }
    return noise instanceof Noise.Seeded seeded
        ? seeded.seed()
        : ((Noise.SeededPerImage) noise).seeds().get(0);
  }

  private static Decoded part(Decoded all, int k, Noise joined, Noise own) {
    Pixels pixels = all.pixels();
    int size = 3 * pixels.height() * pixels.width();
    float[] values = new float[size];
    pixels.values().get(k * size, values);
    Map<String, String> metadata = new TreeMap<>(all.metadata());
    // Where the decoder says the noise, it is the part's own; where it uses none, it says so.
    metadata.computeIfPresent("seed", (key, v) -> v.equals(joined.toString()) ? own.toString() : v);
    return new Decoded(
        Pixels.takeOver(values, 1, pixels.height(), pixels.width()),
        all.stepNanos(),
        all.totalNanos(),
        metadata,
        List.of());
  }
}
