package io.github.consistencydecoder.formats.tensors;

/**
 * Limits of a checkpoint. Every limit is checked before anything is allocated for what it bounds.
 * {@link #defaults()} leaves ample room for every published Stable Diffusion model.
 *
 * @param maxHeaderBytes JSON header of a safetensors file, bytes
 * @param maxJsonBytes a JSON file beside the weights (shard index, configuration), bytes
 * @param maxJsonDepth nesting of objects and arrays in any JSON text
 * @param maxMetadataEntries entries of {@code __metadata__}
 * @param maxStringChars one JSON string value, UTF-16 units
 * @param maxNameChars one tensor name or archive entry name, UTF-16 units
 * @param maxTensors tensors of one checkpoint
 * @param maxRank dimensions of one tensor
 * @param maxShards files that a shard index may name
 * @param maxZipEntries entries of an archive
 * @param maxZipDirectoryBytes central directory of an archive, bytes
 * @param maxPickleBytes {@code data.pkl} of an archive, bytes
 * @param maxPickleDepth nesting of modules and containers in a pickle
 * @param maxPickleObjects memo entries, stack entries, objects made, and places visited when the
 *     module tree is walked; each on its own
 */
public record CheckpointLimits(
    long maxHeaderBytes,
    long maxJsonBytes,
    int maxJsonDepth,
    int maxMetadataEntries,
    int maxStringChars,
    int maxNameChars,
    int maxTensors,
    int maxRank,
    int maxShards,
    int maxZipEntries,
    long maxZipDirectoryBytes,
    long maxPickleBytes,
    int maxPickleDepth,
    int maxPickleObjects) {

  private static final int MEBI = 1 << 20;

  /** Limits that fit every published model and a machine with little memory. */
  public static CheckpointLimits defaults() {
    return new CheckpointLimits(
        100_000_000L, // the limit of the safetensors library itself
        16L * MEBI,
        32,
        10_000,
        4_000_000,
        1_024,
        100_000,
        8,
        1_000,
        100_000,
        64L * MEBI,
        64L * MEBI,
        100,
        1_000_000);
  }

  public CheckpointLimits {
    requirePositive(maxHeaderBytes, "maxHeaderBytes");
    requirePositive(maxJsonBytes, "maxJsonBytes");
    requirePositive(maxJsonDepth, "maxJsonDepth");
    requirePositive(maxMetadataEntries, "maxMetadataEntries");
    requirePositive(maxStringChars, "maxStringChars");
    requirePositive(maxNameChars, "maxNameChars");
    requirePositive(maxTensors, "maxTensors");
    requirePositive(maxRank, "maxRank");
    requirePositive(maxShards, "maxShards");
    requirePositive(maxZipEntries, "maxZipEntries");
    requirePositive(maxZipDirectoryBytes, "maxZipDirectoryBytes");
    requirePositive(maxPickleBytes, "maxPickleBytes");
    requirePositive(maxPickleDepth, "maxPickleDepth");
    requirePositive(maxPickleObjects, "maxPickleObjects");
  }

  /** These limits with another one for the header of a safetensors file, in bytes. */
  public CheckpointLimits withMaxHeaderBytes(long bytes) {
    return new CheckpointLimits(
        bytes,
        maxJsonBytes,
        maxJsonDepth,
        maxMetadataEntries,
        maxStringChars,
        maxNameChars,
        maxTensors,
        maxRank,
        maxShards,
        maxZipEntries,
        maxZipDirectoryBytes,
        maxPickleBytes,
        maxPickleDepth,
        maxPickleObjects);
  }

  /** These limits with another one for the number of tensors. */
  public CheckpointLimits withMaxTensors(int tensors) {
    return new CheckpointLimits(
        maxHeaderBytes,
        maxJsonBytes,
        maxJsonDepth,
        maxMetadataEntries,
        maxStringChars,
        maxNameChars,
        tensors,
        maxRank,
        maxShards,
        maxZipEntries,
        maxZipDirectoryBytes,
        maxPickleBytes,
        maxPickleDepth,
        maxPickleObjects);
  }

  private static void requirePositive(long value, String name) {
    if (value <= 0 || value > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(name + " is " + value + ", needs 1 .. 2147483639");
    }
  }
}
