package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Recognises TAESD's tensors and gives them their diffusers names.
 *
 * <p>The namings: diffusers ({@code decoder.layers.2.conv.0.weight}), and the original, a file for
 * each half, numbered only ({@code 3.conv.0.weight}) or both in one file with a prefix. The
 * original decoder counts its clamp, so its numbers are higher by one.
 */
public final class TaesdTensorNames {
  private static final Pattern NAME =
      Pattern.compile(
          "(?:(?:vae|model|module)\\.)*(?:taesd_)?(?:(encoder|decoder)\\.)?(layers\\.)?(\\d{1,3})"
              + "\\.((?:conv\\.[024]\\.)?(?:weight|bias))");

  private TaesdTensorNames() {}

  /**
   * The recognised tensors of each half under their diffusers names; integer tensors, scalars and
   * everything unrecognised are left out.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} if two tensors have one
   *     meaning
   */
  public static Map<AutoencoderPart, Map<String, TensorInfo>> match(
      Collection<TensorInfo> tensors) {
    Map<AutoencoderPart, Map<String, TensorInfo>> found = new EnumMap<>(AutoencoderPart.class);
    for (AutoencoderPart part : AutoencoderPart.values()) {
      found.put(part, new LinkedHashMap<>());
    }
    AutoencoderPart unnamed = unnamedPart(tensors);
    for (TensorInfo t : tensors) {
      Matcher m = NAME.matcher(t.name());
      if (!t.dtype().floating() || t.shape().isEmpty() || !m.matches()) {
        continue;
      }
      AutoencoderPart part =
          m.group(1) == null
              ? unnamed
              : m.group(1).equals("decoder") ? AutoencoderPart.DECODER : AutoencoderPart.ENCODER;
      boolean counted = part == AutoencoderPart.DECODER && m.group(2) == null;
      int index = Integer.parseInt(m.group(3)) - (counted ? 1 : 0);
      String name = part.prefix() + "layers." + index + "." + m.group(4);
      UnsupportedCheckpoint.putOnce(found.get(part), name, t);
    }
    return found;
  }

  /** Which half numbers without a prefix belong to: only the original encoder starts at 0. */
  private static AutoencoderPart unnamedPart(Collection<TensorInfo> tensors) {
    return tensors.stream().anyMatch(t -> t.name().equals("0.weight"))
        ? AutoencoderPart.ENCODER
        : AutoencoderPart.DECODER;
  }
}
