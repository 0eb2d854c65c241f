package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

/**
 * Tells whether a provider can work here.
 *
 * @param available true if {@link LatentDecoderProvider#open} has a chance
 * @param reason a sentence: why not, or what was found
 */
public record Availability(boolean available, String reason) {
  public Availability {
    requireNonNull(reason, "reason");
  }
}
