package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import java.util.Map;

/** An encoder without a network: a cell is its first pixel's colours and their sum, unscaled. */
final class DullEncoder implements LatentEncoder {
  @Override
  public DecoderInfo info() {
    return new DecoderInfo("dull", "fixture", "", "cpu", Map.of());
  }

  @Override
  public DecodeEstimate estimate(int batch, int height, int width) {
    return new DecodeEstimate((double) batch * height * width, 1000);
  }

  @Override
  public Latents encode(Pixels pixels, Cancellation cancellation) {
    int h = pixels.height() / 8;
    int w = pixels.width() / 8;
    float[] out = new float[pixels.batch() * 4 * h * w];
    for (int n = 0; n < pixels.batch(); n++) {
      for (int c = 0; c < 3; c++) {
        for (int i = 0; i < h * w; i++) {
          int from = ((n * 3 + c) * pixels.height() + i / w * 8) * pixels.width() + i % w * 8;
          out[(n * 4 + c) * h * w + i] = pixels.values().get(from);
          out[(n * 4 + 3) * h * w + i] += pixels.values().get(from);
        }
      }
    }
    return Latents.unscaled(out, pixels.batch(), 4, h, w);
  }

  @Override
  public void close() {}
}
