package io.github.consistencydecoder.server.request;

import static io.github.consistencydecoder.server.request.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PictureRulesTest {
  private static final TensorFields FIELDS = TensorFields.below("tensor");

  private static WireTensor tensor(TensorType type, float value, long... shape)
      throws ServiceException {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    values[values.length - 1] = value;
    return WireTensor.of(
        FIELDS,
        type,
        Arrays.stream(shape).boxed().toList(),
        ByteBuffer.wrap(type.toBytes(FloatBuffer.wrap(values))));
  }

  private static byte[] file(String format, int type, int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, 0xff000000 | (5 * x) << 16 | (5 * y) << 8 | (x + y));
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, format, out);
    return out.toByteArray();
  }

  @Test
  void levelsBecomeValuesAndChangeTheirOrder() throws ServiceException {
    Pixels pixels = PictureRules.pixels(tensor(TensorType.UINT8, 255, 2, 8, 16, 3));
    assertThat(pixels.toString()).isEqualTo("Pixels[2, 3, 8, 16]");
    FloatBuffer values = pixels.values();
    assertThat(values.get(values.limit() - 1)).isEqualTo(1);
    assertThat(values.get(0)).isEqualTo(-1);
  }

  @Test
  void levelsSurviveTheWayThroughValues() throws ServiceException {
    byte[] rgb = new byte[2 * 8 * 24 * 3];
    new Random(3).nextBytes(rgb);
    Pixels pixels =
        PictureRules.pixels(
            WireTensor.of(
                FIELDS, TensorType.UINT8, List.of(2L, 8L, 24L, 3L), ByteBuffer.wrap(rgb)));
    assertThat(PictureBytes.rgb8(pixels)).isEqualTo(rgb);
  }

  @Test
  void valuesKeepTheirOrder() throws ServiceException {
    Pixels pixels = PictureRules.pixels(tensor(TensorType.BFLOAT16, 0.5f, 1, 3, 8, 16));
    assertThat(pixels.values().get(3 * 8 * 16 - 1)).isEqualTo(0.5f);
  }

  @Test
  void tensorsOfAnotherFormAreRefused() {
    refused(
        "tensor.shape", "4 dim", () -> PictureRules.pixels(tensor(TensorType.FLOAT32, 0, 3, 8, 8)));
    refused(
        "tensor.shape",
        "[N, 3, H, W]",
        () -> PictureRules.pixels(tensor(TensorType.FLOAT32, 0, 1, 8, 8, 3)));
    refused(
        "tensor.shape",
        "[N, H, W, 3]",
        () -> PictureRules.pixels(tensor(TensorType.UINT8, 0, 1, 3, 8, 8)));
    refused(
        "tensor.shape",
        "12x8",
        () -> PictureRules.pixels(tensor(TensorType.UINT8, 0, 1, 8, 12, 3)));
    refused(
        "tensor.data",
        "NaN",
        () -> PictureRules.pixels(tensor(TensorType.FLOAT16, Float.NaN, 1, 3, 8, 8)));
    refused(
        "tensor.data",
        "[-1, 1]",
        () -> PictureRules.pixels(tensor(TensorType.FLOAT16, 255, 1, 3, 8, 8)));
  }

  @Test
  void pngIsReadExactlyWhateverItsKind() throws IOException, ServiceException {
    for (int type :
        new int[] {
          BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_INT_ARGB,
        }) {
      Pixels pixels = PictureRules.file("file", file("png", type, 24, 16), 1000);
      byte[] rgb = PictureBytes.rgb8Rows(pixels, 0, 0, pixels.height());
      int i = 3 * (7 * 24 + 9);
      assertThat(new byte[] {rgb[i], rgb[i + 1], rgb[i + 2]}).containsExactly(45, 35, 16);
    }
    byte[] grey = file("png", BufferedImage.TYPE_BYTE_GRAY, 24, 16);
    assertThat(PictureRules.file("file", grey, 1000).width()).isEqualTo(24);
  }

  @Test
  void transparentPixelsLieOverWhite() throws IOException, ServiceException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_ARGB), "png", out);
    assertThat(PictureRules.file("file", out.toByteArray(), 64).values().get(0)).isEqualTo(1);
  }

  @Test
  void jpegIsRead() throws IOException, ServiceException {
    byte[] file = file("jpg", BufferedImage.TYPE_3BYTE_BGR, 24, 16);
    byte[] rgb = PictureBytes.rgb8(PictureRules.file("file", file, 1000));
    int i = 3 * (7 * 24 + 9);
    assertThat((double) rgb[i]).isBetween(35.0, 55.0);
    byte[] grey = file("jpg", BufferedImage.TYPE_BYTE_GRAY, 24, 16);
    assertThat(PictureRules.file("file", grey, 1000).height()).isEqualTo(16);
  }

  @Test
  void sizeIsCheckedBeforeAnythingIsDecoded() throws IOException {
    byte[] claim = file("png", BufferedImage.TYPE_3BYTE_BGR, 8, 8);
    ByteBuffer.wrap(claim).putInt(16, 50_000).putInt(20, 50_000);
    repairHeader(claim);
    ServiceException e =
        catchThrowableOfType(
            ServiceException.class, () -> PictureRules.file("file", claim, 1 << 20));
    assertThat(e.error()).isEqualTo(ServiceError.TOO_LARGE);
    assertThat(e.getMessage()).contains("50000x50000").contains("1048576");
  }

  private static void repairHeader(byte[] png) {
    java.util.zip.CRC32 crc = new java.util.zip.CRC32();
    crc.update(png, 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
  }

  @Test
  void filesThatAreNoPictureAreRefused() throws IOException {
    refused("file", "empty", () -> PictureRules.file("file", new byte[0], 99));
    refused("file", "no picture", () -> PictureRules.file("file", new byte[] {'G', 'I', 'F'}, 99));
    byte[] gif = file("gif", BufferedImage.TYPE_3BYTE_BGR, 8, 8);
    refused("file", "a GIF picture; PNG and JPEG", () -> PictureRules.file("file", gif, 99));
    byte[] odd = file("png", BufferedImage.TYPE_3BYTE_BGR, 9, 8);
    refused("file", "9x8", () -> PictureRules.file("file", odd, 99));
  }

  @Test
  void everyCutAndEveryFlippedByteIsRefusedOrStillAPicture() throws IOException {
    for (String format : List.of("png", "jpg")) {
      byte[] whole = file(format, BufferedImage.TYPE_3BYTE_BGR, 16, 16);
      for (int n = 0; n < whole.length; n++) {
        byte[] cut = Arrays.copyOf(whole, n);
        refused("file", "", () -> PictureRules.file("file", cut, 4096));
      }
      Random random = new Random(11);
      for (int i = 0; i < whole.length; i++) {
        byte[] flipped = whole.clone();
        flipped[i] ^= (byte) (1 << random.nextInt(8));
        try {
          assertThat(PictureRules.file("file", flipped, 4096).batch()).isEqualTo(1);
        } catch (ServiceException e) {
          assertThat(e.error()).isIn(ServiceError.INVALID, ServiceError.TOO_LARGE);
        }
      }
    }
  }
}
