package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The description of an open decoder.
 *
 * @param provider name of the provider that opened it
 * @param model what was opened, as a person would name it
 * @param digest {@code sha256:} and 64 hexadecimal digits over the model's weights, or empty where
 *     there are none
 * @param device where it runs and why there, a sentence
 * @param details more, as text, sorted by key
 */
public record DecoderInfo(
    String provider, String model, String digest, String device, Map<String, String> details) {
  public DecoderInfo {
    requireNonNull(provider, "provider");
    requireNonNull(model, "model");
    requireNonNull(digest, "digest");
    requireNonNull(device, "device");
    details = Collections.unmodifiableSortedMap(new TreeMap<>(details));
  }
}
