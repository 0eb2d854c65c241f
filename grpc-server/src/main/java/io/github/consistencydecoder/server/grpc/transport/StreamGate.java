package io.github.consistencydecoder.server.grpc.transport;

import io.github.consistencydecoder.server.core.ServiceError;
import io.github.consistencydecoder.server.core.ServiceException;
import io.grpc.StatusRuntimeException;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.Optional;

/**
 * Follows the messages of one stream: each is a flag (0, or 1 for compressed), a u32 big-endian
 * length and as many bytes. Takes room for a message when its length is known. Of one event loop.
 */
final class StreamGate {
  private static final int PREFIX = 5;
  private static final Duration SOON = Duration.ofSeconds(1);

  /** A stream of many small messages is cut off at this many times the limit of one. */
  private static final int MESSAGES = 64;

  private final BytesInFlight.Share share;
  private final long limit;
  private final boolean encoded;
  private final Runnable atEnd;
  private int prefixBytes;
  private int flag;
  private long length;
  private long left;
  private long total;

  /**
   * @param limit bytes of a message
   * @param encoded whether the headers named a compression
   * @param atEnd run when the stream has ended
   */
  StreamGate(BytesInFlight.Share share, long limit, boolean encoded, Runnable atEnd) {
    this.share = share;
    this.limit = limit;
    this.encoded = encoded;
    this.atEnd = atEnd;
  }

  /**
   * @param data borrowed, unchanged
   * @param end whether nothing follows
   * @return why the stream must end, if it must
   */
  Optional<StatusRuntimeException> inspect(ByteBuf data, boolean end) {
    int at = data.readerIndex();
    while (at < data.writerIndex()) {
      if (left > 0) {
        int n = (int) Math.min(left, data.writerIndex() - at);
        left -= n;
        at += n;
      } else {
        Optional<StatusRuntimeException> refusal = prefix(data.getByte(at++) & 0xff);
        if (refusal.isPresent()) {
          return refusal;
        }
      }
    }
    return end && (left > 0 || prefixBytes > 0)
        ? invalid("the stream ends within a message")
        : Optional.empty();
  }

  private Optional<StatusRuntimeException> prefix(int next) {
    if (prefixBytes == 0) {
      flag = next;
      length = 0;
    } else {
      length = length << 8 | next;
    }
    if (++prefixBytes < PREFIX) {
      return Optional.empty();
    }
    prefixBytes = 0;
    left = length;
    total += length;
    if (flag > 1) {
      return invalid("a message begins with the flags " + flag + "; 0 and 1 exist");
    }
    if (flag == 1 && !encoded) {
      return invalid("a message is said to be compressed, but not how");
    }
    if (length > limit || total > MESSAGES * limit) {
      return Optional.of(Statuses.tooLong(limit));
    }
    if (!share.take(length)) {
      return Optional.of(
          Statuses.of(
              ServiceException.retry(
                  ServiceError.BUSY, "too many bytes of requests are in flight", SOON)));
    }
    return Optional.empty();
  }

  void close() {
    atEnd.run();
    share.release();
  }

  private static Optional<StatusRuntimeException> invalid(String message) {
    return Optional.of(Statuses.of(ServiceException.invalid("", message)));
  }
}
