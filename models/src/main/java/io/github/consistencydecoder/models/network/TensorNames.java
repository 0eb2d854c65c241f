package io.github.consistencydecoder.models.network;

import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Recognises the consistency decoder's tensors in any of the published namings and gives them their
 * diffusers names without the {@code decoder_unet.} prefix.
 *
 * <p>The namings: diffusers ({@code up_blocks.0.resnets.1.conv1.weight}), the renamed original
 * ({@code up.3.1.f_1.weight}) and the TorchScript attribute paths ({@code
 * blocks.up_3_conv_1.f_1.w}). Levels of the way up are numbered by execution in the first and by
 * resolution, that is the other way round, in the others. In the renamed original the resampling
 * block is one more number.
 */
final class TensorNames {
  private static final Pattern PREFIX =
      Pattern.compile("^(?:module|model|vae|decoder|decoder_unet|blocks)\\.");

  private static final String LEAF = "(w|weight|g|gamma|scale|b|bias|beta)";

  private static final Pattern BLOCK =
      Pattern.compile(
          "(down|mid|up)(_blocks?)?[._](?:(\\d)[._])?(?:(resnets|conv|block)[._])?"
              + "(\\d+|(?:down|up)samp(?:le|lers?)?(?:[._]0)?)[._]"
              + "(norm1|gn_1|conv1|f_1|time_emb_proj|f_t|norm2|gn_2|conv2|f_2|conv_shortcut|f_s)[._]"
              + LEAF);

  private static final Pattern OTHER =
      Pattern.compile(
          "(conv_in|embed_image(?:\\.f)?|time_embedding\\.linear_1|embed_time\\.f_1|time_embedding\\.linear_2|embed_time\\.f_2"
              + "|time_proj|embed_time(?:\\.emb)?|conv_norm_out|output\\.gn|conv_out|output\\.f)\\."
              + LEAF);

  private TensorNames() {}

  /** One recognised tensor of a block, before it is known how many layers a level has. */
  private record BlockTensor(String stage, int level, boolean plainNumber, int index, String rest) {
    static final int RESAMPLER = -1;
  }

  /**
   * The recognised tensors under their diffusers names, in the checkpoint's order; integer tensors,
   * scalars and everything unrecognised are left out.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_UNSUPPORTED} if two tensors have one
   *     meaning
   */
  static Map<String, TensorInfo> match(Collection<TensorInfo> tensors) {
    List<TensorInfo> candidates = new ArrayList<>();
    for (TensorInfo t : tensors) {
      if (t.dtype().floating() && !t.shape().isEmpty()) {
        candidates.add(t);
      }
    }
    int resampler = plainResamplerIndex(candidates);
    Map<String, TensorInfo> found = new LinkedHashMap<>();
    for (TensorInfo t : candidates) {
      String name = canonical(t.name(), resampler);
      if (name == null) {
        continue;
      }
      UnsupportedCheckpoint.putOnce(found, name, t);
    }
    return found;
  }

  /**
   * In the naming by plain numbers: which number on level 0 of the way down is the down-sampler; -1
   * in the other namings.
   */
  private static int plainResamplerIndex(List<TensorInfo> candidates) {
    int last = -1;
    for (TensorInfo t : candidates) {
      BlockTensor b = block(stripped(t.name()));
      if (b != null && b.plainNumber() && b.stage().equals("down") && b.level() == 0) {
        last = Math.max(last, b.index());
      }
    }
    return last;
  }

  private static String canonical(String name, int plainResampler) {
    String path = stripped(name);
    Matcher other = OTHER.matcher(path);
    if (other.matches()) {
      return otherName(other.group(1)) + "." + leaf(other.group(2));
    }
    BlockTensor b = block(path);
    if (b == null) {
      return null;
    }
    if (b.stage().equals("mid")) {
      return "mid_block.resnets." + b.index() + b.rest();
    }
    boolean up = b.stage().equals("up");
    boolean resampler =
        b.index() == BlockTensor.RESAMPLER
            || (b.plainNumber()
                && plainResampler >= 0
                && b.index() == plainResampler + (up ? 1 : 0));
    String level = b.stage() + "_blocks." + b.level() + ".";
    return level
        + (resampler ? (up ? "upsamplers.0" : "downsamplers.0") : "resnets." + b.index())
        + b.rest();
  }

  private static BlockTensor block(String path) {
    Matcher m = BLOCK.matcher(path);
    if (!m.matches()) {
      return null;
    }
    String stage = m.group(1);
    boolean mid = stage.equals("mid");
    boolean diffusers = m.group(2) != null;
    if (mid != (m.group(3) == null)) {
      return null;
    }
    int level = mid ? 0 : Integer.parseInt(m.group(3));
    if (stage.equals("up") && !diffusers) {
      level = ConsistencyNetwork.LEVELS - 1 - level;
    }
    boolean number = Character.isDigit(m.group(5).charAt(0));
    if (m.group(5).length() > 3 && number) {
      return null;
    }
    return new BlockTensor(
        stage,
        level,
        number && !mid && m.group(4) == null,
        number ? Integer.parseInt(m.group(5)) : BlockTensor.RESAMPLER,
        "." + layer(m.group(6)) + "." + leaf(m.group(7)));
  }

  private static String stripped(String name) {
    String path = name.replace('/', '.');
    while (true) {
      Matcher m = PREFIX.matcher(path);
      if (!m.find()) {
        return path;
      }
      path = path.substring(m.end());
    }
  }

  private static String layer(String name) {
    return switch (name) {
      case "gn_1" -> "norm1";
      case "f_1" -> "conv1";
      case "f_t" -> "time_emb_proj";
      case "gn_2" -> "norm2";
      case "f_2" -> "conv2";
      case "f_s" -> "conv_shortcut";
      default -> name;
    };
  }

  private static String otherName(String name) {
    return switch (name) {
      case "embed_image", "embed_image.f" -> "conv_in";
      case "embed_time", "embed_time.emb" -> "time_proj";
      case "embed_time.f_1" -> "time_embedding.linear_1";
      case "embed_time.f_2" -> "time_embedding.linear_2";
      case "output.gn" -> "conv_norm_out";
      case "output.f" -> "conv_out";
      default -> name;
    };
  }

  private static String leaf(String name) {
    return name.startsWith("b") ? "bias" : "weight";
  }
}
