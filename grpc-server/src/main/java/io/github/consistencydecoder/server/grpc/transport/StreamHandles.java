package io.github.consistencydecoder.server.grpc.transport;

import io.grpc.Metadata;
import io.netty.util.AsciiString;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets a call end its stream at once. gRPC's own way of ending a call waits behind the data that
 * its reader does not read. The gate gives each stream a handle in a header of its own, which no
 * caller can set.
 */
public final class StreamHandles {
  static final AsciiString NAME = AsciiString.cached("x-stream-handle");
  private static final Metadata.Key<String> KEY =
      Metadata.Key.of(NAME.toString(), Metadata.ASCII_STRING_MARSHALLER);

  private final AtomicLong next = new AtomicLong();
  private final Map<String, Runnable> resets = new ConcurrentHashMap<>();

  /** A handle for a stream that has begun. */
  String open(Runnable reset) {
    String handle = Long.toString(next.incrementAndGet());
    resets.put(handle, reset);
    return handle;
  }

  void close(String handle) {
    resets.remove(handle);
  }

  /**
   * What ends the stream of a call at once; does nothing when it has ended.
   *
   * @param headers of the call; the handle is taken out
   */
  public Runnable reset(Metadata headers) {
    String handle = headers.get(KEY);
    headers.discardAll(KEY);
    return () -> {
      Runnable reset = handle == null ? null : resets.get(handle);
      if (reset != null) {
        reset.run();
      }
    };
  }
}
