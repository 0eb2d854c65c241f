package io.github.consistencydecoder.server.request;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.latents.LatentsTensor;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.server.request.WireTensor.TensorFields;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Latents in a file.
 *
 * @param latents view of the file
 * @param scale as the file states it, if it does
 * @param noise one tensor a step, views of the file; empty if it has none
 * @param pictures those of {@link #START}, {@link #KEEP} and {@link #MASK} that it has
 */
public record LatentsBody(
    WireTensor latents,
    Optional<LatentScale> scale,
    List<WireTensor> noise,
    Map<String, WireTensor> pictures) {
  /** Names of tensors beside the latents that are no noise. */
  public static final String START = "start";

  /** As {@link #START}. */
  public static final String KEEP = "keep";

  /** As {@link #START}. */
  public static final String MASK = "mask";

  private static final TensorFields FIELDS = new TensorFields("body", "body", "body");

  /** Room for any file of latents, and little for a header to be hostile in. */
  private static final CheckpointLimits LIMITS =
      CheckpointLimits.defaults().withMaxHeaderBytes(1 << 20).withMaxTensors(1_000);

  /**
   * A safetensors file, ComfyUI's {@code .latent} among them, an {@code .npy}, {@code .npz} or
   * {@code torch.save} file; with its tensors {@code noise0}, {@code noise1} and so on, if they are
   * there.
   *
   * @throws ServiceException {@code INVALID}
   */
  public static LatentsBody of(ByteBuffer file) throws ServiceException {
    try (Checkpoint checkpoint = Checkpoints.inMemory("body", file, LIMITS)) {
      LatentsTensor found = LatentsTensor.of(checkpoint, null);
      List<WireTensor> noise = new ArrayList<>();
      TensorInfo step;
      while ((step = checkpoint.tensors().get("noise" + noise.size())) != null) {
        noise.add(wire(checkpoint, step, step.shape()));
      }
      Map<String, WireTensor> pictures = new HashMap<>();
      // A mask alone is what other programs leave beside latents.
      boolean keeps = checkpoint.tensors().containsKey(KEEP);
      for (String name : keeps ? List.of(START, KEEP, MASK) : List.of(START)) {
        TensorInfo picture = checkpoint.tensors().get(name);
        if (picture != null) {
          pictures.put(name, wire(checkpoint, picture, picture.shape()));
        }
      }
      return new LatentsBody(latents(checkpoint, found), found.declared(), noise, pictures);
    } catch (FormatException e) {
      throw ServiceException.invalid("body", e.withoutFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static WireTensor latents(Checkpoint file, LatentsTensor found)
      throws IOException, ServiceException {
    if (found.asStored()) {
      return wire(file, found.info(), found.shape());
    }
    WireTensor.bytes(FIELDS, TensorType.FLOAT32, found.shape());
    return wire(found.shape(), found.values(file));
  }

  /** A view where the bytes can be used as they lie; doubles become floats. */
  private static WireTensor wire(Checkpoint file, TensorInfo tensor, List<Long> shape)
      throws IOException, ServiceException {
    TensorType type = type(tensor);
    return tensor.contiguous() && tensor.dtype() != DType.F64
        ? WireTensor.of(FIELDS, type, shape, file.bytes(tensor))
        : wire(shape, file.floats(tensor));
  }

  private static WireTensor wire(List<Long> shape, float[] values) throws ServiceException {
    byte[] bytes = TensorType.FLOAT32.toBytes(FloatBuffer.wrap(values));
    return WireTensor.of(FIELDS, TensorType.FLOAT32, shape, ByteBuffer.wrap(bytes));
  }

  private static TensorType type(TensorInfo tensor) throws ServiceException {
    return switch (tensor.dtype()) {
      case F16 -> TensorType.FLOAT16;
      case BF16 -> TensorType.BFLOAT16;
      case F32, F64 -> TensorType.FLOAT32;
      case U8 -> TensorType.UINT8;
      case C64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, BOOL ->
          throw ServiceException.invalid(
              "body",
              "tensor '%s': elements of %s found, floating-point ones are needed"
                  .formatted(tensor.name(), tensor.dtype()));
    };
  }
}
