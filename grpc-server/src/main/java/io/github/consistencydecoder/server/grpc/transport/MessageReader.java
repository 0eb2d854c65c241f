package io.github.consistencydecoder.server.grpc.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.server.core.ServiceError;
import io.github.consistencydecoder.server.core.ServiceException;
import io.grpc.KnownLength;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Turns the bytes of one call's messages into messages. Their {@code bytes} fields are views of one
 * array, copied from the network once.
 *
 * @param <Q> the message
 */
final class MessageReader<Q> {
  private static final int PIECE = 64 << 10;
  private static final Duration SOON = Duration.ofSeconds(1);

  private final Message prototype;
  private final BytesInFlight.Share share;
  private final long limit;

  /**
   * @param share takes what is decompressed; closed by {@link #release}
   * @param limit bytes of a message
   */
  MessageReader(Message prototype, BytesInFlight.Share share, long limit) {
    this.prototype = prototype;
    this.share = share;
    this.limit = limit;
  }

  Q read(InputStream in) throws ServiceException {
    byte[] bytes;
    try {
      bytes = in instanceof KnownLength ? whole(in) : growing(in);
    } catch (IOException e) {
      throw invalid("the compressed message is damaged");
    }
    ByteString message = UnsafeByteOperations.unsafeWrap(bytes);
    try {
      if (!FieldCount.tolerable(message, prototype.getDescriptorForType())) {
        throw invalid("the message has more than " + FieldCount.MOST + " fields");
      }
      CodedInputStream coded = message.newCodedInput();
      coded.enableAliasing(true);
      @SuppressWarnings("unchecked") // the parser of a message of this type
      Parser<Message> parser = (Parser<Message>) prototype.getParserForType();
      Message parsed = DiscardUnknownFieldsParser.wrap(parser).parseFrom(coded);
      @SuppressWarnings("unchecked") // the prototype is a Q
      Q typed = (Q) parsed;
      return typed;
    } catch (InvalidProtocolBufferException e) {
      throw invalid("this is no message of type " + prototype.getDescriptorForType().getName());
    } catch (IOException e) {
      throw invalid("the message cannot be read");
    }
  }

  private byte[] whole(InputStream in) throws IOException, ServiceException {
    int length = in.available();
    if (length > limit) {
      throw tooLong();
    }
    byte[] bytes = new byte[length];
    if (in.readNBytes(bytes, 0, length) != length) {
      throw invalid("the message is cut off");
    }
    return bytes;
  }

  /** Decompressed: its length shows only as it comes. */
  private byte[] growing(InputStream in) throws IOException, ServiceException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] piece = new byte[PIECE];
    try {
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        if (out.size() + n > limit) {
          throw tooLong();
        }
        if (!share.take(n)) {
          throw ServiceException.retry(
              ServiceError.BUSY, "too many bytes of requests are in flight", SOON);
        }
        out.write(piece, 0, n);
      }
    } catch (io.grpc.StatusRuntimeException e) {
      // gRPC's own limit, the largest of all methods.
      if (e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED) {
        throw tooLong();
      }
      throw e;
    }
    return out.toByteArray();
  }

  void release() {
    share.release();
  }

  private io.grpc.StatusRuntimeException tooLong() {
    return Statuses.tooLong(limit);
  }

  private static ServiceException invalid(String message) {
    return ServiceException.invalid("", message);
  }
}
