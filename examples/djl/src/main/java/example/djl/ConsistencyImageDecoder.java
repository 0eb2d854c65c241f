package example.djl;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.ndarray.NDArray;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes the place of the last {@code vaeDecoder.predict(latent)} of a Stable Diffusion pipeline on
 * DJL, whatever engine the rest of it runs on; of any batch.
 *
 * <p>Owns a decoder. Safe for use by several threads.
 */
public final class ConsistencyImageDecoder implements AutoCloseable {
  private final LatentDecoder decoder;

  private ConsistencyImageDecoder(LatentDecoder decoder) {
    this.decoder = decoder;
  }

  /**
   * Opens a model.
   *
   * @param model id of the catalogue, folder or file
   */
  public static ConsistencyImageDecoder open(String model) {
    return new ConsistencyImageDecoder(Decoders.open("consistency", DecoderConfig.model(model)));
  }

  /**
   * Decodes a batch.
   *
   * @param latent {@code [N, 4, h, w]} float32, scaled, as the last step of the scheduler leaves
   *     it; borrowed
   */
  public List<Image> decode(NDArray latent, DecodeOptions options) {
    Latents latents = Latents.scaled(latent.toFloatArray(), latent.getShape().getShape());
    return images(decoder.decode(latents, options).pixels());
  }

  /** Pictures as DJL has them. */
  static List<Image> images(Pixels pixels) {
    List<Image> images = new ArrayList<>();
    for (int n = 0; n < pixels.batch(); n++) {
      byte[] rgb = pixels.rgb8(n, Pixels.Rounding.NEAREST);
      BufferedImage image =
          new BufferedImage(pixels.width(), pixels.height(), BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < rgb.length / 3; i++) {
        int colour =
            (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff);
        image.setRGB(i % pixels.width(), i / pixels.width(), colour);
      }
      images.add(ImageFactory.getInstance().fromImage(image));
    }
    return images;
  }

  @Override
  public void close() {
    decoder.close();
  }
}
