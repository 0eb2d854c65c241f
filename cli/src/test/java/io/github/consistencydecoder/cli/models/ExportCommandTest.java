package io.github.consistencydecoder.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ExportCommandTest {
  @TempDir Path folder;

  @Test
  void writesAFolderThatDecodesAsTheProgramDoes() throws IOException {
    CommandRun run = export("--check", "--cache", folder.resolve("cache")).exits(0);

    assertThat(run.err()).contains("preview model 'tiny'");
    assertThat(run.out().lines()).hasSize(3);
    assertThat(run.out())
        .contains("ok      vae_decoder 64x64: largest difference ")
        .contains("ok      vae_decoder 528x8: largest difference ")
        .contains("the same bits")
        .contains("wrote " + folder.resolve("out/vae_decoder"));
    assertThat(names(folder.resolve("out/vae_decoder")))
        .containsExactly("config.json", "model.onnx", "model.onnx_data");
    assertThat(names(folder.resolve("out"))).containsExactly("vae_decoder");
  }

  @Test
  void documentNamesModelFilesAndFindings() throws IOException {
    CommandRun run =
        export(
                "--json",
                "--check",
                "--dtype",
                "float16",
                "--steps",
                1,
                "--dialect",
                "diffusers",
                "--cache",
                folder.resolve("cache"))
            .exits(0);

    JsonNode document = JsonMapper.shared().readTree(run.out());
    assertThat(document.get("written").booleanValue()).isTrue();
    JsonNode export = document.get("exports").get(0);
    assertThat(export.get("model").stringValue()).isEqualTo("tiny");
    assertThat(export.get("digest").stringValue()).startsWith("sha256:");
    assertThat(export.get("folder").stringValue())
        .isEqualTo(folder.resolve("out/vae_decoder").toString());
    assertThat(export.get("files").get("model.onnx").longValue())
        .isEqualTo(Files.size(folder.resolve("out/vae_decoder/model.onnx")));
    assertThat(export.get("check")).hasSize(2);
    for (JsonNode finding : export.get("check")) {
      assertThat(finding.get("passed").booleanValue()).isTrue();
      assertThat(finding.get("repeatable").booleanValue()).isTrue();
      assertThat(finding.get("largest_difference").doubleValue()).isBetween(1e-9, 2e-2);
    }
  }

  @Test
  void whatIsThereIsKeptUnlessToldOtherwise() throws IOException {
    Path there = Files.createDirectories(folder.resolve("out/vae_decoder"));
    Files.writeString(there.resolve("model.onnx"), "mine");

    CommandRun refused = export().exits(1);
    assertThat(refused.err())
        .contains("error: " + there + ": exists already; --overwrite replaces it");
    assertThat(there.resolve("model.onnx")).hasContent("mine");

    export("--overwrite").exits(0);
    assertThat(Files.size(there.resolve("model.onnx"))).isGreaterThan(1000);
    assertThat(names(folder.resolve("out"))).containsExactly("vae_decoder");
  }

  @Test
  void aFolderWithOtherFilesIsNeverReplaced() throws IOException {
    Path there = Files.createDirectories(folder.resolve("out/vae_decoder"));
    Files.writeString(there.resolve("thesis.doc"), "mine");

    CommandRun run = export("--overwrite").exits(1);
    assertThat(run.err()).contains("holds 'thesis.doc'");
    assertThat(names(there)).containsExactly("thesis.doc");
  }

  @Test
  void aModelThatIsNotOneLeavesNothing() throws IOException {
    Path model = Files.writeString(folder.resolve("model.safetensors"), "nonsense");

    CommandRun run = export("--model", model).exits(3);
    assertThat(run.err()).startsWith("error: ");
    assertThat(names(folder.resolve("out"))).isEmpty();
  }

  @Test
  void anEncoderThatCannotBeHadLeavesNothingOfTheDecoderEither() throws IOException {
    CommandRun run = export("--vae-encoder", "tiny").exits(3);

    assertThat(run.err()).contains("encoder");
    assertThat(names(folder.resolve("out"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "--dtype, bfloat16, float32 or float16",
    "--dialect, openai, original or diffusers",
    "--steps, 3, 1 or 2",
    "--decoder, preview, consistency or vae or taesd",
  })
  void wordsThatMakeNoSenseAreRefused(String option, String value, String needed) {
    CommandRun run = export(option, value).exits(2);

    assertThat(run.err()).contains("error: " + option + " " + value + ": " + needed + " is needed");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  private CommandRun export(Object... arguments) {
    return CommandRun.of(
        Stream.concat(Stream.of("export", "-o", folder.resolve("out")), Stream.of(arguments))
            .toArray());
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
