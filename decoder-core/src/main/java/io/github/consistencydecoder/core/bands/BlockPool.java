package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.core.runtime.NativeBlocks;
import io.github.consistencydecoder.core.runtime.NativeTensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Native memory for the bands of one evaluation. Blocks that are given back are used again for
 * bands of the same shape, whose pages the system then need not clear, as long as all blocks
 * together stay within a limit.
 *
 * <p>Owns every block it has made. Not for use by several threads.
 */
final class BlockPool implements AutoCloseable {
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
   * Limits the memory of all blocks, those given back included; it is kept as long as those in use
   * do not need more.
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
