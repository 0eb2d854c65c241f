package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Schedule;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Finds how many pictures of a shape an open model may decode at a time. A number is used only
 * after a trial on this device showed that a batch gives the very bytes of the pictures alone (on a
 * GPU, where no two decodes do, the same pictures) and is faster; the trial of a number follows on
 * the success of its half. Safe for use by several threads.
 */
public final class BatchTrials {
  /** Part of the time alone that a batch may take to be worth it. */
  private static final double WORTH = 0.95;

  /** Longer trials than this cost more than a batch can gain. */
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final int MOST_SHAPES = 256;

  /** Of latents, in cells. */
  public record Shape(int height, int width) {}

  /** How many at a time; from 1 on, and doubled by each trial. */
  private static final class Standing {
    int proven = 1;
    boolean trying;
    boolean over;
  }

  /**
   * A trial to be made.
   *
   * @param pictures at a time
   */
  public record Trial(int pictures, Shape shape) {}

  /** How often a trial decodes its pictures: alone, and twice together. */
  public static final int TIMES = 3;

  private final int most;
  private final Map<Shape, Standing> standings = new HashMap<>();

  /**
   * @param most pictures of a batch, at least 1
   */
  public BatchTrials(int most) {
    this.most = most;
  }

  public int most() {
    return most;
  }

  /** How many pictures of a shape may be decoded at a time. */
  public synchronized int proven(Shape shape) {
    Standing s = standings.get(shape);
    return s == null ? 1 : s.proven;
  }

  /**
   * The number that should be tried next, or 0; asking does not begin the trial.
   *
   * @param waiting pictures of the shape that wait
   */
  public synchronized int next(Shape shape, int waiting) {
    Standing s = standings.get(shape);
    int next = s == null ? 2 : 2 * s.proven;
    boolean possible = s == null ? standings.size() < MOST_SHAPES : !s.trying && !s.over;
    return possible && next <= Math.min(most, waiting) ? next : 0;
  }

  /**
   * Begins a trial.
   *
   * @param nanos predicted for the whole trial
   * @return whether it is worth its time; if not, it is never asked for again
   */
  public synchronized boolean begin(Trial trial, long nanos) {
    Standing s = standings.computeIfAbsent(trial.shape(), k -> new Standing());
    s.over |= nanos > LONGEST_NANOS;
    s.trying = !s.over;
    return s.trying;
  }

  /** Records a trial's outcome. */
  private synchronized void end(Trial trial, boolean passed) {
    Standing s = standings.get(trial.shape());
    s.trying = false;
    if (passed) {
      s.proven = trial.pictures();
    } else {
      s.over = true;
    }
  }

  /** A batch failed: pictures of this shape are decoded alone from here on. */
  public synchronized void refuse(Shape shape) {
    Standing s = standings.computeIfAbsent(shape, k -> new Standing());
    s.proven = 1;
    s.over = true;
  }

  /** Makes a trial, on a worker. */
  public void make(Trial trial, LoadedModel model, Cancellation cancellation) {
    boolean passed = false;
    try {
      passed = passes(trial, model, cancellation);
    } finally {
      end(trial, passed);
    }
  }

  private static boolean passes(Trial trial, LoadedModel model, Cancellation cancellation) {
    LatentDecoder decoder = model.decoder();
    Latents all =
        ModelSelfCheck.latents(trial.pictures(), trial.shape().height(), trial.shape().width());
    List<JoinedDecode.Part> parts = new ArrayList<>();
    List<Decoded> alone = new ArrayList<>();
    long aloneNanos = 0;
    for (int k = 0; k < trial.pictures(); k++) {
      // Not clamped, so that no difference is hidden.
      DecodeOptions options =
          DecodeOptions.builder()
              .seed(k)
              .schedule(Schedule.ONE_STEP)
              .clamp(ClampMode.NONE)
              .cancellation(cancellation)
              .build();
      parts.add(new JoinedDecode.Part(all.image(k), options));
      long start = System.nanoTime();
      alone.add(decoder.decode(all.image(k), options));
      aloneNanos += System.nanoTime() - start;
    }
    long joinedNanos = Long.MAX_VALUE;
    // Twice: the first use of a shape is slow.
    for (int repeat = 0; repeat < 2; repeat++) {
      long start = System.nanoTime();
      List<Decoded> joined =
          JoinedDecode.decode(decoder, parts, DecodeListener.NONE, cancellation).orElse(List.of());
      joinedNanos = Math.min(joinedNanos, System.nanoTime() - start);
      if (!equal(alone, joined, model.exact() ? 0 : ModelSelfCheck.TOLERANCE)) {
        return false;
      }
    }
    return joinedNanos < WORTH * aloneNanos;
  }

  private static boolean equal(List<Decoded> alone, List<Decoded> joined, float tolerance) {
    boolean equal = alone.size() == joined.size();
    for (int k = 0; equal && k < alone.size(); k++) {
      FloatBuffer one = alone.get(k).pixels().values();
      FloatBuffer other = joined.get(k).pixels().values();
      equal = same(one, other, tolerance);
    }
    return equal;
  }

  /** Bit for bit, or within the tolerance if there is one. */
  private static boolean same(FloatBuffer a, FloatBuffer b, float tolerance) {
    boolean same = a.remaining() == b.remaining();
    for (int i = 0; same && i < a.remaining(); i++) {
      same =
          Float.floatToRawIntBits(a.get(i)) == Float.floatToRawIntBits(b.get(i))
              || (tolerance > 0 && Math.abs(a.get(i) - b.get(i)) <= tolerance);
    }
    return same;
  }
}
