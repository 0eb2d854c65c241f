package io.github.consistencydecoder.core.plan;

import io.github.consistencydecoder.core.memory.MemoryLedger;
import io.github.consistencydecoder.core.memory.MemorySize;
import io.github.consistencydecoder.plugin.DecodeEstimate;
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
public final class Planner {
  /**
   * Beyond this, bands are the better way even where the memory suffices: a tenth more time for
   * half of the memory and for a small part of the mapped weights at once (docs/adr).
   */
  private static final long MODEST = 2L << 30;

  /** What no plan needs to be told apart by, when the least is looked for. */
  private static final long FINE = 1L << 20;

  private final Evaluators evaluators;
  private final MemoryLedger ledger;

  /** Plans for one decoder. Both are borrowed. */
  public Planner(Evaluators evaluators, MemoryLedger ledger) {
    this.evaluators = evaluators;
    this.ledger = ledger;
  }

  /** What a decode will cost; one that would be refused costs what it needs whole. */
  public DecodeEstimate estimate(Task task, Tiling tiling) {
    return new DecodeEstimate(
        evaluators.operations(task),
        evaluators
            .deviceBytes(task)
            .orElseGet(() -> chosen(task, tiling).orElseGet(() -> whole(task, 1)).peakBytes()));
  }

  /**
   * Chooses.
   *
   * @throws DecoderException {@link DecoderErrorCode#OUT_OF_MEMORY} with what each way would need,
   *     if none that is allowed fits
   */
  public Planned plan(Task task, Tiling tiling) {
    return chosen(task, tiling).orElseThrow(() -> refused(task, tiling));
  }

  private Optional<Planned> chosen(Task task, Tiling tiling) {
    long bytes = ledger.limit() - ledger.idle();
    return switch (tiling) {
      case AUTO -> exact(task, bytes).or(() -> tiles(task, bytes));
      case WHOLE -> wholeWithin(task, bytes);
      case EXACT -> exact(task, bytes);
      case OVERLAPPED -> tiles(task, bytes).or(() -> wholeWithin(task, bytes));
    };
  }

  /** Whole where that takes little or bands would need the disk, else in bands. */
  private Optional<Planned> exact(Task task, long bytes) {
    return wholeWithin(task, Math.min(bytes, MODEST))
        .or(() -> bands(task, bytes).filter(p -> p.spillBytes() == 0))
        .or(() -> wholeWithin(task, bytes))
        .or(() -> bands(task, bytes));
  }

  /** As many pictures at once as fit. */
  private Optional<Planned> wholeWithin(Task task, long bytes) {
    int most = Math.min(task.batch(), evaluators.largestBatch(task.height(), task.width()));
    for (int together = most; together > 0; together /= 2) {
      Planned plan = whole(task, together);
      if (plan.peakBytes() <= bytes) {
        return Optional.of(plan);
      }
    }
    return Optional.empty();
  }

  private Planned whole(Task task, int together) {
    return evaluators.whole(together, task.height(), task.width()).with(task.heapBytes(together));
  }

  private Optional<Planned> bands(Task task, long bytes) {
    long heap = task.heapBytes(1);
    return evaluators.bands(task.height(), task.width(), bytes - heap).map(plan -> plan.with(heap));
  }

  private Optional<Planned> tiles(Task task, long bytes) {
    long heap = task.heapBytes(1);
    return evaluators.tiles(task.height(), task.width(), bytes - heap).map(plan -> plan.with(heap));
  }

  private DecoderException refused(Task task, Tiling tiling) {
    StringBuilder needs = new StringBuilder();
    needs.append(MemorySize.say(whole(task, 1).peakBytes())).append(" whole");
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

  private static void add(StringBuilder needs, String way, Optional<Planned> plan) {
    plan.ifPresent(
        p -> {
          needs.append(", at least ").append(MemorySize.say(p.peakBytes())).append(' ').append(way);
          if (p.spillBytes() > 0) {
            needs.append(" with ").append(MemorySize.say(p.spillBytes())).append(" on disk");
          }
        });
  }

  /** The plan that needs least, found by halving the range. */
  private Optional<Planned> least(Task task, LongFunction<Optional<Planned>> plans) {
    long enough = whole(task, 1).peakBytes();
    Optional<Planned> best = plans.apply(enough);
    for (long low = 0; best.isPresent() && enough - low > FINE; ) {
      long middle = low + (enough - low) / 2;
      Optional<Planned> found = plans.apply(middle);
      if (found.isPresent()) {
        best = found;
        enough = middle;
      } else {
        low = middle;
      }
    }
    return best;
  }

  /**
   * A batch of pictures to decode.
   *
   * @param batch N
   * @param height in cells
   * @param width in cells
   * @param steps evaluations of the network
   */
  public record Task(int batch, int height, int width, int steps) {
    /** Values of a picture for each of its cells. */
    private static final long CELL = 3L * Latents.PIXELS_PER_CELL * Latents.PIXELS_PER_CELL;

    /**
     * What a decode takes besides tensors: stacks of the runtime's threads, code that is compiled
     * on its first use, latents. Measured at 8 MB for a first decode of 64x64.
     */
    private static final long BESIDES = 12L << 20;

    /**
     * Bytes in Java: the noisy pictures, the result, and copies of what one evaluation sees. It is
     * copied twice, and what the last step left may not have been collected yet.
     *
     * @param together pictures that an evaluation sees
     */
    long heapBytes(int together) {
      long copies = steps > 1 ? 3 : 1;
      return BESIDES + Float.BYTES * CELL * height * width * (2L * batch + copies * together);
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
}
