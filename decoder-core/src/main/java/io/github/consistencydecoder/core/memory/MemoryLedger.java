package io.github.consistencydecoder.core.memory;

import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Shares out the memory that is allowed.
 *
 * <p>What a decode may take is judged as if it were alone: by the limit and by what the process
 * held when none was running. So how a picture is decoded does not depend on what else happens to
 * be going on. A decode that does not fit beside the running ones waits, in the order of coming,
 * which is what a service's queue would do, and cancelling ends the waiting.
 *
 * <p>Safe for use by several threads.
 */
public final class MemoryLedger {
  private final long limit;
  private final LongSupplier own;
  private final LongSupplier free;
  private final Deque<Object> waiting = new ArrayDeque<>();
  private long idle;
  private long reserved;
  private int running;

  /**
   * A ledger for one decoder.
   *
   * @param limit in bytes, of the whole process
   * @param own what the process holds
   * @param free what the machine has left; 0 where it cannot be told
   */
  public MemoryLedger(long limit, LongSupplier own, LongSupplier free) {
    this.limit = limit;
    this.own = own;
    this.free = free;
    this.idle = own.getAsLong();
  }

  /** The ledger of this process on this machine. */
  public static MemoryLedger here(long limit) {
    SystemMemory memory = SystemMemory.here();
    return new MemoryLedger(limit, memory::own, () -> memory.available().orElse(0));
  }

  /** Bytes of the limit. */
  public long limit() {
    return limit;
  }

  /** Bytes that the process held when no decode was running, as of late. */
  public synchronized long idle() {
    if (running == 0) {
      idle = own.getAsLong();
    }
    return idle;
  }

  /** A sentence where work is allowed what the machine does not have at the moment. */
  public Optional<String> shortage(long bytes) {
    long left = free.getAsLong();
    return left > 0 && bytes > left
        ? Optional.of(
            "decoding needs about %s of memory, %s are available"
                .formatted(MemorySize.say(bytes), MemorySize.say(left)))
        : Optional.empty();
  }

  /**
   * Refuses work that cannot be divided and does not fit.
   *
   * @param bytes that it takes
   * @param task what it is, for the message: {@code decode a picture of 512x512 pixels}
   * @throws DecoderException {@link DecoderErrorCode#OUT_OF_MEMORY}
   */
  public void require(long bytes, String task) {
    long left = limit - idle();
    if (bytes > left) {
      throw new DecoderException(
          DecoderErrorCode.OUT_OF_MEMORY,
          ("to %s takes %s; %s are left of the limit of %s: raise it with the"
                  + " setting 'memory', or take a smaller picture")
              .formatted(
                  task,
                  MemorySize.say(bytes),
                  MemorySize.say(Math.max(0, left)),
                  MemorySize.say(limit)));
    }
  }

  /**
   * Works with memory taken, as soon as there is enough beside what others have taken.
   *
   * @param bytes as for {@link #take}
   * @param cancellation ends the waiting
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}, and what {@code work} throws
   */
  public <T> T holding(long bytes, Cancellation cancellation, Supplier<T> work) {
    Lease lease = take(bytes, cancellation);
    try {
      return work.get();
    } finally {
      lease.close();
    }
  }

  /**
   * Takes memory, as soon as there is enough beside what others have taken.
   *
   * @param bytes at most {@code limit() - idle()} if it is to fit at all; with more it waits for
   *     being alone
   * @param cancellation ends the waiting
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED}
   */
  Lease take(long bytes, Cancellation cancellation) {
    Object turn = new Object();
    Cancellation.Registration registration = cancellation.onCancel(this::wake);
    try {
      synchronized (this) {
        waiting.add(turn);
        try {
          while (!(waiting.peek() == turn && (running == 0 || bytes <= limit - idle - reserved))) {
            cancellation.check();
            wait();
          }
          cancellation.check();
          idle();
          running++;
          reserved += bytes;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new DecoderException(
              DecoderErrorCode.CANCELLED, "interrupted while waiting for memory", e);
        } finally {
          waiting.remove(turn);
          notifyAll();
        }
      }
    } finally {
      registration.close();
    }
    return () -> give(bytes);
  }

  private synchronized void give(long bytes) {
    running--;
    reserved -= bytes;
    notifyAll();
  }

  private synchronized void wake() {
    notifyAll();
  }

  /** Memory that was taken; to be closed once. */
  @FunctionalInterface
  interface Lease extends AutoCloseable {
    @Override
    void close();
  }
}
