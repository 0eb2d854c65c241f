package io.github.consistencydecoder.compare;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Something to compare, loaded when its turn comes and forgotten afterwards. A class of the
 * caller's, so that a thousand files need no more memory than one.
 */
public interface ComparisonInput {
  /** What a person calls it; unique in a comparison. */
  String name();

  /**
   * Reads it.
   *
   * @throws IOException with one sentence if it cannot be read; the other inputs go on
   */
  Loaded load() throws IOException;

  /**
   * Says what {@link #load} would give, if that is cheaper to know, for example a digest of the
   * file and of whatever encodes it. A rerun then need not load what is done already.
   */
  default Optional<String> fingerprint() {
    return Optional.empty();
  }

  /** Latents at hand, without a truth. */
  static ComparisonInput of(String name, Latents latents) {
    return of(name, new Loaded(Optional.of(latents), Optional.empty(), Map.of(), List.of()));
  }

  /** Latents at hand and the picture they should become. */
  static ComparisonInput of(String name, Latents latents, Picture truth) {
    return of(name, new Loaded(Optional.of(latents), Optional.of(truth), Map.of(), List.of()));
  }

  /** An input at hand. */
  static ComparisonInput of(String name, Loaded loaded) {
    requireNonNull(name, "name");
    requireNonNull(loaded, "loaded");
    return new ComparisonInput() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Loaded load() {
        return loaded;
      }
    };
  }

  /**
   * What is compared.
   *
   * @param latents a batch of one; absent if no decoder takes part
   * @param truth the original picture, if it is known
   * @param pictures decoded elsewhere, by the name of their column
   * @param notes sentences for the report, for example about how the file was read
   */
  record Loaded(
      Optional<Latents> latents,
      Optional<Picture> truth,
      Map<String, Picture> pictures,
      List<String> notes) {
    public Loaded {
      requireNonNull(latents, "latents");
      requireNonNull(truth, "truth");
      pictures = new LinkedHashMap<>(pictures);
      notes = List.copyOf(notes);
    }
  }
}
