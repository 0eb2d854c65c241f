package io.github.consistencydecoder.formats.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Finds the checkpoint in a folder. */
final class CheckpointFolder {
  /** First file of the pair that an independent conversion of the decoder is published as. */
  static final String PAIR_DECODER = "consistency_decoder.safetensors";

  /** Second file of the pair: one tensor named {@code weight}, the table of time embeddings. */
  static final String PAIR_EMBEDDING = "embedding.safetensors";

  private static final List<String> PREFERRED =
      List.of(
          "diffusion_pytorch_model.safetensors",
          "diffusion_pytorch_model.safetensors.index.json",
          "diffusion_pytorch_model.fp16.safetensors",
          "model.safetensors",
          "model.safetensors.index.json",
          PAIR_DECODER);

  private static final List<String> TORCH_ENDINGS = List.of(".pt", ".pth", ".bin", ".ckpt");

  private static final int NAMES_SHOWN = 12;

  private CheckpointFolder() {}

  /**
   * The file to open: the first of the well-known names, else the only {@code .safetensors} file,
   * else the only PyTorch archive.
   *
   * @throws IOException listing what the folder holds
   */
  static Path choose(Path folder) throws IOException {
    List<String> names;
    try (Stream<Path> children = Files.list(folder)) {
      names =
          children
              .filter(Files::isRegularFile)
              .map(p -> p.getFileName().toString())
              .sorted()
              .toList();
    }
    for (String name : PREFERRED) {
      if (names.contains(name)) {
        return folder.resolve(name);
      }
    }
    List<String> candidates = names.stream().filter(n -> n.endsWith(".safetensors")).toList();
    if (candidates.isEmpty()) {
      candidates =
          names.stream().filter(n -> TORCH_ENDINGS.stream().anyMatch(n::endsWith)).toList();
    }
    if (candidates.size() == 1) {
      return folder.resolve(candidates.get(0));
    }
    throw new IOException(
        folder
            + (candidates.isEmpty()
                ? ": no checkpoint in this folder, which holds " + listed(names)
                : ": several checkpoints, name one of " + listed(candidates)));
  }

  private static String listed(List<String> names) {
    if (names.isEmpty()) {
      return "no files";
    }
    String shown = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
    int more = names.size() - NAMES_SHOWN;
    return more > 0 ? shown + " and " + more + " more" : shown;
  }
}
