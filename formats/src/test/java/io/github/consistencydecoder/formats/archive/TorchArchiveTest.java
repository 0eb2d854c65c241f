package io.github.consistencydecoder.formats.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Archives written by PyTorch itself; src/test/python/make_torch_archives.py made them. */
class TorchArchiveTest {
  private static Path resource(String name) throws URISyntaxException {
    return Path.of(TorchArchiveTest.class.getResource("/checkpoints/" + name).toURI());
  }

  private static JsonNode expected() throws URISyntaxException {
    return JsonMapper.shared().readTree(resource("expected.json"));
  }

  static Stream<String> files() throws URISyntaxException {
    return expected().propertyNames().stream();
  }

  private static List<Long> numbers(JsonNode array) {
    List<Long> numbers = new ArrayList<>();
    array.forEach(n -> numbers.add(n.longValue()));
    return numbers;
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyTensorIsAsPytorchWroteIt(String name) throws IOException, URISyntaxException {
    JsonNode file = expected().get(name);
    try (Checkpoint c = Checkpoints.open(resource(name))) {
      assertThat(c.format()).isEqualTo(file.get("format").stringValue());
      assertThat(c.tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(file.get("tensors").propertyNames());
      for (TensorInfo tensor : c.tensors().values()) {
        JsonNode wanted = file.get("tensors").get(tensor.name());
        assertThat(tensor.dtype().name()).isEqualTo(wanted.get("dtype").stringValue());
        assertThat(tensor.shape()).as(tensor.name()).isEqualTo(numbers(wanted.get("shape")));
        if (!c.format().equals("safetensors")) {
          assertThat(tensor.strides()).as(tensor.name()).isEqualTo(numbers(wanted.get("strides")));
        }
        assertValues(c, tensor, wanted.get("values"));
      }
    }
  }

  private static void assertValues(Checkpoint c, TensorInfo tensor, JsonNode wanted)
      throws IOException {
    assertThat(tensor.elements()).isEqualTo(wanted.size());
    if (tensor.dtype().floating()) {
      float[] values = c.floats(tensor);
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).as(tensor.name()).isEqualTo((float) wanted.get(i).doubleValue());
      }
      assertThat(values).hasSize(wanted.size());
      return;
    }
    ByteBuffer bytes = c.bytes(tensor);
    for (int i = 0; i < wanted.size(); i++) {
      long value =
          switch (tensor.dtype()) {
            case I64 -> bytes.getLong(8 * i);
            case I32 -> bytes.getInt(4 * i);
            case I16 -> bytes.getShort(2 * i);
            case I8 -> bytes.get(i);
            case U8, BOOL -> bytes.get(i) & 0xff;
            case F64, F32, F16, BF16, C64, F8_E4M3, F8_E5M2, F8_E8M0, U64, U32, U16 ->
                throw new AssertionError(tensor.dtype());
          };
      assertThat(value).as(tensor.name()).isEqualTo(wanted.get(i).longValue());
    }
  }

  @ParameterizedTest
  @MethodSource("dtypes")
  void theSameWeightsAreTheSameBytesInEveryFormat(String tag)
      throws IOException, URISyntaxException {
    try (Checkpoint script = Checkpoints.open(resource("script-" + tag + ".pt"));
        Checkpoint dict = Checkpoints.open(resource("state-dict-" + tag + ".pth"));
        Checkpoint safe = Checkpoints.open(resource("same-" + tag + ".safetensors"))) {
      assertThat(script.tensors().keySet()).containsExactlyElementsOf(dict.tensors().keySet());
      for (String name : safe.tensors().keySet()) {
        ByteBuffer wanted = safe.bytes(safe.tensor(name));
        assertThat(script.bytes(script.tensor(name))).as(name).isEqualTo(wanted);
        assertThat(dict.bytes(dict.tensor(name))).as(name).isEqualTo(wanted);
      }
    }
  }

  static Stream<String> dtypes() {
    return Stream.of("f32", "f16", "bf16");
  }

  @Test
  void tiedTensorsShareTheirBytes() throws IOException, URISyntaxException {
    try (Checkpoint c = Checkpoints.open(resource("views.pth"))) {
      assertThat(c.tensor("tied").offset()).isEqualTo(c.tensor("whole").offset());
      assertThat(c.tensor("part").offset()).isEqualTo(c.tensor("whole").offset() + 16);
      assertThat(c.tensor("every_second").byteLength()).isEqualTo(11 * 4);
    }
  }

  @Test
  void aViewWithGapsIsNotContiguousAndHasNoBytesOfItsOwn() throws IOException, URISyntaxException {
    try (Checkpoint c = Checkpoints.open(resource("views.pth"))) {
      TensorInfo last = c.tensor("channels_last");
      assertThat(last.contiguous()).isFalse();
      assertThatThrownBy(() -> c.bytes(last))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is not contiguous, strides [12, 1, 6, 3]");
    }
  }

  @Test
  void aFrozenModuleIsRefusedWithTheRemedy() {
    assertThatThrownBy(() -> Checkpoints.open(resource("frozen.pt")))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "frozen.pt: a frozen module, its weights have lost their names; save it without"
                + " torch.jit.freeze");
  }

  @Test
  void aPickleWithoutAnArchiveIsRefusedWithTheRemedy() {
    assertThatThrownBy(() -> Checkpoints.open(resource("legacy.pth")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("a bare pickle, as PyTorch wrote before 1.6; it is not read");
  }
}
