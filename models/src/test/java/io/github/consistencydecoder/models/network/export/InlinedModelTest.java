package io.github.consistencydecoder.models.network.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.Value;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorProto;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InlinedModelTest {
  /** More than one piece of the copy, and no multiple of it. */
  private static final int LONG = 100_003;

  @TempDir Path folder;
  private byte[] data;

  @BeforeEach
  void writeData() throws IOException {
    data = new byte[64 + 4 * LONG];
    new Random(1).nextBytes(data);
    Files.write(folder.resolve("data"), data);
  }

  @Test
  void itIsTheSameModelWithTheBytesInIt() throws IOException {
    ModelProto model = model();
    Path target = folder.resolve("model.onnx");
    new InlinedModel(model).write(folder.resolve("data"), target, Integer.MAX_VALUE);

    ModelProto read = ModelProto.parseFrom(Files.readAllBytes(target));
    ModelProto.Builder expected = model.toBuilder();
    for (TensorProto.Builder t : expected.getGraphBuilder().getInitializerBuilderList()) {
      switch (t.getName()) {
        case "short" -> inline(t, 0, 12);
        case "long" -> inline(t, 64, 4 * LONG);
        default -> {}
      }
    }
    assertThat(read).isEqualTo(expected.build());
  }

  @Test
  void aModelThatFitsExactlyIsWrittenAndOneByteMoreIsRefused() throws IOException {
    Path target = folder.resolve("model.onnx");
    new InlinedModel(model()).write(folder.resolve("data"), target, Integer.MAX_VALUE);
    long bytes = Files.size(target);
    Path exact = folder.resolve("exact.onnx");
    new InlinedModel(model()).write(folder.resolve("data"), exact, bytes);
    assertThat(exact).hasSameBinaryContentAs(target);

    Path refused = folder.resolve("refused.onnx");
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(
            () -> new InlinedModel(model()).write(folder.resolve("data"), refused, bytes - 1))
        .withMessageContaining(bytes + " bytes in one file")
        .withMessageContaining("float32")
        .extracting(DecoderException::code)
        .isEqualTo(DecoderErrorCode.MODEL_UNSUPPORTED);
    assertThat(refused).doesNotExist();
  }

  private static ModelProto model() {
    GraphBuilder g = new GraphBuilder("test");
    Value x = g.input("x", ElementType.FLOAT32, "n", 3L);
    Value small = g.external("short", ElementType.FLOAT32, "data", 0, 12, 3);
    g.external("long", ElementType.FLOAT32, "data", 64, 4L * LONG, LONG);
    g.output(g.clip("y", g.add("sum", x, small), -1f, 1f), "n", 3L);
    g.remark("a", "b");
    return g.build();
  }

  private void inline(TensorProto.Builder t, int offset, int length) {
    t.clearDataLocation().clearExternalData().setRawData(ByteString.copyFrom(data, offset, length));
  }
}
