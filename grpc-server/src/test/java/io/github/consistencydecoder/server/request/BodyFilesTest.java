package io.github.consistencydecoder.server.request;

import static io.github.consistencydecoder.testing.TensorBytes.npy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.plugin.LatentScale;
import io.github.consistencydecoder.testing.SharedData;
import io.github.consistencydecoder.testing.TensorBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
    return TensorBytes.safetensors(header, new byte[data]);
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

    LatentsBody body = LatentsBody.of(ByteBuffer.wrap(file));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
    assertThat(body.scale()).isEmpty();
  }

  @Test
  void threeDimensionsAreABatchOfOneAndDoublesBecomeFloats() throws Exception {
    ByteBuffer data = ByteBuffer.allocate(2 * DATA).order(ByteOrder.LITTLE_ENDIAN);
    data.putDouble(0, 0.5);
    byte[] file = npy(1, dictionary("<f8", "False", "(4, 2, 2)"), data.array());

    LatentsBody body = LatentsBody.of(ByteBuffer.wrap(file));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
    assertThat(body.latents().floats()[0]).isEqualTo(0.5f);
  }

  @Test
  void npyWithItsKeysInAnotherOrderIsRead() throws Exception {
    String header = "{'fortran_order': False, 'shape': (1, 4, 2, 2), 'descr': '<f4'}\n";

    LatentsBody body = LatentsBody.of(ByteBuffer.wrap(npy(1, header, new byte[DATA])));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
  }

  @Test
  void whatTheReaderRefusesIsRefusedInItsWordsWithoutAFileName() {
    byte[] file = npy(1, dictionary("<f4", "True", "(1, 4, 2, 2)"), new byte[DATA]);

    refused(
        () -> LatentsBody.of(ByteBuffer.wrap(file)),
        "at byte 10: Fortran order, save numpy.ascontiguousarray of it");
    refused(() -> LatentsBody.of(ByteBuffer.allocate(0)), "the file is empty");
  }

  @Test
  void aShardIndexIsNoBody() {
    refused(() -> LatentsBody.of(ByteBuffer.wrap(ascii("{\"weight_map\":{}}"))), "one is needed");
  }

  /** The rules are those of the reader of files; the numbers come in the same order here. */
  @Test
  void aFileOfAnyKindIsTheLatentsInIt() throws Exception {
    Path files = SharedData.inRepository("formats/src/test/resources/latents");
    for (String line : Files.readAllLines(files.resolve("expected.txt"))) {
      String name = line.substring(0, line.indexOf(' '));
      if (!line.matches(".* \\| [123] (guess|scaled|unscaled).*")) {
        continue;
      }
      LatentsBody body = LatentsBody.of(ByteBuffer.wrap(Files.readAllBytes(files.resolve(name))));

      assertThat(FloatBuffer.wrap(body.latents().floats()))
          .as(name)
          .isEqualTo(LatentsFile.read(files.resolve(name)).latents().values());
    }
  }

  private static final String TENSOR =
      "\"latents\":{\"dtype\":\"F32\",\"shape\":[1,4,2,2],\"data_offsets\":[0,64]}";

  @Test
  void comfyLatentIsUnscaledWithItsVersionAndScaledWithout() throws Exception {
    String tensor = TENSOR.replace("latents", "latent_tensor");
    String version =
        ",\"latent_format_version_0\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[64,64]}";

    LatentsBody now =
        LatentsBody.of(ByteBuffer.wrap(safetensors("{" + tensor + version + "}", DATA)));
    LatentsBody before = LatentsBody.of(ByteBuffer.wrap(safetensors("{" + tensor + "}", DATA)));

    assertThat(now.scale()).contains(LatentScale.UNSCALED);
    assertThat(before.scale()).contains(LatentScale.SCALED);
  }

  @Test
  void onlyTensorThatCanBeLatentsIsTakenWhateverItsName() throws Exception {
    String other = ",\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[64,72]}";

    LatentsBody body =
        LatentsBody.of(
            ByteBuffer.wrap(
                safetensors("{" + TENSOR.replace("latents", "mine") + other + "}", DATA + 8)));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
  }

  @Test
  void tensorsOfTypesThatAreNotReadMayStandBesideTheLatents() throws Exception {
    String other = ",\"b\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[64,72]}";

    LatentsBody body =
        LatentsBody.of(ByteBuffer.wrap(safetensors("{" + TENSOR + other + "}", DATA + 8)));

    assertThat(body.latents().shape()).isEqualTo(List.of(1L, 4L, 2L, 2L));
  }

  @Test
  void headersAreSmallAndTensorsFew() {
    String metadata = "{\"__metadata__\":{\"a\":\"" + "x".repeat(1 << 20) + "\"}," + TENSOR + "}";
    StringBuilder many = new StringBuilder("{");
    for (int i = 0; i < 1_001; i++) {
      many.append("\"t" + i + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},");
    }

    refused(
        () -> LatentsBody.of(ByteBuffer.wrap(safetensors(metadata, DATA))),
        "at most 1048576 are read");
    refused(
        () -> LatentsBody.of(ByteBuffer.wrap(safetensors(many + TENSOR + "}", DATA))),
        "more than 1000 tensors");
  }

  @Test
  void latentsOfAnotherFamilyOrTypeAreRefused() {
    String sdxl = "{\"__metadata__\":{\"scaling_factor\":\"0.13025\"}," + TENSOR + "}";

    refused(
        () -> LatentsBody.of(ByteBuffer.wrap(safetensors(sdxl, DATA))),
        "its metadata says scaling_factor 0.13025, that of SDXL");
    refused(
        () ->
            LatentsBody.of(
                ByteBuffer.wrap(safetensors("{" + TENSOR.replace("F32", "I32") + "}", DATA))),
        "tensor 'latents': elements of I32 found, floating-point ones are needed");
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
              case 0, 1 -> LatentsBody.of(cut);
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
