package io.github.consistencydecoder.server.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTypeTest {
  private static byte[] bytes(int... values) {
    byte[] out = new byte[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (byte) values[i];
    }
    return out;
  }

  @Test
  void elementsAreLittleEndian() {
    FloatBuffer values = FloatBuffer.wrap(new float[] {1f, -2.5f});
    assertThat(TensorType.FLOAT32.toBytes(values))
        .isEqualTo(bytes(0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0));
    assertThat(TensorType.FLOAT16.toBytes(values)).isEqualTo(bytes(0, 0x3c, 0, 0xc1));
    assertThat(TensorType.BFLOAT16.toBytes(values)).isEqualTo(bytes(0x80, 0x3f, 0x20, 0xc0));
    assertThat(TensorType.UINT8.toBytes(FloatBuffer.wrap(new float[] {-3, 0.5f, 1.5f, 300})))
        .isEqualTo(bytes(0, 0, 2, 255));
  }

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void readingGivesBackWhatWasWritten(TensorType type) {
    float[] values = {0, 1, 2, 37, 128, 255};
    ByteBuffer in = ByteBuffer.wrap(type.toBytes(FloatBuffer.wrap(values)));
    assertThat(type.floats(in)).containsExactly(values);
    assertThat(in.remaining()).isEqualTo(values.length * type.bytes());
  }

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void readingStartsAtThePositionWhateverTheByteOrderOfTheBuffer(TensorType type) {
    ByteBuffer in = ByteBuffer.allocateDirect(3 + 2 * type.bytes());
    in.position(3);
    type.write(FloatBuffer.wrap(new float[] {7, 9}), in);
    assertThat(in.hasRemaining()).isFalse();
    assertThat(type.floats(in.position(3))).containsExactly(7, 9);
  }

  @Test
  void halvesOfAnElementAreRefused() {
    assertThatThrownBy(() -> TensorType.FLOAT32.floats(ByteBuffer.allocate(6)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("6 bytes");
  }

  @ParameterizedTest
  @EnumSource(TensorType.class)
  void namesLeadBackToTheType(TensorType type) {
    assertThat(TensorType.ofInferName(type.inferName())).contains(type);
    assertThat(TensorType.ofTorchName(type.torchName())).contains(type);
    assertThat(TensorType.ofInferName(type.torchName())).isEmpty();
    assertThat(TensorType.ofTorchName("int64")).isEmpty();
  }
}
