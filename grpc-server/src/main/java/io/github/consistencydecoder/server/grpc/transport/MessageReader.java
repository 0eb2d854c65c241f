package io.github.consistencydecoder.server.grpc.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Decompressor;
import io.grpc.KnownLength;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.zip.GZIPInputStream;

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
  private final ByteBudget.Share share;
  private final long limit;

  /**
   * @param share takes what is decompressed; closed by {@link #release}
   * @param limit bytes of a message
   */
  MessageReader(Message prototype, ByteBudget.Share share, long limit) {
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

  /**
   * Counts the fields of a message before it is parsed. Two bytes on the wire can become an object
   * of a hundred; a large honest message is large because of few large fields. Walks tags and skips
   * contents, so it allocates nothing worth mentioning.
   */
  static final class FieldCount {
    /** An honest request has some dozens. */
    static final int MOST = 20_000;

    private static final int DEEPEST = 50;

    private int count;

    private FieldCount() {}

    /**
     * @return false if there are more than {@value #MOST}
     * @throws IOException if it is not a message at all
     */
    static boolean tolerable(ByteString message, Descriptor type) throws IOException {
      FieldCount counting = new FieldCount();
      CodedInputStream in = message.newCodedInput();
      in.enableAliasing(true);
      return counting.walk(in, type, 0);
    }

    private boolean walk(CodedInputStream in, Descriptor type, int depth) throws IOException {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (++count > MOST) {
          return false;
        }
        FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
        boolean nested =
            field != null
                && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED
                && depth < DEEPEST;
        if (nested) {
          int limit = in.pushLimit(in.readRawVarint32());
          if (!walk(in, field.getMessageType(), depth + 1)) {
            return false;
          }
          in.popLimit(limit);
        } else if (!in.skipField(tag)) {
          return true;
        }
      }
      return true;
    }
  }

  /**
   * Gzip that looks at its input only when it is read. gRPC's own reads the header on the event
   * loop, where a wrong one ends as UNKNOWN.
   */
  static final class LazyGzip implements Decompressor {
    @Override
    public String getMessageEncoding() {
      return "gzip";
    }

    @Override
    public InputStream decompress(InputStream compressed) {
      return new InputStream() {
        private InputStream plain;

        private InputStream plain() throws IOException {
          if (plain == null) {
            plain = new GZIPInputStream(compressed, 8192);
          }
          return plain;
        }

        @Override
        public int read() throws IOException {
          return plain().read();
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
          return plain().read(into, offset, length);
        }

        @Override
        public void close() throws IOException {
          compressed.close();
        }
      };
    }
  }
}
