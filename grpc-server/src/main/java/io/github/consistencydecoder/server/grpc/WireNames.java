package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.Dialect;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.SamplingRules;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.server.request.WireTensor;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;

/** The enumerations of our own protocol and what they stand for. */
final class WireNames {
  private WireNames() {}

  static TensorType type(String field, DataType type) throws ServiceException {
    return switch (type) {
      case DATA_TYPE_FLOAT32 -> TensorType.FLOAT32;
      case DATA_TYPE_FLOAT16 -> TensorType.FLOAT16;
      case DATA_TYPE_BFLOAT16 -> TensorType.BFLOAT16;
      case DATA_TYPE_UINT8 -> TensorType.UINT8;
      case DATA_TYPE_UNSPECIFIED, UNRECOGNIZED ->
          throw ServiceException.invalid(
              field,
              "the type of the elements is missing; FLOAT32, FLOAT16, BFLOAT16 and UINT8 exist");
    };
  }

  static DataType type(TensorType type) {
    return switch (type) {
      case FLOAT32 -> DataType.DATA_TYPE_FLOAT32;
      case FLOAT16 -> DataType.DATA_TYPE_FLOAT16;
      case BFLOAT16 -> DataType.DATA_TYPE_BFLOAT16;
      case UINT8 -> DataType.DATA_TYPE_UINT8;
    };
  }

  static LatentScale scale(String field, io.github.consistencydecoder.proto.v1.LatentScale scale)
      throws ServiceException {
    return switch (scale) {
      case LATENT_SCALE_SCALED -> LatentScale.SCALED;
      case LATENT_SCALE_UNSCALED -> LatentScale.UNSCALED;
      case LATENT_SCALE_UNSPECIFIED, UNRECOGNIZED ->
          throw ServiceException.invalid(
              field,
              "the scale is missing: SCALED as a UNet leaves latents, UNSCALED as a VAE takes them;"
                  + " both decode to plausible pictures, so it has to be said");
    };
  }

  static io.github.consistencydecoder.proto.v1.LatentScale scale(LatentScale scale) {
    return switch (scale) {
      case SCALED -> io.github.consistencydecoder.proto.v1.LatentScale.LATENT_SCALE_SCALED;
      case UNSCALED -> io.github.consistencydecoder.proto.v1.LatentScale.LATENT_SCALE_UNSCALED;
    };
  }

  static Priority priority(String field, io.github.consistencydecoder.proto.v1.Priority priority)
      throws ServiceException {
    return switch (priority) {
      case PRIORITY_HIGH -> Priority.HIGH;
      case PRIORITY_UNSPECIFIED, PRIORITY_NORMAL -> Priority.NORMAL;
      case PRIORITY_LOW -> Priority.LOW;
      case UNRECOGNIZED -> throw unknown(field, "HIGH, NORMAL and LOW");
    };
  }

  static String dialect(String field, Dialect dialect) throws ServiceException {
    return switch (dialect) {
      case DIALECT_UNSPECIFIED, DIALECT_ORIGINAL -> SamplingRules.ORIGINAL;
      case DIALECT_DIFFUSERS -> SamplingRules.DIFFUSERS;
      case UNRECOGNIZED -> throw unknown(field, "ORIGINAL and DIFFUSERS");
    };
  }

  static Tiling tiling(String field, io.github.consistencydecoder.proto.v1.Tiling tiling)
      throws ServiceException {
    return switch (tiling) {
      case TILING_UNSPECIFIED -> Tiling.AUTO;
      case TILING_WHOLE -> Tiling.WHOLE;
      case TILING_EXACT -> Tiling.EXACT;
      case TILING_OVERLAPPED -> Tiling.OVERLAPPED;
      case UNRECOGNIZED -> throw unknown(field, "WHOLE, EXACT and OVERLAPPED");
    };
  }

  /** The format with nothing left unspecified. */
  static PictureFormat format(String field, PictureFormat format) throws ServiceException {
    return switch (format) {
      case PICTURE_FORMAT_UNSPECIFIED -> PictureFormat.PICTURE_FORMAT_UINT8;
      case PICTURE_FORMAT_UINT8,
          PICTURE_FORMAT_FLOAT32,
          PICTURE_FORMAT_FLOAT16,
          PICTURE_FORMAT_PNG,
          PICTURE_FORMAT_JPEG ->
          format;
      case UNRECOGNIZED -> throw unknown(field, "UINT8, FLOAT32, FLOAT16, PNG and JPEG");
    };
  }

  private static ServiceException unknown(String field, String known) {
    return ServiceException.invalid(field, "the value is unknown; " + known + " exist");
  }

  /** A tensor, not yet read; its data stays that of the message. */
  static WireTensor tensor(TensorFields fields, Tensor tensor) throws ServiceException {
    return WireTensor.of(
        fields,
        type(fields.type(), tensor.getDataType()),
        tensor.getShapeList(),
        tensor.getData().asReadOnlyByteBuffer());
  }
}
