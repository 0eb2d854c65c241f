package io.github.consistencydecoder.server.models;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.models.ModelSelfCheck.SelfCheckException;
import io.github.consistencydecoder.server.request.DecodeSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A decode whose result is judged: the same latents every time, 8x8 cells, a picture of 64x64
 * pixels.
 */
public final class ModelSelfCheck {
  static final DecodeSize SIZE = new DecodeSize(1, 8, 8, 2);

  /** Largest difference between two decodes on a device whose sums may be in any order. */
  static final float TOLERANCE = 0.02f;

  /** Decoders that do not clamp go a little beyond 1, never this far. */
  private static final float LARGEST = 8;

  private ModelSelfCheck() {}

  /** Scaled latents with the spread of real ones: four values a cell, from a fixed sequence. */
  static Latents latents(int batch, int height, int width) {
    float[] values = new float[batch * Latents.CHANNELS * height * width];
    long state = 0x5DEECE66DL;
    for (int i = 0; i < values.length; i++) {
      double sum = 0;
      // Four uniform numbers make a bell, near enough.
      for (int k = 0; k < 4; k++) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        sum += (state >>> 40) / (double) (1 << 24) - 0.5;
      }
      values[i] = (float) (1.5 * sum);
    }
    return Latents.scaled(values, batch, Latents.CHANNELS, height, width);
  }

  static Decoded decode(LoadedModel model, Cancellation cancellation) {
    return model
        .decoder()
        .decode(
            latents(SIZE.batch(), SIZE.height(), SIZE.width()),
            DecodeOptions.builder().seed(1).cancellation(cancellation).build());
  }

  /**
   * Whether it could be a picture at all.
   *
   * @throws SelfCheckException naming what is wrong
   */
  static void judge(Pixels pixels) throws SelfCheckException {
    FloatBuffer v = pixels.values();
    if (pixels.batch() != 1 || pixels.height() != 64 || pixels.width() != 64) {
      throw new SelfCheckException("the test picture has another size than its latents say");
    }
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < v.limit(); i++) {
      float x = v.get(i);
      if (!Float.isFinite(x)) {
        throw new SelfCheckException("the test picture has values that are NaN or infinite");
      }
      min = Math.min(min, x);
      max = Math.max(max, x);
    }
    if (min < -LARGEST || max > LARGEST) {
      throw new SelfCheckException("the test picture is far out of range");
    }
    if (max - min < 1e-3f) {
      throw new SelfCheckException("the test picture is of one colour");
    }
  }

  /**
   * Whether two pictures are one.
   *
   * @param tolerance largest difference of a value
   * @param what was compared, for the message
   */
  static void same(FloatBuffer a, FloatBuffer b, float tolerance, String what)
      throws SelfCheckException {
    float worst = a.remaining() == b.remaining() ? 0 : Float.POSITIVE_INFINITY;
    for (int i = 0; i < Math.min(a.remaining(), b.remaining()); i++) {
      float difference = Math.abs(a.get(i) - b.get(i));
      worst = difference <= worst ? worst : difference;
    }
    if (!(worst <= tolerance)) {
      throw new SelfCheckException(
          String.format(Locale.ROOT, "%s, by %.3g; at most %.3g is right", what, worst, tolerance));
    }
  }

  /** A model did not decode as it should; the message is a sentence that may leave this machine. */
  static final class SelfCheckException extends Exception {
    private static final long serialVersionUID = 1L;

    SelfCheckException(String message) {
      super(message);
    }
  }

  /**
   * Test pictures as they came out first, one file for each combination of weights, provider,
   * runtime and device. A file is SHA-256 of the rest, then the values, float32 little-endian; one
   * that does not fit its digest is as if it were not there.
   */
  public static final class SelfCheckStore {
    private static final Logger LOG = LoggerFactory.getLogger(SelfCheckStore.class);
    private static final int DIGEST_BYTES = 32;

    private final Optional<Path> folder;

    /**
     * @param folder exists, or can be made; empty to remember nothing
     */
    public SelfCheckStore(Optional<Path> folder) {
      this.folder = folder;
    }

    /**
     * Compares a test picture with the one kept, or keeps it if there is none.
     *
     * @throws SelfCheckException if it is another picture
     */
    void check(DecoderInfo info, FloatBuffer values) throws SelfCheckException {
      // Without weights there is nothing whose picture could be known.
      if (folder.isEmpty() || info.digest().isEmpty()) {
        return;
      }
      Path file = folder.get().resolve(key(info) + ".golden");
      Optional<FloatBuffer> kept = read(file);
      if (kept.isPresent()) {
        ModelSelfCheck.same(
            values,
            kept.get(),
            ModelSelfCheck.TOLERANCE,
            "the test picture differs from the one these weights gave before");
      } else {
        write(file, values);
      }
    }

    private static String key(DecoderInfo info) {
      Map<String, String> parts = new TreeMap<>(info.details());
      // Where the graph came from does not change what it computes.
      parts.remove("graph");
      parts.put("digest", info.digest());
      parts.put("provider", info.provider());
      parts.put("where", info.device());
      parts.put("architecture", System.getProperty("os.arch"));
      return HexFormat.of()
          .formatHex(sha256().digest(parts.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageDigest sha256() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }

    private static Optional<FloatBuffer> read(Path file) {
      try {
        if (!Files.isRegularFile(file)) {
          return Optional.empty();
        }
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length > DIGEST_BYTES) {
          byte[] values = Arrays.copyOfRange(bytes, DIGEST_BYTES, bytes.length);
          if (Arrays.equals(sha256().digest(values), Arrays.copyOf(bytes, DIGEST_BYTES))) {
            return Optional.of(
                ByteBuffer.wrap(values).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer());
          }
        }
        LOG.warn("{} is damaged and will be written again", file);
      } catch (IOException e) {
        LOG.warn("{} cannot be read", file, e);
      }
      return Optional.empty();
    }

    private static void write(Path file, FloatBuffer values) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.remaining()).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values.duplicate());
      ByteBuffer all = ByteBuffer.allocate(DIGEST_BYTES + bytes.remaining());
      all.put(sha256().digest(bytes.array())).put(bytes);
      try {
        AtomicFiles.write(file, all.array());
      } catch (IOException e) {
        // The next start compares with nothing, as this one did.
        LOG.warn("{} cannot be written", file, e);
      }
    }
  }
}
