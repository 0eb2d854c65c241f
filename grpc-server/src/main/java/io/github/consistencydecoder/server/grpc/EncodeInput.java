package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.EncodeRequest;
import io.github.consistencydecoder.proto.v1.Tensor;
import io.github.consistencydecoder.server.models.ModelStatus;
import io.github.consistencydecoder.server.queue.DecodeService;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.PictureRules;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.TensorType;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.util.Optional;

/**
 * A request to encode, read. Checked in this order: whether there is an encoder, what is to come
 * out, the pictures' size, their contents.
 */
record EncodeInput(CallSettings settings, Pixels pixels, LatentScale scale, TensorType type) {
  private static final TensorFields TENSOR = TensorFields.below("tensor");

  static EncodeInput read(EncodeRequest request, DecodeService service) throws ServiceException {
    checkEncoder(request.getModel(), service);
    CallSettings settings =
        Requests.settings(
            request.getModel(),
            WireNames.priority("priority", request.getPriority()),
            Optional.empty());
    LatentScale scale = WireNames.scale("scale", request.getScale());
    TensorType type =
        request.getDataType() == DataType.DATA_TYPE_UNSPECIFIED
            ? TensorType.FLOAT32
            : WireNames.type("data_type", request.getDataType());
    if (type == TensorType.UINT8) {
      throw ServiceException.invalid(
          "data_type", "latents are FLOAT32, FLOAT16 or BFLOAT16, not UINT8");
    }
    return new EncodeInput(settings, pixels(request, service), scale, type);
  }

  private static void checkEncoder(String name, DecodeService service) throws ServiceException {
    if (!name.isEmpty()) {
      ModelStatus model = service.model(name);
      if (!model.encodes()) {
        throw ServiceException.of(
            ServiceError.UNIMPLEMENTED, "model '" + model.name() + "' has no encoder");
      }
    } else if (service.models().stream().noneMatch(ModelStatus::encodes)) {
      throw ServiceException.of(ServiceError.UNIMPLEMENTED, "no model here has an encoder");
    }
  }

  private static Pixels pixels(EncodeRequest request, DecodeService service)
      throws ServiceException {
    long most = service.limits().maxPixels();
    return switch (request.getPicturesCase()) {
      case FILE -> PictureRules.file("file", request.getFile().toByteArray(), most);
      case TENSOR -> {
        Tensor tensor = request.getTensor();
        TensorType type = WireNames.type(TENSOR.type(), tensor.getDataType());
        DecodeSize size = PictureRules.size(TENSOR, type, tensor.getShapeList());
        if (size.pixels() > most) {
          throw ServiceException.of(
              ServiceError.TOO_LARGE,
              "the pictures have " + size.pixels() + " pixels, the limit is " + most);
        }
        yield PictureRules.pixels(WireNames.tensor(TENSOR, tensor));
      }
      case PICTURES_NOT_SET ->
          throw ServiceException.invalid("pictures", "neither a tensor nor a file was given");
    };
  }
}
