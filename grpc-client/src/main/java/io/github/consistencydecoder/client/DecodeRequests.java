package io.github.consistencydecoder.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import io.github.consistencydecoder.plugin.DecodeOption;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.proto.v1.DataType;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.GivenNoise;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.proto.v1.Seeds;
import io.github.consistencydecoder.proto.v1.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Latents and options as a request: everything as the caller said it, nothing converted. */
final class DecodeRequests {
  private DecodeRequests() {}

  /**
   * A request for float32 pictures.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS} if given noise has another
   *     size than the pictures, {@link DecoderErrorCode#INVALID_LATENTS} if those cannot be held;
   *     and what a decoder throws that makes the start
   */
  static DecodeRequest of(String model, Latents latents, DecodeOptions options) {
    DecodeRequest.Builder request = withWords(DecodeRequest.newBuilder(), options);
    start(latents, options)
        .ifPresent(pixels -> request.getStartBuilder().setPixels(FloatTensors.of(pixels)));
    options.keep().ifPresent(keep -> request.setKeep(keep(keep)));
    return request
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
        .setFormat(PictureFormat.PICTURE_FORMAT_FLOAT32)
        .build();
  }

  /** The pictures to start from; another decoder makes them here. */
  private static Optional<Pixels> start(Latents latents, DecodeOptions options) {
    if (options.start() instanceof Start.DecodedBy by) {
      DecodeOptions its = DecodeOptions.builder().cancellation(options.cancellation()).build();
      return Optional.of(by.decoder().decode(latents, its).pixels());
    }
    return options.start() instanceof Start.Given given
        ? Optional.of(given.pixels())
        : Optional.empty();
  }

  private static io.github.consistencydecoder.proto.v1.Keep keep(Keep keep) {
    Mask mask = keep.mask();
    int plane = mask.height() * mask.width();
    byte[] levels = new byte[mask.batch() * plane];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) (mask.repaints(i / plane, i % plane) ? 255 : 0);
    }
    return io.github.consistencydecoder.proto.v1.Keep.newBuilder()
        .setPixels(FloatTensors.of(keep.known()))
        .setMask(
            Tensor.newBuilder()
                .setDataType(DataType.DATA_TYPE_UINT8)
                .addAllShape(
                    List.of((long) mask.batch(), 1L, (long) mask.height(), (long) mask.width()))
                .setData(UnsafeByteOperations.unsafeWrap(levels)))
        .setFeather(keep.feather())
        .setGrow(keep.grow())
        .setWhole(keep.whole())
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
    return io.github.consistencydecoder.proto.v1.LatentScale.valueOf("LATENT_SCALE_" + scale);
  }

  /** Says the options that a message has a field of words for; the default may have no word. */
  static <B extends Message.Builder> B withWords(B message, DecodeOptions options) {
    for (DecodeOption option : DecodeOption.values()) {
      FieldDescriptor field = message.getDescriptorForType().findFieldByName(option.id());
      if (field != null && field.getJavaType() == FieldDescriptor.JavaType.ENUM) {
        String word = option.print(options).orElseThrow();
        String name = (field.getName() + "_" + word).replace('-', '_').toUpperCase(Locale.ROOT);
        EnumValueDescriptor value = field.getEnumType().findValueByName(name);
        if (value != null) {
          message.setField(field, value);
        } else if (!word.equals(option.words().get(0))) {
          throw new IllegalStateException("the protocol has no word " + name);
        }
      }
    }
    return message;
  }

  private static io.github.consistencydecoder.proto.v1.Noise noise(Noise noise, List<Long> shape) {
    var wire = io.github.consistencydecoder.proto.v1.Noise.newBuilder();
    if (noise instanceof Noise.Seeded seeded) {
      wire.setSeed(seeded.seed());
    } else if (noise instanceof Noise.SeededPerImage perImage) {
      wire.setSeeds(Seeds.newBuilder().addAllValues(perImage.seeds()));
    } else if (noise instanceof Noise.Shared shared) {
      // A generator of the same seed for each picture draws the same field for each.
      wire.setSeeds(
          Seeds.newBuilder()
              .addAllValues(Collections.nCopies(shape.get(0).intValue(), shared.seed())));
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

    /** Pictures. */
    static Tensor of(Pixels pixels) {
      return of(
          pixels.values(),
          List.of((long) pixels.batch(), 3L, (long) pixels.height(), (long) pixels.width()));
    }

    /** The numbers in bytes whose count four divides; a view. */
    static FloatBuffer floats(ByteString bytes) {
      return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }
  }
}
