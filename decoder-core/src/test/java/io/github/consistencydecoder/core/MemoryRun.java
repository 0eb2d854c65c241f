package io.github.consistencydecoder.core;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.util.Random;

/**
 * A process that decodes once and says what it was told it would take and what it took: arguments
 * {@code MODEL CACHE HEIGHT WIDTH BATCH KEY=VALUE...}, sizes in pixels; output, in bytes, {@code
 * BEFORE PREDICTED GROWN}.
 */
final class MemoryRun {
  private static final byte[] KEY = {'R', 's', 's', 'A', 'n', 'o', 'n', ':'};

  private volatile boolean ended;
  private volatile long peak;

  private MemoryRun() {}

  public static void main(String[] args) throws Exception {
    int height = Integer.parseInt(args[2]) / 8;
    int width = Integer.parseInt(args[3]) / 8;
    int batch = Integer.parseInt(args[4]);
    DecoderConfig config =
        DecoderConfig.model(args[0])
            .with(DecoderConfig.DEVICE, "cpu")
            .with(ConsistencyDecoderProvider.CACHE, args[1]);
    for (int i = 5; i < args.length; i++) {
      String[] setting = args[i].split("=", 2);
      config = config.with(setting[0], setting[1]);
    }
    float[] values = new float[batch * 4 * height * width];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Latents latents = Latents.scaled(values, batch, 4, height, width);
    DecodeOptions options = DecodeOptions.builder().schedule(Schedule.ONE_STEP).build();
    try (LatentDecoder decoder = new ConsistencyDecoderProvider().open(config)) {
      // What it takes for the first estimate is the decoder's own, and stays.
      decoder.estimate(batch, height, width, options);
      MemoryRun run = new MemoryRun();
      long before = run.anonymous();
      long predicted = decoder.estimate(batch, height, width, options).peakBytes();
      Thread sampling = new Thread(run::sample);
      sampling.start();
      decoder.decode(latents, options);
      run.ended = true;
      sampling.join();
      System.out.println(before + " " + predicted + " " + (run.peak - before));
    }
  }

  private void sample() {
    try {
      while (!ended) {
        peak = Math.max(peak, anonymous());
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private final byte[] buffer = new byte[8192];
  private RandomAccessFile status;

  /** Without making garbage, which would be memory too. */
  private synchronized long anonymous() {
    try {
      if (status == null) {
        status = new RandomAccessFile("/proc/self/status", "r");
      }
      status.seek(0);
      int length = status.read(buffer);
      int at = 0;
      while (!startsAt(at)) {
        at++;
      }
      long kibibytes = 0;
      for (at += KEY.length; at < length && buffer[at] != '\n'; at++) {
        if (buffer[at] >= '0' && buffer[at] <= '9') {
          kibibytes = 10 * kibibytes + buffer[at] - '0';
        }
      }
      return kibibytes << 10;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean startsAt(int at) {
    for (int i = 0; i < KEY.length; i++) {
      if (buffer[at + i] != KEY[i]) {
        return false;
      }
    }
    return true;
  }
}
