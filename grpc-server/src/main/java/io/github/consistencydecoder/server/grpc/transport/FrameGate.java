package io.github.consistencydecoder.server.grpc.transport;

import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before gRPC's own reader of HTTP/2 frames, on the event loop of one connection. Requests
 * whose headers or message prefixes are wrong, which gRPC would answer with INTERNAL or UNKNOWN,
 * are answered here with what they are: the caller's error. Bytes of messages are counted here,
 * before any are kept.
 */
final class FrameGate extends Http2FrameListenerDecorator {
  private static final Logger LOG = LoggerFactory.getLogger(FrameGate.class);

  private static final AsciiString GRPC_ENCODING = AsciiString.cached("grpc-encoding");

  /** A peer that has gone in the meantime has no use for the answer. */
  private static final ChannelFutureListener LATE =
      future -> {
        if (!future.isSuccess()) {
          LOG.debug("an answer could not be written", future.cause());
        }
      };

  private final Http2ConnectionHandler handler;
  private final ByteBudget bytes;
  private final ToLongFunction<String> limit;
  private final StreamHandles handles;
  private final Map<Integer, StreamGate> streams = new HashMap<>();
  private volatile long idleSince = System.nanoTime();
  private volatile boolean busy;

  private FrameGate(
      Http2ConnectionHandler handler,
      ByteBudget bytes,
      ToLongFunction<String> limit,
      StreamHandles handles) {
    super(handler.decoder().frameListener());
    this.handler = handler;
    this.bytes = bytes;
    this.limit = limit;
    this.handles = handles;
  }

  /** Puts a gate before a handler that is not in use yet. */
  static FrameGate install(
      Http2ConnectionHandler handler,
      ByteBudget bytes,
      ToLongFunction<String> limit,
      StreamHandles handles) {
    FrameGate gate = new FrameGate(handler, bytes, limit, handles);
    handler.decoder().frameListener(gate);
    handler
        .connection()
        .addListener(
            new Http2ConnectionAdapter() {
              @Override
              public void onStreamClosed(Http2Stream stream) {
                StreamGate closed = gate.streams.remove(stream.id());
                if (closed != null) {
                  closed.close();
                  gate.idleSince = System.nanoTime();
                  gate.busy = !gate.streams.isEmpty();
                }
              }
            });
    return gate;
  }

  /** How long there has been no call, negative while there is one. For any thread. */
  long idleNanos() {
    return busy ? -1 : System.nanoTime() - idleSince;
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int streamDependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endStream)
      throws Http2Exception {
    if (streams.containsKey(streamId)) {
      refuse(ctx, streamId, "200", invalid("headers came after a request had begun"));
      return;
    }
    Optional<HeaderRules.Refusal> refusal = HeaderRules.check(headers);
    if (refusal.isPresent()) {
      refuse(ctx, streamId, refusal.get().httpStatus(), Statuses.of(refusal.get().cause()));
      return;
    }
    CharSequence encoding = headers.get(GRPC_ENCODING);
    String method = headers.path().subSequence(1, headers.path().length()).toString();
    boolean encoded = encoding != null && !"identity".contentEquals(encoding);
    String handle = handles.open(() -> ctx.executor().execute(() -> reset(ctx, streamId)));
    StreamGate gate =
        new StreamGate(
            bytes.share(), limit.applyAsLong(method), encoded, () -> handles.close(handle));
    streams.put(streamId, gate);
    busy = true;
    headers.remove(StreamHandles.NAME);
    headers.add(StreamHandles.NAME, AsciiString.of(handle));
    super.onHeadersRead(
        ctx, streamId, headers, streamDependency, weight, exclusive, padding, endStream);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endStream)
      throws Http2Exception {
    onHeadersRead(ctx, streamId, headers, 0, (short) 16, false, padding, endStream);
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
      throws Http2Exception {
    StreamGate gate = streams.get(streamId);
    Optional<StatusRuntimeException> refusal =
        gate == null ? Optional.empty() : gate.inspect(data, endOfStream);
    if (refusal.isPresent()) {
      refuse(ctx, streamId, "200", refusal.get());
      return data.readableBytes() + padding;
    }
    return super.onDataRead(ctx, streamId, data, padding, endOfStream);
  }

  /** gRPC counts pings and leaves who sends many; during a call they do no harm. */
  @Override
  public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
    if (streams.isEmpty()) {
      super.onPingRead(ctx, data);
    }
  }

  private static StatusRuntimeException invalid(String message) {
    return Statuses.of(ServiceException.of(ServiceError.INVALID, message));
  }

