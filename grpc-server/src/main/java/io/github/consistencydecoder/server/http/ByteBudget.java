package io.github.consistencydecoder.server.http;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that requests and answers may hold together while they travel, whatever the number of
 * connections. Safe for use by several threads.
 */
final class ByteBudget {
  private final long total;
  private final AtomicLong held = new AtomicLong();

  ByteBudget(long total) {
    this.total = total;
  }

  /** Takes so many, unless there are not as many left. */
  Optional<Lease> take(long bytes) {
    long before = held.get();
    while (bytes <= total - before) {
      long found = held.compareAndExchange(before, before + bytes);
      if (found == before) {
        return Optional.of(new Lease(bytes));
      }
      before = found;
    }
    return Optional.empty();
  }

  /** What is taken at the moment; may be more than there is, see {@link Lease#grow}. */
  long held() {
    return held.get();
  }

  /** Some bytes of the budget; closing gives them back, closing again does nothing. */
  final class Lease implements AutoCloseable {
    private final AtomicLong bytes;
    private final AtomicBoolean open = new AtomicBoolean(true);

    private Lease(long bytes) {
      this.bytes = new AtomicLong(bytes);
    }

    /**
     * Takes more, also where there is not so much left: what has been computed is not thrown away,
     * but nobody else gets in until it has gone.
     */
    void grow(long more) {
      if (open.get()) {
        bytes.addAndGet(more);
        held.addAndGet(more);
      }
    }

    @Override
    public void close() {
      if (open.compareAndSet(true, false)) {
        held.addAndGet(-bytes.get());
      }
    }
  }
}
