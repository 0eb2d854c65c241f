package io.github.consistencydecoder.server.request;

import static io.github.consistencydecoder.server.request.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.Pixels;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PictureBytesTest {
  static Pixels pixels(int batch, int height, int width) {
    Random random = new Random(7);
    float[] values = new float[batch * 3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i * 0.003) + (float) random.nextGaussian() * 0.05f;
    }
    return Pixels.takeOver(values, batch, height, width);
  }

  private static byte[] rgb(BufferedImage image) {
    byte[] out = new byte[3 * image.getWidth() * image.getHeight()];
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int v = image.getRGB(x, y);
        int i = 3 * (y * image.getWidth() + x);
        out[i] = (byte) (v >> 16);
        out[i + 1] = (byte) (v >> 8);
        out[i + 2] = (byte) v;
      }
    }
    return out;
  }

  @Test
  void levelsAreThoseOfNearestRounding() {
    // every value halfway between two levels, its neighbours, and what lies outside the range
    List<Float> values = new ArrayList<>();
    for (int level = -3; level < 260; level++) {
      float v = (level + 0.5f) / 255f * 2 - 1;
      for (float w : new float[] {v, Math.nextUp(v), Math.nextDown(v), (level / 255f) * 2 - 1}) {
        values.add(w);
      }
    }
    values.addAll(List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f, 1e30f));
    float[] plane = new float[3 * values.size()];
    for (int i = 0; i < plane.length; i++) {
      plane[i] = values.get(i % values.size());
    }
    Pixels pixels = Pixels.takeOver(plane, 1, 1, values.size());
    assertThat(PictureBytes.rgb8Rows(pixels, 0, 0, pixels.height()))
        .isEqualTo(pixels.rgb8(0, Pixels.Rounding.NEAREST));
  }

  @Test
  void batchIsItsPicturesAndPicturesAreTheirRows() throws IOException {
    Pixels pixels = pixels(2, 24, 16);
    ByteArrayOutputStream levels = new ByteArrayOutputStream();
    ByteArrayOutputStream halves = new ByteArrayOutputStream();
    ByteArrayOutputStream singles = new ByteArrayOutputStream();
    for (int k = 0; k < 2; k++) {
      assertThat(PictureBytes.rgb8Rows(pixels, k, 0, pixels.height()))
          .isEqualTo(pixels.rgb8(k, Pixels.Rounding.NEAREST));
      for (int y = 0; y < 24; y += 5) {
        levels.write(PictureBytes.rgb8Rows(pixels, k, y, Math.min(5, 24 - y)));
      }
      for (int c = 0; c < 3; c++) {
        for (int y = 0; y < 24; y += 7) {
          halves.write(
              PictureBytes.planeRows(pixels, k, c, y, Math.min(7, 24 - y), TensorType.FLOAT16));
        }
      }
      singles.write(
          PictureBytes.planeRows(pixels, k, 0, 0, 3 * pixels.height(), TensorType.BFLOAT16));
    }
    assertThat(PictureBytes.rgb8(pixels)).isEqualTo(levels.toByteArray());
    assertThat(PictureBytes.planes(pixels, TensorType.FLOAT16)).isEqualTo(halves.toByteArray());
    assertThat(PictureBytes.planes(pixels, TensorType.BFLOAT16)).isEqualTo(singles.toByteArray());
    ByteBuffer floats = ByteBuffer.wrap(PictureBytes.planes(pixels, TensorType.FLOAT32));
    assertThat(FloatBuffer.wrap(TensorType.FLOAT32.floats(floats))).isEqualTo(pixels.values());
  }

  @Test
  void pngIsReadByAnotherDecoderWithoutLoss() throws IOException {
    for (int width : new int[] {1, 8, 333}) {
      Pixels pixels = pixels(2, 40, width);
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(PictureBytes.png(pixels, 1)));
      assertThat(image.getType()).isEqualTo(BufferedImage.TYPE_3BYTE_BGR);
      assertThat(rgb(image)).isEqualTo(pixels.rgb8(1, Pixels.Rounding.NEAREST));
    }
  }

  @Test
  void samePictureGivesTheSameFile() {
    assertThat(PictureBytes.png(pixels(1, 64, 64), 0))
        .isEqualTo(PictureBytes.png(pixels(1, 64, 64), 0));
  }

  @Test
  void jpegHasColourAtFullResolutionAndIsClose() throws IOException {
    Pixels pixels = pixels(1, 48, 40);
    byte[] file = PictureBytes.jpeg(pixels, 0);
    int frame = 0;
    while (!((file[frame] & 0xff) == 0xff && (file[frame + 1] & 0xff) == 0xc0)) {
      frame++;
    }
    assertThat(new int[] {file[frame + 11], file[frame + 14], file[frame + 17]})
        .containsExactly(0x11, 0x11, 0x11);
    byte[] found = rgb(ImageIO.read(new ByteArrayInputStream(file)));
    byte[] wanted = pixels.rgb8(0, Pixels.Rounding.NEAREST);
    double squares = 0;
    for (int i = 0; i < wanted.length; i++) {
      squares += Math.pow((wanted[i] & 0xff) - (found[i] & 0xff), 2);
    }
    // Quality 95 on independent noise of 6 levels loses about 2.5 levels; quality 75 loses 6.
    assertThat(Math.sqrt(squares / wanted.length)).isBetween(0.1, 4.0);
  }

  @Test
  void sidesThatNoJpegHasAreRefused() {
    refused(
        "format",
        "65504 pixels",
        () -> PictureRules.checkJpeg("format", new DecodeSize(1, 1, 8188, 2)));
  }
}
