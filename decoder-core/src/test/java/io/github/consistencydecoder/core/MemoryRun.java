package io.github.consistencydecoder.core;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.util.Random;

/**
 * A process that decodes once and says what it was told it would take, what it took and what it
 * kept: arguments {@code MODEL CACHE HEIGHT WIDTH BATCH KEY=VALUE...}, sizes in pixels; output, in
 * bytes, {@code BEFORE PREDICTED GROWN KEPT}. With {@value #TWO_STEPS} or {@value #CANCELLED} among
 * the settings it makes two steps, or is cancelled after the first of them.
 */
final class MemoryRun {
  static final String TWO_STEPS = "two-steps";
  static final String CANCELLED = "cancelled";

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
    DecodeOptions options = DecodeOptions.builder().schedule(Schedule.ONE_STEP).build();
    for (int i = 5; i < args.length; i++) {
      String[] setting = args[i].split("=", 2);
      if (setting.length == 2) {
        config = config.with(setting[0], setting[1]);
      } else {
        options = twoSteps(args[i].equals(CANCELLED));
      }
    }
    float[] values = new float[batch * 4 * height * width];
    Random random = new Random(1);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Latents latents = Latents.scaled(values, batch, 4, height, width);
    try (LatentDecoder decoder = new ConsistencyDecoderProvider().open(config)) {
      // What it takes for the first estimate is the decoder's own, and stays.
      decoder.estimate(batch, height, width, options);
      MemoryRun run = new MemoryRun();
      long before = run.anonymous();
      long predicted = decoder.estimate(batch, height, width, options).peakBytes();
      Thread sampling = new Thread(run::sample);
      sampling.start();
      try {
        decoder.decode(latents, options);
      } catch (DecoderException e) {
        if (e.code() != DecoderErrorCode.CANCELLED) {
          throw e;
        }
      }
      run.ended = true;
      sampling.join();
      long kept = run.anonymous() - before;
      System.out.println(before + " " + predicted + " " + (run.peak - before) + " " + kept);
    }
  }

  private static DecodeOptions twoSteps(boolean cancelled) {
    Cancellation cancellation = new Cancellation();
    DecodeListener listener =
        new DecodeListener() {
          @Override
          public void stepFinished(int step, int steps, long nanos) {
            if (cancelled) {
              cancellation.cancel();
            }
          }
        };
    return DecodeOptions.builder().cancellation(cancellation).listener(listener).build();
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
