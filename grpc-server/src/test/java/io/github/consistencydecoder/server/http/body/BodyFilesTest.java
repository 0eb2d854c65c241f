package io.github.consistencydecoder.server.http.body;

import static io.github.consistencydecoder.server.fixtures.TensorFiles.npy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.server.core.ServiceError;
import io.github.consistencydecoder.server.core.ServiceException;
import io.github.consistencydecoder.server.fixtures.TensorFiles;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of tensors that come as bodies: a file for each rule, and damaged ones. */
final class BodyFilesTest {
  private static final int DATA = 4 * 2 * 2 * 4;

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String dictionary(String descr, String order, String shape) {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  }

  private static byte[] safetensors(String header, int data) {
    return TensorFiles.safetensors(header, new byte[data]);
  }

  private static void refused(ThrowingCallable read, String part) {
    assertThatThrownBy(read)
        .isInstanceOfSatisfying(
            ServiceException.class,
            e -> {
              assertThat(e.error()).isEqualTo(ServiceError.INVALID);
              assertThat(e.getMessage()).contains(part);
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void npyOfEveryVersionIsRead(int version) throws Exception {
    byte[] file = npy(version, dictionary("<f4", "False", "(1, 4, 2, 2)"), new byte[DATA]);

    LatentsBody body = LatentsBody.npy(ByteBuffer.wrap(file));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
    assertThat(body.scale()).isEmpty();
  }

  @Test
  void threeDimensionsAreABatchOfOneAndDoublesBecomeFloats() throws Exception {
    ByteBuffer data = ByteBuffer.allocate(2 * DATA).order(ByteOrder.LITTLE_ENDIAN);
    data.putDouble(0, 0.5);
    byte[] file = npy(1, dictionary("<f8", "False", "(4, 2, 2)"), data.array());

    LatentsBody body = LatentsBody.npy(ByteBuffer.wrap(file));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
    assertThat(body.latents().floats()[0]).isEqualTo(0.5f);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "<f4; False; (1, 4, 2, 3); needs 96 bytes, 64 follow",
        "<f4; False; (99999999999, 4, 2, 2); more bytes than a request can have",
        "<f4; False; (1, 1, 4, 2, 2); 5 dimensions",
        "<f4; False; (1, 4, , 2); shape cannot be read",
        "<f4; True; (1, 4, 2, 2); Fortran order",
        ">f4; False; (1, 4, 2, 2); elements of type >f4",
        "<i4; False; (1, 4, 2, 2); elements of type <i4",
        "|O4; False; (1, 4, 2, 2); elements of type |O4",
        "<f4; __import__('os'); (1, 4, 2, 2); not a dictionary",
        "<f4; False; (-1, 4, 2, 2); not a dictionary",
      })
  void npyThatBreaksARuleIsRefused(String descr, String order, String shape, String part) {
    byte[] file = npy(1, dictionary(descr, order, shape), new byte[DATA]);

    refused(() -> LatentsBody.npy(ByteBuffer.wrap(file)), part);
  }

  @Test
  void npyWithoutSignatureVersionOrWholeHeaderIsRefused() {
    byte[] good = npy(1, dictionary("<f4", "False", "(1, 4, 2, 2)"), new byte[DATA]);
    byte[] version = good.clone();
    version[6] = 4;

    refused(() -> LatentsBody.npy(ByteBuffer.wrap(ascii("PK"))), "does not begin");
    refused(() -> LatentsBody.npy(ByteBuffer.wrap(good, 0, 9).slice()), "first 10 bytes");
    refused(() -> LatentsBody.npy(ByteBuffer.wrap(good, 0, 40).slice()), "ends within its header");
    refused(() -> LatentsBody.npy(ByteBuffer.wrap(version)), "version 4.0");
    refused(
        () -> LatentsBody.npy(ByteBuffer.wrap(npy(1, " ".repeat(20_000), new byte[0]))),
        "at most 10000");
  }

  private static final String TENSOR =
      "\"latents\":{\"dtype\":\"F32\",\"shape\":[1,4,2,2],\"data_offsets\":[0,64]}";

  @Test
  void comfyLatentIsUnscaledWithItsVersionAndScaledWithout() throws Exception {
    String tensor = TENSOR.replace("latents", "latent_tensor");
    String version =
        ",\"latent_format_version_0\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[64,64]}";

    LatentsBody now =
        LatentsBody.safetensors(ByteBuffer.wrap(safetensors("{" + tensor + version + "}", DATA)));
    LatentsBody before =
        LatentsBody.safetensors(ByteBuffer.wrap(safetensors("{" + tensor + "}", DATA)));

    assertThat(now.scale()).contains(LatentScale.UNSCALED);
    assertThat(before.scale()).contains(LatentScale.SCALED);
  }

  @Test
  void onlyTensorThatCanBeLatentsIsTakenWhateverItsName() throws Exception {
    String other = ",\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[64,72]}";

    LatentsBody body =
        LatentsBody.safetensors(
            ByteBuffer.wrap(
                safetensors("{" + TENSOR.replace("latents", "mine") + other + "}", DATA + 8)));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "[]; 0; does not begin with {",
        "{\"a\":1}; 0; an object for every tensor",
        "{T,T}; 64; has a key twice",
        "{T}x; 64; not JSON",
        "{T}{}; 64; something follows",
        "{\"a\":{\"dtype\":[[[[[[]]]]]]}}; 0; text as dtype",
        "{\"__metadata__\":{\"a\":1},T}; 64; text as metadata",
        "{\"__metadata__\":{\"scaling_factor\":\"0.13025\"},T}; 64; another scaling_factor",
        "{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}; 4; not known",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}; 4; negative",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}; 4; whole numbers",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}; 4; more than dtype",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}; 4; lacks",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}; 4; more than 2 numbers",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}; 4; does not fit",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999,99999999,9],\"data_offsets\":[0,4]}}; 4; does not fit",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}; 8; overlap, leave a gap",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}; 4; overlap",
        "{T}; 60; reach beyond its end",
        "{T}; 68; have 64 bytes, 68 follow",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}; 4; 0 of its 1 tensors",
        "{\"latents\":{\"dtype\":\"I32\",\"shape\":[1,4,2,2],\"data_offsets\":[0,64]}}; 64; cannot be latents",
      })
  void safetensorsThatBreakARuleAreRefused(String header, int data, String part) {
    byte[] file = safetensors(header.replace("T,", TENSOR + ",").replace("T}", TENSOR + "}"), data);

    refused(() -> LatentsBody.safetensors(ByteBuffer.wrap(file)), part);
  }

  @Test
  void safetensorsWithAnImpossibleHeaderLengthAreRefused() {
    ByteBuffer negative = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(0, -1);
    ByteBuffer huge =
        ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
    byte[] latin = safetensors("{\"x\":1}", 0);
    latin[10] = (byte) 0xff;

    refused(() -> LatentsBody.safetensors(ByteBuffer.allocate(7)), "at least 8");
    refused(() -> LatentsBody.safetensors(negative), "was announced");
    refused(() -> LatentsBody.safetensors(huge), "was announced");
    refused(() -> LatentsBody.safetensors(ByteBuffer.wrap(latin)), "not UTF-8");
  }

  @Test
  void damagedFilesGiveAValueOrARefusalAndNothingElse() {
    byte[] npy = npy(1, dictionary("<f4", "False", "(1, 4, 2, 2)"), new byte[DATA]);
    byte[] safetensors =
        safetensors("{\"__metadata__\":{\"scale\":\"scaled\"}," + TENSOR + "}", DATA);
    byte[] base64 = ascii("{\"inputs\":\"AAAAAAAAAAA=\"}");
    int values = 0;
    for (int seed = 0; seed < 6_000; seed++) {
      Random random = new Random(seed);
      byte[] file = (seed % 3 == 0 ? npy : seed % 3 == 1 ? safetensors : base64).clone();
      for (int k = 0; k <= random.nextInt(3); k++) {
        file[random.nextInt(file.length)] = (byte) random.nextInt(256);
      }
      ByteBuffer cut = ByteBuffer.wrap(file, 0, file.length - random.nextInt(3)).slice();
      try {
        Object unused =
            switch (seed % 3) {
              case 0 -> LatentsBody.npy(cut);
              case 1 -> LatentsBody.safetensors(cut);
              default -> Base64Body.inputs(cut);
            };
        values++;
      } catch (ServiceException e) {
        assertThat(e.error()).as("seed %s", seed).isEqualTo(ServiceError.INVALID);
      }
    }
    assertThat(values).isBetween(100, 5_900);
  }
}
