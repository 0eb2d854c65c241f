package io.github.consistencydecoder.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.Dialect;
import io.github.consistencydecoder.proto.v1.GivenNoise;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Seeds;
import io.github.consistencydecoder.proto.v1.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/** Latents and options as a request: everything as the caller said it, nothing converted. */
final class DecodeRequests {
  private DecodeRequests() {}

  /**
   * A request for float32 pictures.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if given noise has another
   *     size than the pictures, {@link DecoderErrorCode#INVALID_LATENTS} if those cannot be held
   */
  static DecodeRequest of(String model, Latents latents, DecodeOptions options) {
    return DecodeRequest.newBuilder()
        .setModel(model)
        .setLatents(
            io.github.consistencydecoder.proto.v1.Latents.newBuilder()
                .setTensor(
                    FloatTensors.of(
                        latents.values(),
                        List.of(
                            (long) latents.batch(),
                            (long) Latents.CHANNELS,
                            (long) latents.height(),
                            (long) latents.width())))
                .setScale(scale(latents.scale())))
        .setNoise(noise(options.noise(), pictureShape(latents)))
        .addAllTimesteps(options.schedule().timesteps())
        .setDialect(dialect(options.clamp()))
        .setTiling(tiling(options.tiling()))
        .setFormat(PictureFormat.PICTURE_FORMAT_FLOAT32)
        .build();
  }

  /** {@code [N, 3, 8h, 8w]}, whose product an array can have. */
  static List<Long> pictureShape(Latents latents) {
    long height = (long) Latents.PIXELS_PER_CELL * latents.height();
    long width = (long) Latents.PIXELS_PER_CELL * latents.width();
    double values = 3.0 * latents.batch() * height * width;
    if (values > Integer.MAX_VALUE - 8) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_LATENTS,
          latents + ": the pictures would have more than 2^31 - 1 values; decode fewer at a time");
    }
    return List.of((long) latents.batch(), 3L, height, width);
  }

  static io.github.consistencydecoder.proto.v1.LatentScale scale(LatentScale scale) {
    return switch (scale) {
      case SCALED -> io.github.consistencydecoder.proto.v1.LatentScale.LATENT_SCALE_SCALED;
      case UNSCALED -> io.github.consistencydecoder.proto.v1.LatentScale.LATENT_SCALE_UNSCALED;
    };
  }

  private static Dialect dialect(ClampMode clamp) {
    return switch (clamp) {
      case EACH_STEP -> Dialect.DIALECT_ORIGINAL;
      case NONE -> Dialect.DIALECT_DIFFUSERS;
    };
  }

  static io.github.consistencydecoder.proto.v1.Tiling tiling(Tiling tiling) {
    return switch (tiling) {
      case AUTO -> io.github.consistencydecoder.proto.v1.Tiling.TILING_UNSPECIFIED;
      case WHOLE -> io.github.consistencydecoder.proto.v1.Tiling.TILING_WHOLE;
      case EXACT -> io.github.consistencydecoder.proto.v1.Tiling.TILING_EXACT;
      case OVERLAPPED -> io.github.consistencydecoder.proto.v1.Tiling.TILING_OVERLAPPED;
    };
  }

  private static io.github.consistencydecoder.proto.v1.Noise noise(Noise noise, List<Long> shape) {
    var wire = io.github.consistencydecoder.proto.v1.Noise.newBuilder();
    if (noise instanceof Noise.Seeded seeded) {
      wire.setSeed(seeded.seed());
    } else if (noise instanceof Noise.SeededPerImage perImage) {
      wire.setSeeds(Seeds.newBuilder().addAllValues(perImage.seeds()));
    } else {
      wire.setGiven(given((Noise.Given) noise, shape));
    }
    return wire.build();
  }

  private static GivenNoise given(Noise.Given noise, List<Long> shape) {
    long needed = shape.stream().reduce(1L, (a, b) -> a * b);
    GivenNoise.Builder given = GivenNoise.newBuilder();
    for (int k = 0; k < noise.steps(); k++) {
      FloatBuffer values = noise.step(k);
      if (values.remaining() != needed) {
        throw new DecoderException(
            DecoderErrorCode.INVALID_OPTIONS,
            "noise of step %s has %s values, pictures of shape %s need %s"
                .formatted(k, values.remaining(), shape, needed));
      }
      given.addSteps(FloatTensors.of(values, shape));
    }
    return given.build();
  }

  /** Numbers as the wire has them: float32, little endian, row-major. */
  static final class FloatTensors {
    private FloatTensors() {}

    /**
     * A tensor.
     *
     * @param values copied
     */
    static Tensor of(FloatBuffer values, List<Long> shape) {
      ByteBuffer bytes =
          ByteBuffer.allocate(values.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values.duplicate());
      return Tensor.newBuilder()
          .setDataType(DataType.DATA_TYPE_FLOAT32)
          .addAllShape(shape)
          .setData(UnsafeByteOperations.unsafeWrap(bytes))
          .build();
    }

    /** The numbers in bytes whose count four divides; a view. */
    static FloatBuffer floats(ByteString bytes) {
      return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }
  }
}
