package io.github.consistencydecoder.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ModelsCommandTest {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @TempDir private Path folder;

  private Path store;

  @BeforeEach
  void nameTheStore() {
    store = folder.resolve("store");
  }

  private CommandRun models(Object... arguments) {
    Object[] all = new Object[arguments.length + 3];
    all[0] = "models";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[arguments.length + 1] = "--store";
    all[arguments.length + 2] = store;
    return CommandRun.of(all);
  }

  private Path unpackTiny() {
    CommandRun run = models("path", "tiny").exits(0);
    return Path.of(run.out().strip());
  }

  @Test
  void listShowsWhatIsPublishedAndWhatIsHere() {
    CommandRun run = models("list").exits(0);

    assertThat(run.out())
        .containsPattern("tiny +here, \\d")
        .containsPattern("consistency-decoder +not here, about 2\\.49 GB")
        .contains("licence: ")
        .containsPattern("ft-EMA, original single file; .*; not pinned, hence not checked: vae-ft")
        .containsPattern("TAESD.*; not pinned, hence not checked: config.json")
        .doesNotContainPattern("ft-MSE, .*not pinned")
        .contains("store: " + store);
  }

  @Test
  void listIsADocumentToo() {
    JsonNode models = new JsonMapper().readTree(models("list", "--json").out()).get("models");

    assertThat(models.get(0).get("id").asString()).isEqualTo("tiny");
    assertThat(models.get(0).get("state").asString()).isEqualTo("installed");
    assertThat(models.get(1).get("state").asString()).isEqualTo("absent");
    assertThat(models.get(0).get("bundled").asBoolean()).isTrue();
  }

  @Test
  void pathOfTheBundledModelLeadsToItsFiles() {
    assertThat(unpackTiny().resolve(WEIGHTS)).isRegularFile();
  }

  @Test
  void pathOfAModelThatIsNotHereIsAModelProblem() {
    CommandRun run = models("path", "consistency-decoder").exits(3);

    assertThat(run.err()).startsWith("error: ").contains("consistency-decoder").hasLineCount(1);
  }

  @Test
  void unknownModelIsAnsweredWithLikelyOnes() {
    CommandRun run = models("pull", "tinny").exits(3);

    assertThat(run.err()).startsWith("error: ").contains("tiny").hasLineCount(1);
  }

  @Test
  void inspectSaysWhatIsInAModel() {
    CommandRun run = models("inspect", "tiny").exits(0);

    assertThat(run.out())
        .contains("format:     safetensors")
        .contains("looks like: a consistency decoder in the diffusers naming")
        .containsPattern("tensors: +\\d+ \\{F16=\\d+\\}, [\\d,]+ parameters")
        .containsPattern("digest: +sha256:[0-9a-f]{64}")
        .containsPattern("F16 +\\[\\d+, 7, 3, 3\\] +decoder_unet.conv_in.weight");
  }

  @Test
  void inspectAsADocumentListsTheTensors() {
    JsonNode document =
        new JsonMapper().readTree(models("inspect", "tiny", "--json", "--no-digest").out());

    assertThat(document.get("consistency_decoder").asBoolean()).isTrue();
    assertThat(document.get("digest").isNull()).isTrue();
    long sum = 0;
    for (JsonNode tensor : document.get("tensors")) {
      long elements = 1;
      for (JsonNode dimension : tensor.get("shape")) {
        elements *= dimension.asLong();
      }
      sum += elements;
    }
    assertThat(document.get("parameters").asLong()).isEqualTo(sum).isPositive();
  }

  @Test
  void inspectOfAnotherFileSaysThatItIsNoDecoder() throws IOException {
    Path file =
        TensorBytes.safetensors(
            folder.resolve("other.safetensors"),
            "{" + TensorBytes.entry("w", 0, 2, 3) + "}",
            new byte[24]);

    CommandRun run = models("inspect", file).exits(0);

    assertThat(run.out())
        .contains("not a consistency decoder")
        .contains("tensors:    1 {F32=1}, 6 parameters");
  }

  @Test
  void inspectOfADamagedFileIsAModelProblem() throws IOException {
    Path file = Files.write(folder.resolve("bad.safetensors"), new byte[20]);

    CommandRun run = models("inspect", file).exits(3);

    assertThat(run.err()).startsWith("error: " + file + ":").hasLineCount(1);
  }

  @Test
  void verifyFindsADamagedModel() throws IOException {
    String id = "consistency-decoder-amalgamated";
    Path file =
        TensorBytes.safetensors(
            folder.resolve("stk_consistency_decoder_amalgamated.safetensors"),
            "{" + TensorBytes.entry("embed_image.f.weight", 0, 2, 3) + "}",
            new byte[24]);
    CommandRun imported = models("import", id, file).exits(0);
    Path stored = Path.of(imported.out().strip());
    assertThat(models("path", id).out().strip()).isEqualTo(stored.toString());
    CommandRun sound = models("verify", id).exits(0);
    assertThat(sound.out()).contains(id + " " + stored.getFileName() + ": sound, ");

    byte[] bytes = Files.readAllBytes(stored);
    bytes[bytes.length - 1] ^= 1;
    Files.delete(stored);
    Files.write(stored, bytes);

    CommandRun damaged = models("verify");
    assertThat(damaged.code()).as(damaged.out()).isEqualTo(3);
    assertThat(damaged.out()).contains(id + " " + stored.getFileName() + ": wrong, ");
    JsonNode document = new JsonMapper().readTree(models("verify", id, "--json").out());
    assertThat(document.get("models").get(0).get("sound").asBoolean()).isFalse();
  }

  @Test
  void verifyOfAModelThatIsNotHereIsAModelProblem() {
    CommandRun run = models("verify", "consistency-decoder").exits(3);

    assertThat(run.err()).startsWith("error: ").contains("consistency-decoder");
  }

  @Test
  void removeDeletesAModel() {
    Path tiny = unpackTiny();

    assertThat(models("remove", "tiny").code()).isZero();

    assertThat(tiny.resolve(WEIGHTS)).doesNotExist();
    assertThat(models("remove", "tiny").err()).contains("nothing of it was here");
  }

  @Test
  void importRefusesAFileThatIsNotTheModel() throws IOException {
    Path file = Files.writeString(folder.resolve("decoder.pt"), "not a model");

    CommandRun run = models("import", "consistency-decoder", file).exits(3);

    assertThat(run.err()).startsWith("error: ").doesNotContain("\tat ");
    assertThat(models("path", "consistency-decoder").code()).isEqualTo(3);
  }

  @Test
  void importOfAMissingFileIsAModelProblem() {
    CommandRun run = models("import", "consistency-decoder", folder.resolve("nowhere.pt")).exits(3);

    assertThat(run.err()).startsWith("error: ").contains("nowhere.pt");
  }
}
