package io.github.consistencydecoder.formats.checkpoint;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.archive.TensorArchive;
import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.NpyFile;
import io.github.consistencydecoder.formats.tensors.SafetensorsHeader;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Opens checkpoints. What a file is is decided by its content, not by its name:
 *
 * <ul>
 *   <li>a safetensors file;
 *   <li>the index ({@code *.safetensors.index.json}) of one in several files;
 *   <li>a {@code .npy} file, whose one tensor has no name;
 *   <li>a zip archive written by {@code torch.save} or {@code torch.jit.save}, or NumPy's {@code
 *       .npz};
 *   <li>a folder that holds one of these: {@code diffusion_pytorch_model.safetensors}, its index or
 *       its {@code fp16} variant, {@code model.safetensors}, the pair {@code
 *       consistency_decoder.safetensors} and {@code embedding.safetensors}, or else the only file
 *       of its kind.
 * </ul>
 *
 * <p>The pair is opened as one checkpoint, also when only its first file is named; the {@code
 * weight} of the second appears as {@code embed_time.weight}.
 *
 * <p>Links are resolved once; what they lead to must be regular files. Nothing in a file is
 * executed, no class is looked up.
 */
public final class Checkpoints {
  private static final String EMBEDDING_TENSOR = "weight";
  private static final String EMBEDDING_NAME = "embed_time.weight";

  private Checkpoints() {}

  /**
   * Opens a checkpoint within the {@linkplain CheckpointLimits#defaults() default limits}.
   *
   * @param path a file or a folder
   * @return owned by the caller, who closes it
   * @throws FormatException if a file is wrong
   * @throws IOException if it cannot be read, or the folder does not hold exactly one checkpoint
   */
  public static Checkpoint open(Path path) throws IOException {
    return open(path, CheckpointLimits.defaults());
  }

  /**
   * Opens a checkpoint.
   *
   * @param path a file or a folder
   * @param limits what is read at most
   * @return owned by the caller, who closes it
   * @throws FormatException if a file is wrong
   * @throws IOException if it cannot be read, or the folder does not hold exactly one checkpoint
   */
  public static Checkpoint open(Path path, CheckpointLimits limits) throws IOException {
    requireNonNull(path, "path");
    requireNonNull(limits, "limits");
    Path file = Files.isDirectory(path) ? CheckpointFolder.choose(path) : path;
    Opening opening = new Opening(path, file, limits);
    try {
      return opening.open();
    } catch (Throwable e) {
      opening.closeAfter(e);
      throw e;
    }
  }

  /**
   * Opens a file that is in memory; an index of several files cannot be.
   *
   * @param name for messages
   * @param bytes the whole file, from position to limit; borrowed while the checkpoint is used, of
   *     whose bytes they are
   * @param limits what is read at most
   * @throws FormatException if the file is wrong, or of another kind
   */
  public static Checkpoint inMemory(String name, ByteBuffer bytes, CheckpointLimits limits)
      throws IOException {
    Path file = Path.of(name);
    ByteSource source = ByteSource.of(bytes);
    return switch (FileKind.of(file, source)) {
      case SAFETENSORS -> {
        SafetensorsHeader.Contents contents = SafetensorsHeader.read(file, file, source, limits);
        yield new FileCheckpoint(
            file, "safetensors", Map.of(file, source), contents.tensors(), contents.metadata());
      }
      case NPY -> npy(file, file, source);
      case ZIP -> zip(file, TensorArchive.read(file, file, source, limits), Map.of(file, source));
      case SHARD_INDEX ->
          throw new FormatException(
              file, "", -1, "neither .safetensors, .latent, .npy, .npz nor .pt, one is needed");
    };
  }

  private static Checkpoint zip(Path opened, TensorArchive archive, Map<Path, ByteSource> sources) {
    Map<Path, ByteSource> all = new LinkedHashMap<>(sources);
    all.putAll(archive.members());
    return new FileCheckpoint(opened, archive.format(), all, archive.tensors(), Map.of());
  }

  private static Checkpoint npy(Path file, Path real, ByteSource bytes) throws IOException {
    TensorInfo array = NpyFile.header(file, real, bytes);
    return new FileCheckpoint(
        file, "npy", Map.of(real, bytes), Map.of(Checkpoint.UNNAMED, array), Map.of());
  }

  /** One call of open: gathers files, which it owns until the checkpoint takes them over. */
  private static final class Opening {
    private final Path opened;
    private final Path file;
    private final CheckpointLimits limits;
    private final Map<Path, ByteSource> sources = new LinkedHashMap<>();

    Opening(Path opened, Path file, CheckpointLimits limits) {
      this.opened = opened;
      this.file = file;
      this.limits = limits;
    }

    Checkpoint open() throws IOException {
      Path real = open(file);
      ByteSource bytes = sources.get(real);
      return switch (FileKind.of(file, bytes)) {
        case SAFETENSORS -> single(SafetensorsHeader.read(file, real, bytes, limits));
        case SHARD_INDEX -> {
          sources.remove(real).close();
          yield sharded();
        }
        case ZIP -> zip(opened, TensorArchive.read(file, real, bytes, limits), sources);
        case NPY -> npy(file, real, bytes);
      };
    }

    /** A safetensors file, with its second half where it is the first of the pair. */
    private Checkpoint single(SafetensorsHeader.Contents contents) throws IOException {
      Path embedding = file.resolveSibling(CheckpointFolder.PAIR_EMBEDDING);
      boolean pair = file.endsWith(CheckpointFolder.PAIR_DECODER) && Files.exists(embedding);
      return safetensors(
          pair ? withEmbedding(contents.tensors(), embedding) : contents.tensors(),
          contents.metadata());
    }

