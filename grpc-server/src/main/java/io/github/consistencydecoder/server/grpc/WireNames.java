package io.github.consistencydecoder.server.grpc;

import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.OptionRules;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.server.request.WireTensor;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

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

  /**
   * The options of a message by the names of its fields; those that it does not say are left out.
   *
   * @param prefix of the fields in refusals
   */
  static DecodeOptions options(String prefix, Message message) throws ServiceException {
    Map<DecodeOption, String> said = new LinkedHashMap<>();
    Map<DecodeOption, String> fields = new HashMap<>();
    for (Map.Entry<FieldDescriptor, Object> one : message.getAllFields().entrySet()) {
      FieldDescriptor field = one.getKey();
      Optional<DecodeOption> option =
          DecodeOption.named(field.getName()).filter(DecodeOption::readable);
      if (option.isPresent()) {
        fields.put(option.get(), prefix + field.getName());
        said.put(option.get(), text(prefix, field, one.getValue()));
      }
    }
    return OptionRules.read(said, fields::get);
  }

  private static String text(String prefix, FieldDescriptor field, Object value)
      throws ServiceException {
    if (value instanceof List<?> several) {
      return several.stream().map(Object::toString).collect(Collectors.joining(","));
    }
    if (!(value instanceof EnumValueDescriptor word)) {
      return value.toString();
    }
    EnumDescriptor words = field.getEnumType();
    if (words.findValueByNumber(word.getNumber()) == null) {
      List<String> known = words.getValues().stream().skip(1).map(WireNames::word).toList();
      throw unknown(
          prefix + field.getName(),
          String.join(", ", known.subList(0, known.size() - 1))
              + " and "
              + known.get(known.size() - 1));
    }
    return word(word).toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Without the name of its enumeration: WHOLE of TILING_WHOLE. */
  private static String word(EnumValueDescriptor value) {
    return value.getName().substring(value.getName().indexOf('_') + 1);
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
