package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.NativeBlocks;
import io.github.consistencydecoder.core.runtime.NativeBlocks.NativeTensor;
import io.github.consistencydecoder.models.network.graph.BandTensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors between the stages of one evaluation, band by band: in memory, or in a temporary file
 * if the plan says so.
 *
 * <p>Owns the memory and the file. Not for use by several threads.
 */
final class TensorStore implements AutoCloseable {
  private final BandPlan plan;
  private final BandLayout layout;
  private final BlockPool pool;
  private final Staging staging;
  private final SpillSpace space = new SpillSpace();
  private final Map<Integer, BlockPool.Block[]> kept = new HashMap<>();

  /** Of each spilled tensor, where the records of its bands begin. */
  private final Map<Integer, long[]> records = new HashMap<>();

  /** Views of buffers that the present run uses. */
  private final List<NativeTensor> views = new ArrayList<>();

  private final SpillFile file;

  TensorStore(BandPlan plan, NativeBlocks blocks, Staging staging) {
    this.plan = plan;
    this.layout = plan.layout();
    this.staging = staging;
    this.pool = new BlockPool(blocks);
    this.file =
        plan.spillBytes() > 0 ? SpillFile.create(plan.spillFolder(), plan.spillBytes()) : null;
  }

  /** Limits the memory of the tensors until further notice. */
  void limit(long bytes) {
    pool.limit(bytes);
  }

  /** Says that others have given memory back. */
  void freed(long bytes) {
    pool.freed(bytes);
  }

  /** Prepares for a tensor. */
  void begin(BandTensor t) {
    if (!plan.spills(t)) {
      kept.put(t.id(), new BlockPool.Block[layout.bands()]);
      return;
    }
    records.put(t.id(), new long[layout.bands()]);
  }

  /** Where a run shall write a band. */
  NativeTensor make(BandTensor t, int band) {
    int rows = layout.rows(t.level(), band);
    int width = layout.width(t.level());
    if (!plan.spills(t)) {
      BlockPool.Block block = pool.allocate(t.channels(), rows, width);
      kept.get(t.id())[band] = block;
      return block.tensor();
    }
    records.get(t.id())[band] = space.allocate(layout.recordBytes(t, band));
    return view(staging.floats(Staging.RESULT, layout.bandBytes(t, band) / 4), t, rows);
  }

  /** Says that a run has written a band. */
  void made(BandTensor t, int band) {
    if (!plan.spills(t)) {
      return;
    }
    int width = layout.width(t.level());
    int rows = layout.rows(t.level(), band);
    int edge = layout.edgeRows(t, band);
    ByteBuffer body = staging.bytes(Staging.RESULT, layout.bandBytes(t, band));
    ByteBuffer top = staging.bytes(Staging.RESULT_TOP, layout.bytes(t, edge));
    ByteBuffer bottom = staging.bytes(Staging.RESULT_BOTTOM, layout.bytes(t, edge));
    int plane = 4 * rows * width;
    int piece = 4 * edge * width;
    for (int c = 0; c < t.channels(); c++) {
      top.put(body.slice(c * plane, piece));
      bottom.put(body.slice((c + 1) * plane - piece, piece));
    }
    long at = records.get(t.id())[band];
    file.write(top.flip(), at);
    file.write(body, at + top.limit());
    file.write(bottom.flip(), at + top.limit() + body.limit());
  }

  /**
   * A band.
   *
   * @param slot of the staging that a spilled one is read to
   */
  NativeTensor body(BandTensor t, int band, String slot) {
    int rows = layout.rows(t.level(), band);
    return plan.spills(t)
        ? read(t, rows, slot, records.get(t.id())[band] + layout.bytes(t, layout.edgeRows(t, band)))
        : kept.get(t.id())[band].tensor();
  }

  /** Rows that end where a band begins; none above the first band. */
  NativeTensor above(BandTensor t, int band, String slot) {
    if (band == 0) {
      return none(t);
    }
    int edge = layout.edgeRows(t, band - 1);
    long behind = layout.recordBytes(t, band - 1) - layout.bytes(t, edge);
    return plan.spills(t)
        ? read(t, edge, slot, records.get(t.id())[band - 1] + behind)
        : kept.get(t.id())[band - 1].tensor();
  }