  /** Answers, tells gRPC that the stream is over, and closes it. */
  private void refuse(
      ChannelHandlerContext ctx, int streamId, String httpStatus, StatusRuntimeException why)
      throws Http2Exception {
    Http2Stream stream = handler.connection().stream(streamId);
    if (stream != null && stream.state().localSideOpen()) {
      Http2Headers trailers = trailers(why);
      if (!stream.isHeadersSent()) {
        trailers.status(httpStatus).set("content-type", "application/grpc");
      }
      ChannelFuture written =
          handler.encoder().writeHeaders(ctx, streamId, trailers, 0, true, ctx.newPromise());
      written.addListener(LATE);
    }
    if (streams.containsKey(streamId)) {
      super.onRstStreamRead(ctx, streamId, Http2Error.CANCEL.code());
    }
    if (handler.connection().stream(streamId) != null) {
      ChannelFuture reset =
          handler.resetStream(ctx, streamId, Http2Error.NO_ERROR.code(), ctx.newPromise());
      reset.addListener(LATE);
    }
    ctx.flush();
  }

  private void reset(ChannelHandlerContext ctx, int streamId) {
    if (!streams.containsKey(streamId)) {
      return;
    }
    try {
      super.onRstStreamRead(ctx, streamId, Http2Error.CANCEL.code());
    } catch (Http2Exception e) {
      LOG.debug("a stream could not be ended", e);
    }
    ChannelFuture reset =
        handler.resetStream(ctx, streamId, Http2Error.CANCEL.code(), ctx.newPromise());
    reset.addListener(LATE);
    ctx.flush();
  }

  private static Http2Headers trailers(StatusRuntimeException why) {
    Http2Headers out = new DefaultHttp2Headers();
    out.set("grpc-status", Integer.toString(why.getStatus().getCode().value()));
    out.set("grpc-message", percentEncoded(String.valueOf(why.getStatus().getDescription())));
    Metadata trailers = why.getTrailers();
    for (String key : trailers == null ? java.util.Set.<String>of() : trailers.keys()) {
      if (key.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        byte[] value = trailers.get(Metadata.Key.of(key, Metadata.BINARY_BYTE_MARSHALLER));
        out.set(key, Base64.getEncoder().withoutPadding().encodeToString(value));
      } else {
        out.set(key, trailers.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER)));
      }
    }
    return out;
  }

  private static String percentEncoded(String message) {
    StringBuilder out = new StringBuilder();
    for (byte b : message.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b < 0x7f && b != '%') {
        out.append((char) b);
      } else {
        out.append(String.format("%%%02X", b & 0xff));
      }
    }
    return out.toString();
  }

  /**
   * What a request's headers must be before gRPC may read them. Checked in this order: one host; a
   * path; POST; a gRPC content type; a time-out of gRPC's form.
   */
  static final class HeaderRules {
    /** Why not, and what plain HTTP calls it. */
    record Refusal(String httpStatus, ServiceException cause) {}

    private static final AsciiString HOST = AsciiString.cached("host");
    private static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
    private static final AsciiString GRPC_TIMEOUT = AsciiString.cached("grpc-timeout");
    private static final String GRPC = "application/grpc";
    private static final Pattern TIMEOUT = Pattern.compile("[0-9]{1,8}[HMSmun]");

    private HeaderRules() {}

    static Optional<Refusal> check(Http2Headers headers) {
      if (headers.authority() == null && headers.getAll(HOST).size() > 1) {
        return invalid("400", "several host headers");
      }
      CharSequence path = headers.path();
      if (path == null || path.length() < 2 || path.charAt(0) != '/') {
        return Optional.of(
            new Refusal(
                "404", ServiceException.of(ServiceError.UNIMPLEMENTED, "no method is named")));
      }
      if (headers.method() == null || !"POST".contentEquals(headers.method())) {
        return invalid("405", "gRPC calls are POST requests");
      }
      if (!isGrpc(headers.get(CONTENT_TYPE))) {
        return invalid("415", "the content type of gRPC is application/grpc");
      }
      for (CharSequence timeout : headers.getAll(GRPC_TIMEOUT)) {
        if (!TIMEOUT.matcher(timeout).matches()) {
          return invalid(
              "200", "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u and n");
        }
      }
      return Optional.empty();
    }

    private static boolean isGrpc(CharSequence contentType) {
      if (contentType == null) {
        return false;
      }
      String type = contentType.toString();
      return type.equals(GRPC) || type.startsWith(GRPC + "+") || type.startsWith(GRPC + ";");
    }

    private static Optional<Refusal> invalid(String httpStatus, String message) {
      return Optional.of(
          new Refusal(httpStatus, ServiceException.of(ServiceError.INVALID, message)));
    }
  }

  /**
   * Follows the messages of one stream: each is a flag (0, or 1 for compressed), a u32 big-endian
   * length and as many bytes. Takes room for a message when its length is known. Of one event loop.
   */
  static final class StreamGate {
    private static final int PREFIX = 5;
    private static final Duration SOON = Duration.ofSeconds(1);

    /** A stream of many small messages is cut off at this many times the limit of one. */
    private static final int MESSAGES = 64;

    private final ByteBudget.Share share;
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
    StreamGate(ByteBudget.Share share, long limit, boolean encoded, Runnable atEnd) {
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
}
