package io.github.consistencydecoder.formats.checkpoint;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonToken;

/**
 * The index of a safetensors checkpoint in several files: {@code {"metadata": {...}, "weight_map":
 * {tensor: file name}}}. The names are of files in the index's own folder and nowhere else.
 *
 * @param weightMap file name by tensor name, in the index's order
 */
record ShardIndex(Map<String, String> weightMap) {
  ShardIndex {
    weightMap = Collections.unmodifiableMap(weightMap);
  }

  /** The file names, each once. */
  Set<String> shards() {
    return new LinkedHashSet<>(weightMap.values());
  }

  /** Reads an index; opens no shard. */
  static ShardIndex read(Path file, CheckpointLimits limits) throws IOException {
    try (StrictJson json = StrictJson.read(file, limits)) {
      return parse(json, limits);
    }
  }

  static ShardIndex parse(StrictJson json, CheckpointLimits limits) throws FormatException {
    Map<String, String> weightMap = null;
    json.beginObject("the index");
    while (json.next() == JsonToken.PROPERTY_NAME) {
      if (json.string().equals("weight_map")) {
        weightMap = readWeightMap(json, limits);
      } else {
        json.next();
        json.skip();
      }
    }
    json.end("the index");
    if (weightMap == null) {
      throw json.wrong("", "no 'weight_map', this is not an index of safetensors files");
    }
    if (weightMap.isEmpty()) {
      throw json.wrong("", "'weight_map' names no tensor");
    }
    return new ShardIndex(weightMap);
  }

  private static Map<String, String> readWeightMap(StrictJson json, CheckpointLimits limits)
      throws FormatException {
    Map<String, String> map = new LinkedHashMap<>();
    Set<String> shards = new LinkedHashSet<>();
    json.beginObject("'weight_map'");
    while (json.next() == JsonToken.PROPERTY_NAME) {
      String rawTensor = json.string();
      String tensor = StrictJson.shortened(rawTensor);
      if (json.next() != JsonToken.VALUE_STRING) {
        throw json.wrong(tensor, "'weight_map' gives " + json.found() + ", needs a file name");
      }
      String shard = json.string();
      requirePlainName(json, tensor, shard);
      if (map.size() == limits.maxTensors()) {
        throw json.wrong(tensor, "more than " + limits.maxTensors() + " tensors");
      }
      if (shards.add(shard) && shards.size() > limits.maxShards()) {
        throw json.wrong(tensor, "more than " + limits.maxShards() + " files");
      }
      map.put(rawTensor, shard);
    }
    return map;
  }

  private static void requirePlainName(StrictJson json, String tensor, String shard)
      throws FormatException {
    boolean plain =
        shard
            .chars()
            .noneMatch(c -> c == '/' || c == '\\' || c == ':' || Character.isISOControl(c));
    if (!plain || !shard.endsWith(".safetensors") || shard.startsWith(".")) {
      throw json.wrong(
          tensor,
          "file '"
              + StrictJson.shortened(shard)
              + "', needs the plain name of a .safetensors file in the index's folder");
    }
  }
}
