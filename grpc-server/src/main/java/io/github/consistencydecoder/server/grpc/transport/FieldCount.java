package io.github.consistencydecoder.server.grpc.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import java.io.IOException;

/**
 * Counts the fields of a message before it is parsed. Two bytes on the wire can become an object of
 * a hundred; a large honest message is large because of few large fields. Walks tags and skips
 * contents, so it allocates nothing worth mentioning.
 */
final class FieldCount {
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
