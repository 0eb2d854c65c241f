import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/**
 * Decodes a file of latents on a decode service and writes the picture. But for two words,
 * {@code remote} and {@code target}, this is what decoding in this process looks like.
 */
public final class Decode {
  private static final Pattern TENSOR =
      Pattern.compile(
          "\"latents\":\\{\"dtype\":\"(F16|F32)\",\"shape\":\\[([0-9,]+)],\"data_offsets\":\\[0,");

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 3) {
      System.err.println("usage: Decode TARGET LATENTS.safetensors PICTURE.png");
      System.exit(2);
    }
    DecoderConfig config =
        DecoderConfig.empty().with("target", arguments[0]).with("timeout", "5m");
    DecodeOptions options = DecodeOptions.builder().seed(42).listener(new Steps()).build();
    try (LatentDecoder decoder = Decoders.open("remote", config)) {
      System.out.println(decoder.info().model() + ", " + decoder.info().device());
      Decoded decoded = decoder.decode(read(Path.of(arguments[1])), options);
      decoded.warnings().forEach(System.err::println);
      write(decoded.pixels(), new File(arguments[2]));
    } catch (DecoderException e) {
      System.err.println("error: " + e.getMessage());
      System.exit(1);
    }
  }

  /** Steps as they end on the service. */
  private static final class Steps implements DecodeListener {
    @Override
    public void stepFinished(int step, int steps, long nanos) {
      System.out.printf("step %d of %d: %d ms%n", step + 1, steps, nanos / 1_000_000);
    }
  }

  /** A file with the tensor "latents": the header's length, the header in JSON, the numbers. */
  private static Latents read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] json = new byte[Math.toIntExact(bytes.getLong())];
    bytes.get(json);
    String header = new String(json, StandardCharsets.UTF_8);
    Matcher tensor = TENSOR.matcher(header);
    if (!tensor.find()) {
      throw new IOException(file + ": no tensor \"latents\" of F16 or F32, [N,4,h,w], first in the file");
    }
    long[] shape = Arrays.stream(tensor.group(2).split(",")).mapToLong(Long::parseLong).toArray();
    float[] values = new float[Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.group(1).equals("F16") ? half(bytes.getShort()) : bytes.getFloat();
    }
    // It has to be said: both decode to plausible pictures, and one of them is wrong.
    return header.contains("\"scale\":\"unscaled\"")
        ? Latents.unscaled(values, shape)
        : Latents.scaled(values, shape);
  }

  private static float half(short bits) {
    int rest = bits & 0x7fff;
    float size = rest < 0x400 ? rest * 0x1p-24f : Float.intBitsToFloat((rest << 13) + 0x38000000);
    return bits < 0 ? -size : size;
  }

  private static void write(Pixels pixels, File file) throws IOException {
    byte[] rgb = pixels.rgb8(0, Pixels.Rounding.NEAREST);
    var image = new BufferedImage(pixels.width(), pixels.height(), BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < rgb.length / 3; i++) {
      int colour = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255;
      image.setRGB(i % pixels.width(), i / pixels.width(), colour);
    }
    ImageIO.write(image, "png", file);
  }
}
