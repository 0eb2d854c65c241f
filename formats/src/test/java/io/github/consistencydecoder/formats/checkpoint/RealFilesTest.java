package io.github.consistencydecoder.formats.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Published files, where the folder of shared data lies beside the project; skipped elsewhere. */
class RealFilesTest {
  private static Path shared(String name) {
    Path file = Path.of(System.getProperty("project.root", "."), "..", "shared", "data", name);
    assumeTrue(Files.exists(file), () -> "skipped: no " + name + " beside the project");
    return file;
  }

  private static void assertAllFinite(Checkpoint checkpoint, int tensors) throws IOException {
    assertThat(checkpoint.tensors()).hasSize(tensors);
    for (TensorInfo tensor : checkpoint.tensors().values()) {
      for (float value : checkpoint.floats(tensor)) {
        if (!Float.isFinite(value)) {
          throw new AssertionError(tensor.name() + " has a value " + value);
        }
      }
    }
  }

  @Test
  void thePublishedSmallEncoderIsRead() throws IOException {
    try (Checkpoint c = Checkpoints.open(shared("vaelight/vaelight_encoder.safetensors"))) {
      assertThat(c.format()).isEqualTo("safetensors");
      assertThat(c.metadata()).containsEntry("license", "Apache-2.0");
      assertAllFinite(c, 22);
    }
  }

  @Test
  void aPublishedFileOfOldPytorchIsRefusedByName() {
    Path file = shared("lpips/v0.1/alex.pth");
    assertThatThrownBy(() -> Checkpoints.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("a bare pickle, as PyTorch wrote before 1.6");
  }

  @Test
  void publishedLatentsAreRead() throws IOException {
    Path file = shared("sd1-latents/astronaut_horse_sd14_f32_unscaled.npy");
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      TensorInfo latents = checkpoint.tensor(Checkpoint.UNNAMED);
      assertThat(latents.dtype()).isEqualTo(DType.F32);
      assertThat(latents.shape()).isEqualTo(List.of(1L, 4L, 64L, 64L));
      for (float value : checkpoint.floats(latents)) {
        assertThat(value).isBetween(-100f, 100f);
      }
    }
  }
}
