import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Wall times of changing sizes, of a decode that is cancelled, and of decodes at once, of the same
 * latents each time.
 *
 * <p>{@code Sizes MODEL DTYPE CUDA-OPTIONS HxW,HxW [HxW+HxW,..]}; {@code -Ddevice=cpu} to try it.
 */
public final class Sizes {
  /** Decodes of each that runs at the same time as others. */
  private static final int TIMES = 4;

  private final LatentDecoder decoder;

  private Sizes(LatentDecoder decoder) {
    this.decoder = decoder;
  }

  private String decode(String size, Cancellation cancellation) {
    String[] sides = size.split("x");
    int height = Integer.parseInt(sides[0]) / 8;
    int width = Integer.parseInt(sides[1]) / 8;
    Random random = new Random(1);
    float[] values = new float[4 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    long start = System.nanoTime();
    String found;
    try {
      Decoded decoded =
          decoder.decode(
              Latents.scaled(values, 1, 4, height, width),
              DecodeOptions.builder().seed(7).cancellation(cancellation).build());
      FloatBuffer pixels = decoded.pixels().values();
      double sum = 0;
      for (int i = 0; i < pixels.remaining(); i++) {
        sum += pixels.get(i);
      }
      found =
          String.format(Locale.ROOT, "mean %.5f %s", sum / pixels.remaining(), decoded.warnings());
    } catch (DecoderException e) {
      found = e.code() + ": " + e.getMessage();
    }
    return String.format(
        Locale.ROOT, "%s %.3f s %s", size, (System.nanoTime() - start) / 1e9, found);
  }

  private void atOnce(String sizes) throws Exception {
    String[] each = sizes.split("\\+");
    ExecutorService threads = Executors.newFixedThreadPool(each.length);
    long start = System.nanoTime();
    List<Future<?>> all = new ArrayList<>();
    for (String size : each) {
      all.add(
          threads.submit(
              () -> {
                for (int i = 0; i < TIMES; i++) {
                  System.out.println("  " + decode(size, new Cancellation()));
                }
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
    threads.shutdown();
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "at once, %s: %.3f s, %.3f s a decode%n",
        sizes,
        seconds,
        seconds / TIMES / each.length);
  }

  private void cancelled(String size) throws InterruptedException {
    Cancellation cancellation = new Cancellation();
    Thread thread =
        new Thread(() -> System.out.println("cancelled: " + decode(size, cancellation)));
    thread.start();
    Thread.sleep(50);
    long start = System.nanoTime();
    cancellation.cancel();
    thread.join();
    System.out.printf(
        Locale.ROOT, "ended %.3f s after it was cancelled%n", (System.nanoTime() - start) / 1e9);
  }

  public static void main(String[] args) throws Exception {
    DecoderConfig config =
        DecoderConfig.model(args[0])
            .with(DecoderConfig.DEVICE, System.getProperty("device", "cuda"))
            .with(DecoderConfig.DTYPE, args[1]);
    long start = System.nanoTime();
    try (LatentDecoder decoder =
        Decoders.open(
            "consistency", args[2].isEmpty() ? config : config.with("cuda.options", args[2]))) {
      System.out.printf(
          Locale.ROOT,
          "opened in %.2f s: %s%n",
          (System.nanoTime() - start) / 1e9,
          decoder.info().details());
      Sizes sizes = new Sizes(decoder);
      String last = "";
      for (String size : args[3].split(",")) {
        System.out.println(sizes.decode(size, new Cancellation()));
        last = size;
      }
      for (int i = 4; i < args.length; i++) {
        for (String several : args[i].split(",")) {
          sizes.atOnce(several);
        }
        sizes.cancelled(last);
      }
    }
  }
}
