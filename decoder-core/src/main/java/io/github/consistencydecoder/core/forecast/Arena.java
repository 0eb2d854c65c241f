package io.github.consistencydecoder.core.forecast;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Imitates ONNX Runtime's allocator for the CPU: best fit in regions that double in size, blocks
 * split where much would be left over and merged with free neighbours.
 *
 * <p>What counts is what has been touched: the system gives memory page by page when it is first
 * written, and a run gives nothing back before its end. Not for use by several threads.
 */
final class Arena {
  // The defaults of the runtime's BFCArena (version 1.29; its OrtArenaCfg).
  private static final long GRAIN = 256;
  private static final long FIRST_REGION = 1L << 20;
  private static final long LARGEST_STEP = 1L << 30;

  /** A block is split if at least this much would be left over, or more than is asked for. */
  private static final long MOST_LEFT_OVER = 128L << 20;

  /** Blocks of one class are searched before those of the next, larger one. */
  private static final int CLASSES = 21;

  // Of blocks of one size the one at the lowest address comes first: the system puts new regions
  // below.
  private final List<TreeSet<Block>> free = new ArrayList<>();
  private long nextRegion = FIRST_REGION;
  private int regions;
  private long touched;

  /** A piece of a region. */
  static final class Block {
    private final int region;
    private final long offset;
    private long size;
    private Block previous;
    private Block next;
    private boolean used;

    /** Of this block's bytes, which have been written at some time: those before this offset. */
    private final List<long[]> written = new ArrayList<>();

    Block(int region, long offset, long size) {
      this.region = region;
      this.offset = offset;
      this.size = size;
    }
  }

  Arena() {
    for (int i = 0; i < CLASSES; i++) {
      free.add(
          new TreeSet<>(
              Comparator.<Block>comparingLong(b -> b.size)
                  .thenComparing(b -> b.region, Comparator.reverseOrder())
                  .thenComparingLong(b -> b.offset)));
    }
  }

  /** Bytes that have been written at some time. */
  long touched() {
    return touched;
  }

  /** A block of at least one byte, all of which is written. */
  Block allocate(long bytes) {
    long rounded = (bytes + GRAIN - 1) / GRAIN * GRAIN;
    Block block = find(rounded);
    if (block == null) {
      extend(rounded);
      block = find(rounded);
    }
    touch(block, bytes);
    return block;
  }

  /** Gives a block back. */
  void release(Block block) {
    block.used = false;
    Block b = block;
    if (b.next != null && !b.next.used) {
      take(b.next);
      join(b, b.next);
    }
    if (b.previous != null && !b.previous.used) {
      Block before = b.previous;
      take(before);
      join(before, b);
      b = before;
    }
    put(b);
  }

  private Block find(long rounded) {
    Block wanted = new Block(Integer.MAX_VALUE, -1, rounded);
    for (int c = sizeClass(rounded); c < CLASSES; c++) {
      Block block = free.get(c).ceiling(wanted);
      if (block != null) {
        take(block);
        if (block.size >= 2 * rounded || block.size - rounded >= MOST_LEFT_OVER) {
          split(block, rounded);
        }
        block.used = true;
        return block;
      }
    }
    return null;
  }

  private void extend(long rounded) {
    boolean grown = false;
    while (rounded > nextRegion) {
      nextRegion *= 2;
      grown = true;
    }
    put(new Block(regions++, 0, nextRegion));
    if (!grown) {
      nextRegion = Math.min(LARGEST_STEP, 2 * nextRegion);
    }
  }

  private void split(Block block, long bytes) {
    Block rest = new Block(block.region, block.offset + bytes, block.size - bytes);
    block.size = bytes;
    rest.previous = block;
    rest.next = block.next;
    if (block.next != null) {
      block.next.previous = rest;
    }
    block.next = rest;
    for (long[] w : List.copyOf(block.written)) {
      if (w[1] > rest.offset) {
        rest.written.add(new long[] {Math.max(w[0], rest.offset), w[1]});
        if (w[0] >= rest.offset) {
          block.written.remove(w);
        } else {
          w[1] = rest.offset;
        }
      }
    }
    put(rest);
  }

  private static void join(Block a, Block b) {
    a.size += b.size;
    a.next = b.next;
    if (b.next != null) {
      b.next.previous = a;
    }
    a.written.addAll(b.written);
  }

  private void touch(Block block, long bytes) {
    long before = written(block);
    long end = block.offset + bytes;
    List<long[]> beyond = new ArrayList<>();
    beyond.add(new long[] {block.offset, end});
    for (long[] w : block.written) {
      if (w[1] > end) {
        beyond.add(new long[] {Math.max(w[0], end), w[1]});
      }
    }
    block.written.clear();
    block.written.addAll(beyond);
    touched += written(block) - before;
  }

  private static long written(Block block) {
    long sum = 0;
    for (long[] w : block.written) {
      sum += w[1] - w[0];
    }
    return sum;
  }

  private void put(Block block) {
    free.get(sizeClass(block.size)).add(block);
  }

  private void take(Block block) {
    free.get(sizeClass(block.size)).remove(block);
  }

  private static int sizeClass(long bytes) {
    return Math.min(CLASSES - 1, 63 - Long.numberOfLeadingZeros(Math.max(1, bytes / GRAIN)));
  }
}
