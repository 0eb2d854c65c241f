package io.github.consistencydecoder.server.wire;

/**
 * What a tensor's parts are called in the request of one endpoint, for its refusals.
 *
 * @param type of the elements, such as {@code latents.tensor.data_type}
 * @param shape such as {@code latents.tensor.shape}
 * @param data such as {@code latents.tensor.data}
 */
public record TensorFields(String type, String shape, String data) {
  /** The names of our own protocol below a prefix, such as {@code latents.tensor}. */
  public static TensorFields below(String prefix) {
    return new TensorFields(prefix + ".data_type", prefix + ".shape", prefix + ".data");
  }
}
