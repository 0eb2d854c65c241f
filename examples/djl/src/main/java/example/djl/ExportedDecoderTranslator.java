package example.djl;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Feeds an exported {@code vae_decoder/model.onnx} that DJL's ONNX Runtime engine has loaded:
 * scaled latents {@code [N, 4, h, w]} in, pictures out. Arithmetic on the latents is done in Java,
 * because that engine's arrays have none.
 */
public final class ExportedDecoderTranslator implements NoBatchifyTranslator<NDArray, List<Image>> {
  @Override
  public NDList processInput(TranslatorContext context, NDArray latent) {
    long[] shape = latent.getShape().getShape();
    FloatBuffer unscaled =
        Latents.scaled(latent.toFloatArray(), shape).to(LatentScale.UNSCALED).values();
    float[] values = new float[unscaled.remaining()];
    unscaled.get(values);
    return new NDList(context.getNDManager().create(values, latent.getShape()));
  }

  @Override
  public List<Image> processOutput(TranslatorContext context, NDList outputs) {
    NDArray sample = outputs.singletonOrThrow();
    int batch = (int) sample.getShape().get(0);
    int height = (int) sample.getShape().get(2);
    int width = (int) sample.getShape().get(3);
    return ConsistencyImageDecoder.images(
        Pixels.takeOver(sample.toFloatArray(), batch, height, width));
  }
}