  /** Rows that begin where a band ends; none below the last band. */
  NativeTensor below(BandTensor t, int band, String slot) {
    if (band == layout.bands() - 1) {
      return none(t);
    }
    return plan.spills(t)
        ? read(t, layout.edgeRows(t, band + 1), slot, records.get(t.id())[band + 1])
        : kept.get(t.id())[band + 1].tensor();
  }

  private NativeTensor none(BandTensor t) {
    return view(staging.floats(Staging.ZEROS, 0), t, 0);
  }

  private NativeTensor read(BandTensor t, int rows, String slot, long offset) {
    long bytes = layout.bytes(t, rows);
    file.read(staging.bytes(slot, bytes), offset);
    return view(staging.floats(slot, bytes / 4), t, rows);
  }

  private NativeTensor view(FloatBuffer values, BandTensor t, int rows) {
    return view(values, 1, t.channels(), rows, layout.width(t.level()));
  }

  /** A view of a buffer that is closed after the present run. */
  NativeTensor view(FloatBuffer values, long... shape) {
    NativeTensor view = NativeTensor.view(values, shape);
    views.add(view);
    return view;
  }

  /** Closes the views of the present run. */
  void endRun() {
    views.forEach(NativeTensor::close);
    views.clear();
  }

  /** A band is needed no more. */
  void drop(BandTensor t, int band) {
    if (plan.spills(t)) {
      space.free(records.get(t.id())[band], layout.recordBytes(t, band));
      return;
    }
    BlockPool.Block[] blocks = kept.get(t.id());
    pool.release(blocks[band]);
    blocks[band] = null;
  }

  /** A tensor is needed no more. */
  void end(BandTensor t) {
    kept.remove(t.id());
    records.remove(t.id());
  }

  @Override
  public void close() {
    endRun();
    pool.close();
    if (file != null) {
      file.close();
    }
  }

  /**
   * Native memory for the bands of one evaluation. Blocks that are given back are used again for
   * bands of the same shape, whose pages the system then need not clear, as long as all blocks
   * together stay within a limit.
   *
   * <p>Owns every block it has made. Not for use by several threads.
   */
  static final class BlockPool implements AutoCloseable {
    private final NativeBlocks blocks;
    private final List<Block> used = new ArrayList<>();
    private final List<Block> idle = new ArrayList<>();
    private long limit;
    private long bytes;

    /** Bytes given back of which the system's allocator may still hold the pages. */
    private long loose;

    /** One band's memory. */
    record Block(NativeTensor tensor, int channels, int rows, int width) {
      long bytes() {
        return 4L * channels * rows * width;
      }

      boolean fits(int c, int r, int w) {
        return channels == c && rows == r && width == w;
      }
    }

    BlockPool(NativeBlocks blocks) {
      this.blocks = blocks;
    }

    /**
     * Limits the memory of all blocks, those given back included; it is kept as long as those in
     * use do not need more.
     */
    void limit(long most) {
      limit = most;
      makeRoom(0);
    }

    private void makeRoom(long needed) {
      while (!idle.isEmpty() && bytes + needed > limit) {
        Block unused = idle.remove(0);
        bytes -= unused.bytes();
        loose += unused.bytes();
        unused.tensor().close();
      }
      if (loose > 0 && bytes + needed + loose > limit) {
        NativeBlocks.trim();
        loose = 0;
      }
    }

    /** Says that others have given memory back, which the next ones use again. */
    void freed(long most) {
      loose = Math.max(loose, most);
    }

    /** A block of a shape, with whatever it held before. */
    Block allocate(int channels, int rows, int width) {
      for (int i = idle.size() - 1; i >= 0; i--) {
        if (idle.get(i).fits(channels, rows, width)) {
          Block block = idle.remove(i);
          used.add(block);
          return block;
        }
      }
      long needed = 4L * channels * rows * width;
      makeRoom(needed);
      Block block = new Block(blocks.allocate(1, channels, rows, width), channels, rows, width);
      bytes += needed;
      used.add(block);
      return block;
    }

    /** Gives a block back. */
    void release(Block block) {
      used.remove(block);
      idle.add(block);
    }

    @Override
    public void close() {
      used.forEach(b -> b.tensor().close());
      idle.forEach(b -> b.tensor().close());
      used.clear();
      idle.clear();
      bytes = 0;
      NativeBlocks.trim();
    }
  }
}
