package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.server.core.ServiceException;
import java.util.Locale;

/** How a body holds its tensor or picture, by its {@code Content-Type}. */
enum BodyForm {
  /** The elements alone; shape and type are in the query. */
  BINARY,
  /** The same as text in JSON, as older clients send it. */
  BASE64,
  /** An {@code .npy} file. */
  NPY,
  /** A safetensors file. */
  SAFETENSORS,
  /** A PNG or JPEG file. */
  PICTURE;

  /**
   * The form of a body; one without a type, or of a type that clients use when nobody told them, is
   * the elements alone.
   *
   * @param contentType may be null
   * @throws ServiceException {@code INVALID}
   */
  static BodyForm of(String contentType) throws ServiceException {
    String type = contentType == null ? "" : contentType;
    int parameters = type.indexOf(';');
    if (parameters >= 0) {
      type = type.substring(0, parameters);
    }
    return switch (type.strip().toLowerCase(Locale.ROOT)) {
      case "", "tensor/binary", "application/octet-stream", "application/x-www-form-urlencoded" ->
          BINARY;
      case "tensor/base64", "application/json" -> BASE64;
      case "application/x-npy" -> NPY;
      case "application/safetensors", "application/x-safetensors" -> SAFETENSORS;
      case "image/png", "image/jpeg" -> PICTURE;
      default ->
          throw ServiceException.invalid(
              "Content-Type",
              "bodies are tensor/binary, tensor/base64, application/x-npy or"
                  + " application/safetensors, and image/png or image/jpeg to encode");
    };
  }
}
