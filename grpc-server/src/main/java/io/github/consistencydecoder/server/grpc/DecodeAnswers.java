package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.DecodeReport;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.PictureFiles;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Pictures;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.core.DecodeResult;
import io.github.consistencydecoder.server.core.DecodeSize;
import io.github.consistencydecoder.server.wire.PictureBytes;
import io.github.consistencydecoder.server.wire.TensorType;
import java.util.List;

/** A decode's result in our own protocol. */
final class DecodeAnswers {
  /** Of a value of {@code Pixels}. */
  private static final int FLOAT = 4;

  private DecodeAnswers() {}

  /**
   * Bytes that a result and its answer hold until they are sent.
   *
   * @param whole whether the answer is made in one piece
   */
  static long bytes(DecodeSize size, PictureFormat format, boolean whole) {
    long values = 3 * size.pixels();
    return FLOAT * values + (whole || isFile(format) ? values * type(format).bytes() : 0);
  }

  static boolean isFile(PictureFormat format) {
    return format == PictureFormat.PICTURE_FORMAT_PNG
        || format == PictureFormat.PICTURE_FORMAT_JPEG;
  }

  /** Of the elements; a file is about as large as bytes. */
  static TensorType type(PictureFormat format) {
    return switch (format) {
      case PICTURE_FORMAT_FLOAT32 -> TensorType.FLOAT32;
      case PICTURE_FORMAT_FLOAT16 -> TensorType.FLOAT16;
      case PICTURE_FORMAT_UNSPECIFIED,
          PICTURE_FORMAT_UINT8,
          PICTURE_FORMAT_PNG,
          PICTURE_FORMAT_JPEG,
          UNRECOGNIZED ->
          TensorType.UINT8;
    };
  }

  static List<Long> shape(Pixels pixels, PictureFormat format) {
    long n = pixels.batch();
    long h = pixels.height();
    long w = pixels.width();
    return type(format) == TensorType.UINT8 ? List.of(n, h, w, 3L) : List.of(n, 3L, h, w);
  }

  static ByteString file(Pixels pixels, int index, PictureFormat format) {
    return UnsafeByteOperations.unsafeWrap(
        format == PictureFormat.PICTURE_FORMAT_PNG
            ? PictureBytes.png(pixels, index)
            : PictureBytes.jpeg(pixels, index));
  }

  static DecodeResponse response(DecodeInput input, DecodeResult result) {
    return DecodeResponse.newBuilder()
        .setPictures(pictures(result.decoded().pixels(), input.format()))
        .setReport(report(input, result))
        .build();
  }

  private static Pictures pictures(Pixels pixels, PictureFormat format) {
    if (isFile(format)) {
      PictureFiles.Builder files = PictureFiles.newBuilder();
      for (int k = 0; k < pixels.batch(); k++) {
        files.addValues(file(pixels, k, format));
      }
      return Pictures.newBuilder().setFiles(files).build();
    }
    TensorType type = type(format);
    byte[] data =
        type == TensorType.UINT8 ? PictureBytes.rgb8(pixels) : PictureBytes.planes(pixels, type);
    return Pictures.newBuilder()
        .setTensor(
            Tensor.newBuilder()
                .setDataType(WireNames.type(type))
                .addAllShape(shape(pixels, format))
                .setData(UnsafeByteOperations.unsafeWrap(data)))
        .build();
  }

  static DecodeReport report(DecodeInput input, DecodeResult result) {
    return DecodeReport.newBuilder()
        .setRequestId(input.settings().requestId())
        .setModel(result.model().name())
        .setModelDigest(result.model().info().map(DecoderInfo::digest).orElse(""))
        .putAllMetadata(result.decoded().metadata())
        .addAllWarnings(result.decoded().warnings())
        .setQueueNanos(result.queueNanos())
        .setDecodeNanos(result.decoded().totalNanos())
        .addAllStepNanos(result.decoded().stepNanos())
        .setPredictedNanos(result.prediction().nanos())
        .setPredictedBytes(result.prediction().peakBytes())
        .build();
  }
}
