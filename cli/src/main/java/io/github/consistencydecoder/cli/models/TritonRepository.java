package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.core.export.ExportPart;
import io.github.consistencydecoder.formats.io.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An exported model as Triton's server looks for it: {@code NAME/1/model.onnx}, and beside the
 * version's folder {@code NAME/config.pbtxt}, a {@code ModelConfig} in protobuf's text form.
 */
final class TritonRepository {
  private static final String VERSION = "1";
  private static final String CONFIG = "config.pbtxt";

  private TritonRepository() {}

  private static String name(ExportPart part) {
    return switch (part) {
      case CONSISTENCY_DECODER -> "consistency_decoder";
      case VAE_DECODER -> "sd_vae";
      case TAESD_DECODER -> "taesd";
      case VAE_ENCODER -> "sd_vae_encoder";
    };
  }

  /** The folder of the model's files. */
  static Path versionFolder(Path repository, ExportPart part) {
    return repository.resolve(name(part)).resolve(VERSION);
  }

  /** The file beside a version's folder. */
  static Path config(Path versionFolder) {
    return versionFolder.resolveSibling(CONFIG);
  }

  /**
   * Writes the configuration.
   *
   * @param digest of the weights
   */
  static void describe(Path versionFolder, ExportPart part, String digest) throws IOException {
    String input = part.decoder() ? "latent_sample" : "sample";
    String output = part.decoder() ? "sample" : "latent_parameters";
    AtomicFiles.write(
        config(versionFolder),
        """
        name: "%s"
        backend: "onnxruntime"
        default_model_filename: "model.onnx"
        # Pictures of one size that wait are decoded together; each takes memory of its own.
        max_batch_size: 4
        dynamic_batching { }
        input [
          { name: "%s", data_type: TYPE_FP32, dims: [ %d, -1, -1 ] }
        ]
        output [
          { name: "%s", data_type: TYPE_FP32, dims: [ %d, -1, -1 ] }
        ]
        parameters { key: "weights", value { string_value: "%s" } }
        """
            .formatted(
                name(part), input, part.decoder() ? 4 : 3, output, part.decoder() ? 3 : 8, digest)
            .getBytes(StandardCharsets.UTF_8));
  }

  /** Removes the model's own folder if nothing came to be in it. */
  static void removeEmpty(Path versionFolder) throws IOException {
    try {
      Files.deleteIfExists(versionFolder.getParent());
    } catch (DirectoryNotEmptyException e) {
      // It has what it is for.
    }
  }
}
