package example.sd4j;

import com.oracle.labs.mlrg.sd4j.FloatTensor;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes the place of sd4j's {@code VAEDecoder} behind {@code UNet.inference}: the same tensor in,
 * the same kind of images out.
 *
 * <pre>{@code
 * FloatTensor result = unet.inference(...);
 * List<BufferedImage> after = consistency.decode(result, options);   // first: see latents()
 * List<BufferedImage> before = vae.decodeToBufferedImage(result, VAEDecoder.SD_LATENT_SCALAR);
 * }</pre>
 *
 * <p>Owns a decoder. Safe for use by several threads.
 */
public final class ConsistencyImages implements AutoCloseable {
  private final LatentDecoder decoder;

  private ConsistencyImages(LatentDecoder decoder) {
    this.decoder = decoder;
  }

  /**
   * Opens a model.
   *
   * @param model id of the catalogue, folder or file
   */
  public static ConsistencyImages open(String model) {
    return new ConsistencyImages(Decoders.open("consistency", DecoderConfig.model(model)));
  }

  /**
   * What {@code UNet.inference} leaves, copied. Take it before {@code VAEDecoder} sees the tensor:
   * that one scales its argument in place, and what it has seen is no longer scaled latents. Of
   * Stable Diffusion 1.x only; SDXL's latents look the same and draw nonsense.
   *
   * @param tensor {@code [N, 4, h, w]}, scaled; borrowed
   */
  public static Latents latents(FloatTensor tensor) {
    FloatBuffer buffer = tensor.buffer().duplicate();
    float[] values = new float[buffer.rewind().remaining()];
    buffer.get(values);
    return Latents.scaled(values, tensor.shape());
  }

  /**
   * Decodes a batch.
   *
   * @param tensor as for {@link #latents}
   */
  public List<BufferedImage> decode(FloatTensor tensor, DecodeOptions options) {
    return images(decoder.decode(latents(tensor), options).pixels());
  }

  private static List<BufferedImage> images(Pixels pixels) {
    List<BufferedImage> images = new ArrayList<>();
    for (int n = 0; n < pixels.batch(); n++) {
      byte[] rgb = pixels.rgb8(n, Pixels.Rounding.NEAREST);
      BufferedImage image =
          new BufferedImage(pixels.width(), pixels.height(), BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < rgb.length / 3; i++) {
        int colour =
            (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff);
        image.setRGB(i % pixels.width(), i / pixels.width(), colour);
      }
      images.add(image);
    }
    return images;
  }

  @Override
  public void close() {
    decoder.close();
  }
}
