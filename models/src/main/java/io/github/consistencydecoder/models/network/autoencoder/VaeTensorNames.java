package io.github.consistencydecoder.models.network.autoencoder;

import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.UnsupportedCheckpoint;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Recognises the tensors of the Stable Diffusion 1.x autoencoder and gives them their present
 * diffusers names.
 *
 * <p>The namings: diffusers, with the attention's present or deprecated names; the original one, in
 * a file of its own or below {@code first_stage_model.} in a full checkpoint. Levels of the way up
 * are numbered by execution in the first and by resolution, that is the other way round, in the
 * original.
 */
final class VaeTensorNames {
  private static final Pattern PREFIX =
      Pattern.compile("^(?:first_stage_model|vae|model|module)\\.");

  private static final Pattern END =
      Pattern.compile(
          "(?:(?:encoder|decoder)\\.(?:conv_in|conv_out)|(?:post_)?quant_conv)\\.(?:weight|bias)");

  private static final Pattern LAST_NORM =
      Pattern.compile("(encoder|decoder)\\.(?:conv_norm_out|norm_out)\\.(weight|bias)");

  private static final Pattern RESIDUAL =
      Pattern.compile(
          "(encoder|decoder)\\.(?:(down|up)(_blocks)?\\.(\\d)\\.(?:resnets|block)\\.(\\d{1,2})"
              + "|mid(?:_block\\.resnets\\.|\\.block_)(\\d))"
              + "\\.(norm1|conv1|norm2|conv2|conv_shortcut|nin_shortcut)\\.(weight|bias)");

  private static final Pattern RESAMPLER =
      Pattern.compile(
          "(encoder|decoder)\\.(down|up)(_blocks)?\\.(\\d)\\.(?:down|up)sample(?:rs\\.0)?\\.conv\\.(weight|bias)");

  private static final Pattern ATTENTION =
      Pattern.compile(
          "(encoder|decoder)\\.mid(?:_block\\.attentions\\.0|\\.attn_1)"
              + "\\.(group_norm|norm|to_q|query|q|to_k|key|k|to_v|value|v|to_out\\.0|proj_attn|proj_out)\\.(weight|bias)");

  private VaeTensorNames() {}

  /**
   * The recognised tensors under their diffusers names, in the checkpoint's order; integer tensors,
   * scalars and everything unrecognised are left out.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} if two tensors have one
   *     meaning
   */
  static Map<String, TensorInfo> match(Collection<TensorInfo> tensors) {
    Map<String, TensorInfo> found = new LinkedHashMap<>();
    for (TensorInfo t : tensors) {
      String name = t.dtype().floating() && !t.shape().isEmpty() ? canonical(t.name()) : null;
      if (name != null) {
        UnsupportedCheckpoint.putOnce(found, name, t);
      }
    }
    return found;
  }

  /** The diffusers name; null if it is none of this network's. */
  static String canonical(String name) {
    String path = name;
    for (Matcher m = PREFIX.matcher(path); m.find(); m = PREFIX.matcher(path)) {
      path = path.substring(m.end());
    }
    if (END.matcher(path).matches()) {
      return path;
    }
    Matcher m = LAST_NORM.matcher(path);
    if (m.matches()) {
      return m.group(1) + ".conv_norm_out." + m.group(2);
    }
    m = RESIDUAL.matcher(path);
    if (m.matches()) {
      return residual(m);
    }
    m = RESAMPLER.matcher(path);
    if (m.matches()) {
      String resampler = m.group(2).equals("up") ? ".upsamplers.0.conv." : ".downsamplers.0.conv.";
      return "%s.%s%s%s"
          .formatted(
              m.group(1), level(m.group(2), m.group(3) != null, m.group(4)), resampler, m.group(5));
    }
    m = ATTENTION.matcher(path);
    return m.matches()
        ? m.group(1) + ".mid_block.attentions.0." + attention(m.group(2)) + "." + m.group(3)
        : null;
  }

  private static String residual(Matcher m) {
    String layer = m.group(7).equals("nin_shortcut") ? "conv_shortcut" : m.group(7);
    String block;
    if (m.group(2) == null) {
      int index = Integer.parseInt(m.group(6));
      boolean original = m.group().contains(".block_");
      block = "mid_block.resnets." + (original ? index - 1 : index);
    } else {
      block =
          level(m.group(2), m.group(3) != null, m.group(4))
              + ".resnets."
              + Integer.parseInt(m.group(5));
    }
    return m.group(1) + "." + block + "." + layer + "." + m.group(8);
  }

  private static String level(String stage, boolean diffusers, String number) {
    int level = Integer.parseInt(number);
    boolean turned = stage.equals("up") && !diffusers;
    return stage + "_blocks." + (turned ? VaeNetwork.LEVELS - 1 - level : level);
  }

  private static String attention(String layer) {
    return switch (layer) {
      case "norm" -> "group_norm";
      case "q", "query" -> "to_q";
      case "k", "key" -> "to_k";
      case "v", "value" -> "to_v";
      case "proj_attn", "proj_out" -> "to_out.0";
      default -> layer;
    };
  }
}
