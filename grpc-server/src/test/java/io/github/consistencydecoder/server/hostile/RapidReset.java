package io.github.consistencydecoder.server.hostile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;

/** Begins calls and resets them at once, so many a second, reconnecting whenever it is cut off. */
final class RapidReset {
  private static final int BATCH = 50;

  private final int port;
  private final byte[] headers;
  private final int perSecond;
  private long resets;
  private int ended;

  RapidReset(int port, byte[] headers, int perSecond) {
    this.port = port;
    this.headers = headers;
    this.perSecond = perSecond;
  }

  /** Calls that were begun and reset. */
  long resets() {
    return resets;
  }

  /** Connections that the server ended. */
  int ended() {
    return ended;
  }

  /**
   * Goes on until there were so many and so many connections were ended, or it takes too long.
   *
   * @return seconds that it took
   */
  double run(long least, int leastEnded, Duration most) throws InterruptedException {
    long start = System.nanoTime();
    while ((resets < least || ended < leastEnded) && System.nanoTime() - start < most.toNanos()) {
      try (RawFrames raw = new RawFrames(port)) {
        for (int stream = 1; System.nanoTime() - start < most.toNanos(); stream += 2 * BATCH) {
          raw.write(batch(stream));
          resets += BATCH;
          long ahead = resets * 1_000_000_000L / perSecond - (System.nanoTime() - start);
          if (ahead > 1_000_000) {
            Thread.sleep(ahead / 1_000_000);
          }
        }
      } catch (IOException cutOff) {
        ended++;
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private byte[] batch(int first) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < BATCH; i++) {
      int stream = first + 2 * i;
      out.writeBytes(RawFrames.frame(RawFrames.HEADERS, RawFrames.END_HEADERS, stream, headers));
      out.writeBytes(RawFrames.reset(stream));
    }
    return out.toByteArray();
  }
}
