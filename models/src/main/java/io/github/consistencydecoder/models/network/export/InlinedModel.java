package io.github.consistencydecoder.models.network.export;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.github.consistencydecoder.models.network.onnx.proto.GraphProto;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.StringStringEntryProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorProto;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A model whose external data are moved into its own file. The data stream through: a message of
 * gigabytes never is in memory.
 *
 * <p>All external data of the model must lie in one file.
 */
final class InlinedModel {
  /** What a protobuf message may have at most. */
  static final long MOST_BYTES = Integer.MAX_VALUE;

  private static final int CHUNK = 1 << 16;

  private final ModelProto model;
  private final List<Piece> pieces = new ArrayList<>();
  private final byte[] rest;

  /** A tensor: what is said about it, and where its bytes are, of which there may be none. */
  private record Piece(byte[] header, long offset, long length) {
    long size() {
      return header.length
          + (length == 0
              ? 0
              : CodedOutputStream.computeTagSize(TensorProto.RAW_DATA_FIELD_NUMBER)
                  + CodedOutputStream.computeUInt64SizeNoTag(length)
                  + length);
    }
  }

  InlinedModel(ModelProto model) {
    this.model = model;
    GraphProto graph = model.getGraph();
    for (TensorProto t : graph.getInitializerList()) {
      pieces.add(piece(t));
    }
    this.rest = graph.toBuilder().clearInitializer().build().toByteArray();
  }

  private static Piece piece(TensorProto t) {
    if (t.getDataLocation() != TensorProto.DataLocation.EXTERNAL) {
      return new Piece(t.toByteArray(), 0, 0);
    }
    long offset = 0;
    long length = 0;
    for (StringStringEntryProto e : t.getExternalDataList()) {
      switch (e.getKey()) {
        case "offset" -> offset = Long.parseLong(e.getValue());
        case "length" -> length = Long.parseLong(e.getValue());
        default -> {}
      }
    }
    byte[] header = t.toBuilder().clearDataLocation().clearExternalData().build().toByteArray();
    return new Piece(header, offset, length);
  }

  private long graphBytes() {
    long bytes = rest.length;
    for (Piece p : pieces) {
      bytes +=
          CodedOutputStream.computeTagSize(GraphProto.INITIALIZER_FIELD_NUMBER)
              + CodedOutputStream.computeUInt64SizeNoTag(p.size())
              + p.size();
    }
    return bytes;
  }

  /**
   * Writes the model.
   *
   * @param data the file with the external data
   * @param target must not exist
   * @param most bytes that the model may have
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} before anything is written
   *     if it has more
   */
  void write(Path data, Path target, long most) throws IOException {
    byte[] frame = model.toBuilder().clearGraph().build().toByteArray();
    long graphBytes = graphBytes();
    long bytes =
        frame.length
            + CodedOutputStream.computeTagSize(ModelProto.GRAPH_FIELD_NUMBER)
            + CodedOutputStream.computeUInt64SizeNoTag(graphBytes)
            + graphBytes;
    if (bytes > most) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_UNSUPPORTED,
          ("the model needs %s bytes in one file, an ONNX file has at most %s:"
                  + " export it with float32, whose weights go into a file of their own")
              .formatted(bytes, most));
    }
    try (FileChannel in = FileChannel.open(data, StandardOpenOption.READ);
        FileChannel out =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream stream = Channels.newOutputStream(out)) {
      CodedOutputStream coded = CodedOutputStream.newInstance(stream, CHUNK);
      coded.writeRawBytes(frame);
      coded.writeTag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      coded.writeUInt64NoTag(graphBytes);
      coded.writeRawBytes(rest);
      for (Piece p : pieces) {
        coded.writeTag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        coded.writeUInt64NoTag(p.size());
        coded.writeRawBytes(p.header());
        if (p.length() > 0) {
          coded.writeTag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
          coded.writeUInt64NoTag(p.length());
          copy(in, p, coded);
        }
      }
      coded.flush();
    }
  }

  private static void copy(FileChannel in, Piece p, CodedOutputStream out) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    long end = p.offset() + p.length();
    for (long at = p.offset(); at < end; at += chunk.limit()) {
      chunk.clear().limit((int) Math.min(CHUNK, end - at));
      while (chunk.hasRemaining()) {
        if (in.read(chunk, at + chunk.position()) < 0) {
          throw new IOException("the weights just written have become shorter");
        }
      }
      out.writeRawBytes(chunk.array(), 0, chunk.limit());
    }
  }
}
