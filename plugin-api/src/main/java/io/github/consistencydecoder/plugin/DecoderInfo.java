package io.github.consistencydecoder.plugin;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an open decoder is.
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
    details = Collections.unmodifiableSortedMap(new TreeMap<>(details));
  }
}
