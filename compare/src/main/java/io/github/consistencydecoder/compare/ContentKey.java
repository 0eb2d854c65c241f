package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Start;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Collects everything that a result depends on into one SHA-256. */
final class ContentKey {
  /**
   * A detail that says whether a decoder's graph was built or found in a cache. It is another one
   * at the second start, and the pictures are the same.
   */
  private static final String GRAPH = "graph";

  private final MessageDigest digest;

  private ContentKey() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java has SHA-256", e);
    }
  }

  static ContentKey begin() {
    return new ContentKey();
  }

  /** Each text with its length before it, so that no two lists look the same. */
  ContentKey add(String... texts) {
    for (String text : texts) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(4).putInt(0, bytes.length));
      digest.update(bytes);
    }
    return this;
  }

  ContentKey add(Comparison.Column column) {
    add("column", column.name());
    if (column.decodes()) {
      DecoderInfo info = column.decoder().info();
      add(info.provider(), info.model(), info.digest(), info.device());
      new TreeMap<>(info.details())
          .forEach(
              (key, value) -> {
                if (!key.equals(GRAPH)) {
                  add(key, value);
                }
              });
      column.config().asMap().forEach((key, value) -> add("setting", key, value));
      add(column.options());
    }
    return this;
  }

  private void add(DecodeOptions options) {
    new TreeMap<>(options.asMap()).forEach((key, value) -> add(key, value.toString()));
    if (options.noise() instanceof Noise.Given given) {
      for (int step = 0; step < given.steps(); step++) {
        add(given.step(step));
      }
    } else {
      add(options.noise().getClass().getSimpleName());
    }
    if (options.start() instanceof Start.Given given) {
      add(given.pixels().values());
    } else if (options.start() instanceof Start.DecodedBy by) {
      add(by.decoder().info().digest());
    }
    options.keep().ifPresent(this::add);
  }

  private void add(Keep keep) {
    add(keep.known().values());
    Mask mask = keep.mask();
    add(mask.toString());
    int pixels = mask.height() * mask.width();
    for (int i = 0; i < mask.batch() * pixels; i++) {
      digest.update((byte) (mask.repaints(i / pixels, i % pixels) ? 1 : 0));
    }
  }

  ContentKey add(ComparisonInput.Loaded loaded) {
    loaded.latents().ifPresent(this::add);
    loaded.truth().ifPresent(picture -> add("truth").add(picture));
    for (Map.Entry<String, Picture> entry : new TreeMap<>(loaded.pictures()).entrySet()) {
      add("picture", entry.getKey()).add(entry.getValue());
    }
    return this;
  }

  private void add(Latents latents) {
    add("latents", latents.toString());
    add(latents.values());
  }

  private ContentKey add(Picture picture) {
    add(picture.toString());
    digest.update(picture.rgb());
    return this;
  }

  private void add(FloatBuffer values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.remaining());
    bytes.asFloatBuffer().put(values);
    add(String.valueOf(bytes.capacity()));
    digest.update(bytes);
  }

  String finish() {
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }

  /** The first digits, for names. */
  static String brief(String text) {
    return begin().add(text).finish().substring(7, 15);
  }
}