    void closeAfter(Throwable failure) {
      for (ByteSource source : sources.values()) {
        try {
          source.close();
        } catch (IOException e) {
          failure.addSuppressed(e);
        }
      }
    }

    private Checkpoint safetensors(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
      return new FileCheckpoint(opened, "safetensors", sources, tensors, metadata);
    }

    private Map<String, TensorInfo> withEmbedding(Map<String, TensorInfo> tensors, Path embedding)
        throws IOException {
      Path real = open(embedding);
      Map<String, TensorInfo> table =
          SafetensorsHeader.read(embedding, real, sources.get(real), limits).tensors();
      TensorInfo weight = table.get(EMBEDDING_TENSOR);
      if (weight == null || table.size() != 1) {
        throw new FormatException(
            embedding,
            "",
            -1,
            "holds %s tensors, beside %s it needs exactly one named '%s'"
                .formatted(table.size(), CheckpointFolder.PAIR_DECODER, EMBEDDING_TENSOR));
      }
      if (tensors.containsKey(EMBEDDING_NAME)) {
        throw new FormatException(
            file, EMBEDDING_NAME, -1, "it is also in " + CheckpointFolder.PAIR_EMBEDDING);
      }
      Map<String, TensorInfo> all = new LinkedHashMap<>(tensors);
      all.put(EMBEDDING_NAME, weight.named(EMBEDDING_NAME));
      return all;
    }

    private Checkpoint sharded() throws IOException {
      ShardIndex index = ShardIndex.read(file, limits);
      Map<String, TensorInfo> found = new LinkedHashMap<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      for (String shard : index.shards()) {
        SafetensorsHeader.Contents contents = shard(shard, index);
        contents.metadata().forEach(metadata::putIfAbsent);
        found.putAll(contents.tensors());
      }
      Map<String, TensorInfo> tensors = new LinkedHashMap<>();
      for (Map.Entry<String, String> placed : index.weightMap().entrySet()) {
        TensorInfo tensor = found.get(placed.getKey());
        if (tensor == null) {
          throw new FormatException(
              file,
              StrictJson.shortened(placed.getKey()),
              -1,
              "not in '" + placed.getValue() + "', where the index places it");
        }
        tensors.put(placed.getKey(), tensor);
      }
      return safetensors(tensors, metadata);
    }

    /** One file of several; all its tensors are those that the index places in it. */
    private SafetensorsHeader.Contents shard(String name, ShardIndex index) throws IOException {
      Path shard = file.resolveSibling(name);
      if (!Files.exists(shard)) {
        throw new IOException(file + ": names '" + name + "', which is not in its folder");
      }
      Path real = open(shard);
      SafetensorsHeader.Contents contents =
          SafetensorsHeader.read(shard, real, sources.get(real), limits);
      for (String tensor : contents.tensors().keySet()) {
        if (!name.equals(index.weightMap().get(tensor))) {
          throw new FormatException(
              shard,
              StrictJson.shortened(tensor),
              -1,
              "the index " + file.getFileName() + " does not place it in this file");
        }
      }
      return contents;
    }

    /** Opens what a name leads to, unless it is open; returns its real path. */
    private Path open(Path name) throws IOException {
      Path real = name.toRealPath();
      if (!sources.containsKey(real)) {
        sources.put(real, ByteSource.open(name, real));
      }
      return real;
    }
  }

  /** What a file is by its first bytes; its name decides only where these say nothing. */
  enum FileKind {
    SAFETENSORS,
    SHARD_INDEX,
    ZIP,
    NPY;

    private static final int SNIFFED_BYTES = 64;

    /**
     * Recognises a file.
     *
     * @param file its name as given, not that of a link's target
     * @throws FormatException saying what else it seems to be
     */
    static FileKind of(Path file, ByteSource bytes) throws IOException {
      if (bytes.size() == 0) {
        throw new FormatException(file, "", -1, "the file is empty");
      }
      byte[] start = new byte[(int) Math.min(SNIFFED_BYTES, bytes.size())];
      bytes.read(0, ByteBuffer.wrap(start));
      String text = new String(start, StandardCharsets.ISO_8859_1);
      if (text.startsWith("PK\3\4") || text.startsWith("PK\5\6")) {
        return ZIP;
      }
      if (text.startsWith("\u0093NUMPY")) {
        return NPY;
      }
      // A header shorter than 2^56 bytes leaves the eighth byte 0.
      if (start.length > 8 && start[7] == 0 && start[8] == '{') {
        return SAFETENSORS;
      }
      refuseKnownOthers(file, start, text);
      String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
      if (name.endsWith(".safetensors") || name.endsWith(".latent")) {
        return SAFETENSORS;
      }
      if (name.endsWith(".npy")) {
        return NPY;
      }
      if (name.endsWith(".json") || text.stripLeading().startsWith("{")) {
        return SHARD_INDEX;
      }
      throw new FormatException(
          file, "", -1, "neither .safetensors nor its index, .latent, .npy, .npz nor a torch.save");
    }

    private static void refuseKnownOthers(Path file, byte[] start, String text)
        throws FormatException {
      String lower = text.stripLeading().toLowerCase(Locale.ROOT);
      String reason = null;
      if (start.length > 1 && start[0] == (byte) 0x80 && start[1] >= 2 && start[1] <= 5) {
        reason =
            "a bare pickle, as PyTorch wrote before 1.6; it is not read, load it with PyTorch"
                + " (weights_only=True) and save it as safetensors";
      } else if (lower.startsWith("version https://git-lfs")) {
        reason = "a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'";
      } else if (lower.startsWith("<!doctype html") || lower.startsWith("<html")) {
        reason = "a web page, not the file itself; download it again";
      }
      if (reason != null) {
        throw new FormatException(file, "", -1, reason);
      }
    }
  }
}
