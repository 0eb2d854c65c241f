package io.github.consistencydecoder.formats.tensors;

import static io.github.consistencydecoder.testing.SafetensorsFile.safetensors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.checkpoint.MissingTensorException;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.testing.SafetensorsFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;

  private Path write(SafetensorsFile file) throws IOException {
    return file.writeTo(folder.resolve("m.safetensors"));
  }

  @Test
  void tensorsAreListedInTheHeadersOrderWhateverTheirPlaces() throws IOException {
    SafetensorsFile file =
        safetensors()
            .entry("\"__metadata__\":{\"format\":\"pt\"}")
            .tensor("late", "U8", "[3]", 8, 11)
            .tensor("early", "F32", "[2,1]", 0, 8)
            .data(11);
    try (Checkpoint c = Checkpoints.open(write(file))) {
      assertThat(c.format()).isEqualTo("safetensors");
      assertThat(c.metadata()).containsExactly(Map.entry("format", "pt"));
      assertThat(c.tensors().keySet()).containsExactly("late", "early");
      TensorInfo early = c.tensor("early");
      assertThat(early.dtype()).isEqualTo(DType.F32);
      assertThat(early.shape()).containsExactly(2L, 1L);
      assertThat(early.strides()).containsExactly(1L, 1L);
      assertThat(early.contiguous()).isTrue();
      assertThat(early.offset()).isEqualTo(file.dataStart());
      assertThat(early.byteLength()).isEqualTo(8);
      assertThat(early.file()).isEqualTo(folder.resolve("m.safetensors").toRealPath());
      assertThat(c.files()).containsExactly(early.file());
      ByteBuffer late = c.bytes(c.tensor("late"));
      assertThat(late.remaining()).isEqualTo(3);
      assertThat(late.get(0)).isEqualTo((byte) 8);
    }
  }

  @Test
  void aHeaderPaddedWithSpacesAndANameWithAnEscapeAreRead() throws IOException {
    SafetensorsFile file =
        safetensors()
            .header(
                "{\"gr\\u00fc\\u00df, \uD83D\uDC12\":{\"shape\":[],\"data_offsets\":[0,1],"
                    + "\"dtype\":\"BOOL\"}}     ")
            .data(1);
    try (Checkpoint c = Checkpoints.open(write(file))) {
      TensorInfo scalar = c.tensor("grüß, \uD83D\uDC12");
      assertThat(scalar.shape()).isEmpty();
      assertThat(scalar.elements()).isEqualTo(1);
    }
  }

  @Test
  void tensorsOfNoElementsAreLegalAnywhere() throws IOException {
    SafetensorsFile file =
        safetensors()
            .tensor("full", "F32", "[1]", 0, 4)
            .tensor("before", "F32", "[0]", 0, 0)
            .tensor("after", "F16", "[2,0,3]", 4, 4)
            .data(4);
    try (Checkpoint c = Checkpoints.open(write(file))) {
      assertThat(c.floats(c.tensor("after"))).isEmpty();
      assertThat(c.bytes(c.tensor("before")).remaining()).isZero();
      assertThat(c.floats(c.tensor("full"))).hasSize(1);
    }
  }

  @Test
  void tensorsOfEveryPublishedTypeOfWholeBytesAreListed() throws IOException {
    SafetensorsFile file = safetensors();
    long at = 0;
    for (DType dtype : DType.values()) {
      file.tensor("t" + dtype, dtype.name(), "[2]", at, at + 2L * dtype.bytes());
      at += 2L * dtype.bytes();
    }
    try (Checkpoint c = Checkpoints.open(write(file.data(at)))) {
      assertThat(c.tensors()).hasSize(DType.values().length).containsKey("tF8_E4M3");
      assertThat(c.bytes(c.tensor("tU16")).remaining()).isEqualTo(4);
    }
  }

  @Test
  void everyFloatingPointTypeIsConverted() throws IOException {
    Path file = folder.resolve("m.safetensors");
    float[] values = {1.5f, -0.25f, 0f, 65504f, 0x1p-24f, Float.NEGATIVE_INFINITY};
    List<Long> shape = List.of(2L, 3L);
    SafetensorsWriter.write(
        file,
        Map.of(),
        List.of(
            SafetensorsWriter.floats("f32", DType.F32, shape, values),
            SafetensorsWriter.floats("f16", DType.F16, shape, values),
            SafetensorsWriter.floats("bf16", DType.BF16, shape, values),
            SafetensorsWriter.floats("f64", DType.F64, shape, values)));
    try (Checkpoint c = Checkpoints.open(file)) {
      assertThat(c.floats(c.tensor("f32"))).containsExactly(values);
      assertThat(c.floats(c.tensor("f16"))).containsExactly(values);
      assertThat(c.floats(c.tensor("f64"))).containsExactly(values);
      float[] rounded = values.clone();
      rounded[3] = 65536f; // bfloat16 keeps 8 bits
      assertThat(c.floats(c.tensor("bf16"))).containsExactly(rounded);
    }
  }

  @Test
  void aTensorLongerThanOneReadArrivesWhole() throws IOException {
    Path file = folder.resolve("m.safetensors");
    float[] values = new float[200_001];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    SafetensorsWriter.write(
        file,
        Map.of(),
        List.of(SafetensorsWriter.floats("w", DType.F32, List.of(200_001L), values)));
    try (Checkpoint c = Checkpoints.open(file)) {
      TensorInfo w = c.tensor("w");
      assertThat(Arrays.equals(c.floats(w), values)).isTrue();
    }
  }

  @Test
  void integersAreNotFloats() throws IOException {
    SafetensorsFile file = safetensors().tensor("n", "I64", "[1]", 0, 8).data(8);
    try (Checkpoint c = Checkpoints.open(write(file))) {
      assertThatThrownBy(() -> c.floats(c.tensor("n")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("holds I64");
    }
  }

  @Test
  void aMissingTensorIsReportedWithSimilarNames() throws IOException {
    SafetensorsFile file =
        safetensors().tensor("conv_in.weight", "U8", "[1]", 0, 1).tensor("z", "U8", "[1]", 1, 2);
    try (Checkpoint c = Checkpoints.open(write(file.data(2)))) {
      assertThatThrownBy(() -> c.tensor("conv_in.weights"))
          .isInstanceOf(MissingTensorException.class)
          .hasMessage(
              "m.safetensors: no tensor 'conv_in.weights' among 2, nearest: conv_in.weight");
    }
  }

  @Test
  void aTensorOfAnotherCheckpointIsRefused() throws IOException {
    Path file = write(safetensors().tensor("a", "U8", "[4]", 0, 4).data(4));
    try (Checkpoint c = Checkpoints.open(file)) {
      TensorInfo a = c.tensor("a");
      TensorInfo forged =
          new TensorInfo("a", DType.U8, List.of(400L), List.of(1L), a.file(), 0, 400);
      assertThatThrownBy(() -> c.bytes(forged))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is not one of m.safetensors");
    }
  }

  @Test
  void afterCloseReadingFailsButMappedBytesStay() throws IOException {
    Path file = write(safetensors().tensor("a", "F32", "[1]", 0, 4).data(4));
    Checkpoint c = Checkpoints.open(file);
    TensorInfo a = c.tensor("a");
    ByteBuffer bytes = c.bytes(a);
    c.close();
    c.close();
    assertThat(bytes.getInt(0)).isEqualTo(0x03020100);
    assertThatThrownBy(() -> c.floats(a)).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(() -> c.bytes(a)).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void theContentDecidesNotTheName() throws IOException {
    Path file =
        safetensors().tensor("a", "F32", "[1]", 0, 4).data(4).writeTo(folder.resolve("latent.pt"));
    try (Checkpoint c = Checkpoints.open(file)) {
      assertThat(c.format()).isEqualTo("safetensors");
    }
  }

  @Test
  void somethingElseIsRefusedInWords() throws IOException {
    Path file = Files.writeString(folder.resolve("notes.txt"), "nothing of the kind");
    assertThatThrownBy(() -> Checkpoints.open(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(
            "neither .safetensors nor its index, .latent, .npy, .npz nor a torch.save");
  }
}
