package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.DecodeReport;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.Part;
import io.github.consistencydecoder.proto.v1.PictureFiles;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Pictures;
import io.github.consistencydecoder.proto.v1.PicturesHeader;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.request.DecodeCall;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import java.util.ArrayList;
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

  static DecodeResponse response(DecodeCall<PictureFormat> input, DecodeResult result) {
    return DecodeResponse.newBuilder()
        .setPictures(pictures(result.decoded().pixels(), input.request().output()))
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

  static DecodeReport report(DecodeCall<PictureFormat> input, DecodeResult result) {
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

  /**
   * A batch of pictures as parts of at most 1 MiB, each made when it is asked for. Files are made
   * at once, for their lengths come first. Not for use by several threads at once.
   */
  static final class PictureParts {
    /** Of a part, in bytes. */
    static final int MOST = 1 << 20;

    private final Pixels pixels;
    private final PictureFormat format;
    private final TensorType type;
    private final List<ByteString> files = new ArrayList<>();
    private int picture;
    private int plane;
    private int row;
    private long offset;

    PictureParts(Pixels pixels, PictureFormat format) {
      this.pixels = pixels;
      this.format = format;
      this.type = DecodeAnswers.type(format);
      if (DecodeAnswers.isFile(format)) {
        for (int k = 0; k < pixels.batch(); k++) {
          files.add(DecodeAnswers.file(pixels, k, format));
        }
      }
    }

    /**
     * Whether a row fits a part.
     *
     * @throws ServiceException {@code INVALID}
     */
    static void check(DecodeSize size, PictureFormat format) throws ServiceException {
      long row =
          rowBytes((long) Latents.PIXELS_PER_CELL * size.width(), DecodeAnswers.type(format));
      if (!DecodeAnswers.isFile(format) && row > MOST) {
        throw ServiceException.invalid(
            DecodeInput.FORMAT,
            "a row has " + row + " bytes, parts of a stream at most " + MOST + "; PNG has no rows");
      }
    }

    private static long rowBytes(long width, TensorType type) {
      return type == TensorType.UINT8 ? 3 * width : width * type.bytes();
    }

    PicturesHeader header() {
      PicturesHeader.Builder header =
          PicturesHeader.newBuilder()
              .setFormat(format)
              .addAllShape(DecodeAnswers.shape(pixels, format));
      long size = 3L * pixels.height() * pixels.width() * type.bytes();
      for (int k = 0; k < pixels.batch(); k++) {
        header.addSizes(files.isEmpty() ? size : files.get(k).size());
      }
      return header.build();
    }

    boolean hasNext() {
      return picture < pixels.batch();
    }

    Part next() {
      ByteString data = files.isEmpty() ? rows() : piece();
      Part part = Part.newBuilder().setPicture(picture).setOffset(offset).setData(data).build();
      offset += data.size();
      boolean done = files.isEmpty() ? row == 0 && plane == 0 : offset == files.get(picture).size();
      if (done) {
        picture++;
        offset = 0;
      }
      return part;
    }

    private ByteString piece() {
      ByteString file = files.get(picture);
      int from = (int) offset;
      return file.substring(from, Math.min(file.size(), from + MOST));
    }

    private ByteString rows() {
      long most = Math.max(1, MOST / rowBytes(pixels.width(), type));
      int rows = (int) Math.min(most, pixels.height() - row);
      byte[] data =
          type == TensorType.UINT8
              ? PictureBytes.rgb8Rows(pixels, picture, row, rows)
              : PictureBytes.planeRows(pixels, picture, plane, row, rows, type);
      row += rows;
      if (row == pixels.height()) {
        row = 0;
        plane = type == TensorType.UINT8 ? 0 : (plane + 1) % 3;
      }
      return UnsafeByteOperations.unsafeWrap(data);
    }
  }
}
