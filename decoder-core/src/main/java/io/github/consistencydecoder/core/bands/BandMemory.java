package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.models.network.Block;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.BandStage;
import io.github.consistencydecoder.models.network.graph.BandTensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What an evaluation takes, by going through it without computing anything.
 *
 * @param peakBytes of native memory at most
 * @param tensorBytes of that, without the buffers that are there all the time
 * @param peakStage the stage in which that is
 * @param spillBytes of the temporary file
 */
record BandMemory(long peakBytes, long tensorBytes, int peakStage, long spillBytes) {
  /** What a session takes by itself: constants, and what its threads keep. */
  private static final long SESSION_BYTES = 4L << 20;

  static BandMemory of(
      BandSchedule schedule, BandLayout layout, boolean tiled, Set<Integer> spilled) {
    Counting counting = new Counting(schedule, layout, tiled, spilled);
    schedule.walk(layout, counting);
    long staging =
        Staging.sizes(schedule, layout, spilled).values().stream().mapToLong(b -> b).sum();
    return new BandMemory(
        counting.peak + staging, counting.peak, counting.peakStage, counting.space.end());
  }

  /**
   * What a stage takes while it runs, besides its inputs and its result. Measured: of a band with
   * its halo the runtime keeps four, since what one operator leaves is a little too small for the
   * next.
   *
   * @param tiled whether convolutions are in Winograd's form
   */
  static long scratchBytes(BandStage stage, BandLayout layout, boolean tiled) {
    long out = layout.bandBytes(stage.result(), 0);
    if (stage.kind() == BandStage.Kind.IN) {
      return SESSION_BYTES + 2 * out;
    }
    int level = stage.sources().get(0).level();
    BandTensor all = new BandTensor(-1, stage.in(), level);
    long haloed = layout.bytes(all, layout.rows(level, 0) + 2 * stage.halo());
    long convolving = 4 * haloed;
    if (stage.kind() == BandStage.Kind.FIRST && stage.change() == Block.Kind.UP) {
      convolving = Math.max(convolving, 10 * out / 3);
    }
    if (tiled) {
      convolving = Math.max(convolving, haloed + tileBytes(stage, layout) + out);
    }
    return SESSION_BYTES + Math.max(convolving, 3 * haloed + shortcutBytes(stage, layout));
  }

  /** What the transformed inputs and products of a stage take at a time. */
  private static long tileBytes(BandStage stage, BandLayout layout) {
    BandTensor result = stage.result();
    return BandGraphs.tileBytes(
        stage, layout.rows(result.level(), 0), layout.width(result.level()));
  }

  /** What is made of a shortcut before it is added. */
  private static long shortcutBytes(BandStage stage, BandLayout layout) {
    if (stage.shortcut().size() > 1) {
      return stage.shortcut().stream().mapToLong(t -> layout.bandBytes(t, 0)).sum();
    }
    return stage.kind() == BandStage.Kind.SECOND ? layout.bandBytes(stage.result(), 0) : 0;
  }

  /** Counts what would be held. */
  private static final class Counting implements BandSchedule.Visitor {
    private final BandSchedule schedule;
    private final BandLayout layout;
    private final boolean tiled;
    private final Set<Integer> spilled;
    private final SpillSpace space = new SpillSpace();
    private final Map<Integer, long[]> offsets = new HashMap<>();
    private long held;
    private long scratch;
    private long peak;
    private int peakStage;

    Counting(BandSchedule schedule, BandLayout layout, boolean tiled, Set<Integer> spilled) {
      this.schedule = schedule;
      this.layout = layout;
      this.tiled = tiled;
      this.spilled = spilled;
    }

    @Override
    public void begin(BandStage stage) {
      scratch = scratchBytes(stage, layout, tiled);
    }

    @Override
    public void make(BandTensor t, int band) {
      if (spilled.contains(t.id())) {
        long[] records = offsets.computeIfAbsent(t.id(), id -> new long[layout.bands()]);
        records[band] = space.allocate(layout.recordBytes(t, band));
      } else {
        held += layout.bandBytes(t, band);
      }
    }

    @Override
    public void run(BandStage stage, int band) {
      if (held + scratch > peak) {
        peak = held + scratch;
        peakStage = stage.index();
      }
    }

    @Override
    public void drop(BandTensor t, int band) {
      if (spilled.contains(t.id())) {
        space.free(offsets.get(t.id())[band], layout.recordBytes(t, band));
      } else {
        held -= layout.bandBytes(t, band);
      }
    }

    @Override
    public void finish(BandStage stage) {
      schedule.ending(stage).forEach(t -> offsets.remove(t.id()));
    }
  }
}
