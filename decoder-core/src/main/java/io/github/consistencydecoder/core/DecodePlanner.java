package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Tiling;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * Chooses how a decode is done: whole if that takes little or nothing else fits, otherwise divided
 * as far as that is allowed.
 *
 * <p>Safe for use by several threads.
 */
final class DecodePlanner {
  /**
   * What a decode takes besides tensors: stacks of the runtime's threads, code that is compiled on
   * its first use, latents. Measured at 8 MB for a first decode of 64x64.
   */
  private static final long BESIDES = 12L << 20;

  /**
   * Beyond this, bands are the better way even where the memory suffices: a tenth more time for
   * half of the memory and for a small part of the mapped weights at once (docs/adr).
   */
  private static final long MODEST = 2L << 30;

  /** Values of a picture for each of its cells. */
  private static final long CELL = 3L * Latents.PIXELS_PER_CELL * Latents.PIXELS_PER_CELL;

  /** What no plan needs to be told apart by, when the least is looked for. */
  private static final long FINE = 1L << 20;

  private final WholeStep whole;
  private final Divisions divisions;

  /** Plans for one decoder. Both are borrowed. */
  DecodePlanner(WholeStep whole, Divisions divisions) {
    this.whole = whole;
    this.divisions = divisions;
  }

  /**
   * A batch of pictures.
   *
   * @param batch N
   * @param height in cells
   * @param width in cells
   * @param steps evaluations of the network
   */
  record Task(int batch, int height, int width, int steps) {
    long values() {
      return CELL * batch * height * width;
    }

    /** The noisy picture and the result, in Java. */
    long heapBytes() {
      return 2 * Float.BYTES * values() + BESIDES;
    }

    /**
     * Copies of a result of so many values: it is copied twice, and what the last step left may not
     * have been collected yet.
     */
    long copyBytes(long values) {
      return Float.BYTES * values * (steps > 1 ? 3 : 1);
    }

    @Override
    public String toString() {
      return (batch == 1 ? "a picture" : batch + " pictures")
          + " of "
          + Latents.PIXELS_PER_CELL * width
          + "x"
          + Latents.PIXELS_PER_CELL * height
          + " pixels";
    }
  }

  /**
   * Chooses.
   *
   * @throws DecoderException {@link DecoderErrorCode#OUT_OF_MEMORY} with what each way would need,
   *     if none that is allowed fits
   */
  DecodePlan plan(Task task, Tiling tiling, MemoryLedger ledger) {
    long bytes = ledger.limit() - ledger.idle();
    Optional<DecodePlan> plan =
        switch (tiling) {
          case AUTO -> exact(task, bytes).or(() -> tiles(task, bytes));
          case WHOLE -> whole(task, bytes);
          case EXACT -> exact(task, bytes);
          case OVERLAPPED -> tiles(task, bytes).or(() -> whole(task, bytes));
        };
    return plan.orElseThrow(() -> refused(task, tiling, ledger));
  }

  /** Whole where that takes little or bands would need the disk, else in bands. */
  private Optional<DecodePlan> exact(Task task, long bytes) {
    return whole(task, Math.min(bytes, MODEST))
        .or(() -> bands(task, bytes).filter(p -> p.spillBytes() == 0))
        .or(() -> whole(task, bytes))
        .or(() -> bands(task, bytes));
  }

  /** A decode of whole pictures whatever it needs, one at a time. */
  DecodePlan wholeAnyway(Task task) {
    return whole(task, 1);
  }

  /** As many pictures at once as fit. */
  private Optional<DecodePlan> whole(Task task, long bytes) {
    int most = Math.min(task.batch(), whole.largestBatch(task.height(), task.width()));
    for (int together = most; together > 0; together /= 2) {
      DecodePlan plan = whole(task, together);
      if (plan.peakBytes() <= bytes) {
        return Optional.of(plan);
      }
    }
    return Optional.empty();
  }

  private DecodePlan whole(Task task, int together) {
    long values = CELL * together * task.height() * task.width();
    return new DecodePlan(
        DecodePlan.Manner.WHOLE,
        task.heapBytes()
            + whole.runBytes(together, task.height(), task.width())
            + task.copyBytes(values),
        0,
        together == 1 ? "1 picture at a time" : together + " pictures at a time",
        (in, noisy, image, cancellation) ->
            whole.evaluate(in, together, noisy, image, cancellation));
  }

  private Optional<DecodePlan> bands(Task task, long bytes) {
    return divided(task, bytes, b -> divisions.bands(task.height(), task.width(), b));
  }

  private Optional<DecodePlan> tiles(Task task, long bytes) {
    return divided(task, bytes, b -> divisions.tiles(task.height(), task.width(), b, whole));
  }

  private static Optional<DecodePlan> divided(
      Task task, long bytes, LongFunction<Optional<DecodePlan>> plans) {
    long besides = task.heapBytes() + task.copyBytes(CELL * task.height() * task.width());
    return plans
        .apply(bytes - besides)
        .map(
            p ->
                new DecodePlan(
                    p.manner(), p.peakBytes() + besides, p.spillBytes(), p.part(), p.step()));
  }

  private DecoderException refused(Task task, Tiling tiling, MemoryLedger ledger) {
    StringBuilder needs = new StringBuilder();
    needs.append(MemorySize.say(wholeAnyway(task).peakBytes())).append(" whole");
    if (tiling != Tiling.WHOLE) {
      add(needs, "in bands", least(task, b -> bands(task, b)));
    }
    if (tiling == Tiling.AUTO || tiling == Tiling.OVERLAPPED) {
      add(needs, "in overlapping tiles", least(task, b -> tiles(task, b)));
    }
    return new DecoderException(
        DecoderErrorCode.OUT_OF_MEMORY,
        "decoding "
            + task
            + " takes "
            + needs
            + "; "
            + MemorySize.say(Math.max(0, ledger.limit() - ledger.idle()))
            + " are left of the limit of "
            + MemorySize.say(ledger.limit())
            + ": raise it with the setting 'memory'"
            + (tiling == Tiling.WHOLE ? ", or allow dividing the picture" : "")
            + ", or decode a smaller picture");
  }

  private static void add(StringBuilder needs, String way, Optional<DecodePlan> plan) {
    plan.ifPresent(
        p -> {
          needs.append(", at least ").append(MemorySize.say(p.peakBytes())).append(' ').append(way);
          if (p.spillBytes() > 0) {
            needs.append(" with ").append(MemorySize.say(p.spillBytes())).append(" on disk");
          }
        });
  }

  /** The plan that needs least, found by halving the range. */
  private Optional<DecodePlan> least(Task task, LongFunction<Optional<DecodePlan>> plans) {
    long enough = wholeAnyway(task).peakBytes();
    Optional<DecodePlan> best = plans.apply(enough);
    for (long low = 0; best.isPresent() && enough - low > FINE; ) {
      long middle = low + (enough - low) / 2;
      Optional<DecodePlan> found = plans.apply(middle);
      if (found.isPresent()) {
        best = found;
        enough = middle;
      } else {
        low = middle;
      }
    }
    return best;
  }
}
