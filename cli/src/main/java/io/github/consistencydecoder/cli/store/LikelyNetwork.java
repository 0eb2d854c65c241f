package io.github.consistencydecoder.cli.store;

import java.util.Set;

/** What a checkpoint's tensor names tell about the network it is for. */
enum LikelyNetwork {
  CONSISTENCY_DIFFUSERS("a consistency decoder in the diffusers naming", true),
  CONSISTENCY_RENAMED("a consistency decoder in the renamed naming", true),
  CONSISTENCY_ORIGINAL("a consistency decoder in OpenAI's own naming", true),
  VAE("a Stable Diffusion VAE, not a consistency decoder", false),
  UNKNOWN("not a consistency decoder, as far as its tensor names tell", false);

  private final String sentence;
  private final boolean consistency;

  LikelyNetwork(String sentence, boolean consistency) {
    this.sentence = sentence;
    this.consistency = consistency;
  }

  static LikelyNetwork of(Set<String> names) {
    if (names.contains("decoder_unet.conv_in.weight")) {
      return CONSISTENCY_DIFFUSERS;
    }
    if (names.contains("embed_image.f.weight")) {
      return CONSISTENCY_RENAMED;
    }
    if (names.stream().anyMatch(name -> name.endsWith("embed_image.f.w"))) {
      return CONSISTENCY_ORIGINAL;
    }
    return names.contains("decoder.conv_in.weight") ? VAE : UNKNOWN;
  }

  String sentence() {
    return sentence;
  }

  boolean consistency() {
    return consistency;
  }
}
