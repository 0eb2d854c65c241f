package io.github.consistencydecoder.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.TextFormat;
import io.github.consistencydecoder.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
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
  void aGraphWithAStartHasOneStep() throws IOException {
    CommandRun run =
        CommandRun.of(
                "export", "--start", "input", "--check", "-o", folder.resolve("warm"), "--json")
            .exits(0);

    assertThat(new JsonMapper().readTree(run.out()).get("written").asBoolean()).isTrue();
    CommandRun.of("export", "--start", "input", "--steps", "2", "-o", folder.resolve("x"))
        .assertRefused(2, "has one");
    CommandRun.of("export", "--start", "input", "--decoder", "vae", "-o", folder.resolve("x"))
        .assertRefused(2, "alone starts from a picture");
    assertThat(folder.resolve("x")).doesNotExist();
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

  @Test
  void repositoryForTritonHasItsConfigurationBesideTheVersion() throws Exception {
    export("--triton", "--check", "--cache", folder.resolve("cache")).exits(0);

    Path model = folder.resolve("out/consistency_decoder");
    assertThat(names(folder.resolve("out"))).containsExactly("consistency_decoder");
    assertThat(names(model)).containsExactly("1", "config.pbtxt");
    assertThat(names(model.resolve("1"))).contains("model.onnx", "model.onnx_data");
    DynamicMessage config = tritonConfig(Files.readString(model.resolve("config.pbtxt")));
    assertThat(field(config, "name")).isEqualTo("consistency_decoder");
    assertThat(field(config, "max_batch_size")).isEqualTo(4);
    DynamicMessage input = (DynamicMessage) ((List<?>) field(config, "input")).get(0);
    assertThat(field(input, "name")).isEqualTo("latent_sample");
    assertThat(field(input, "data_type")).hasToString("TYPE_FP32");
    assertThat(field(input, "dims")).isEqualTo(List.of(4L, -1L, -1L));

    assertThat(export("--triton").exits(1).err())
        .contains(model.resolve("config.pbtxt") + ": exists already; --overwrite replaces it");
    export("--triton", "--overwrite").exits(0);
  }

  @Test
  void modelThatIsNotOneLeavesNothingInTheRepository() throws IOException {
    Path model = Files.writeString(folder.resolve("model.safetensors"), "nonsense");

    export("--triton", "--model", model).exits(3);

    assertThat(names(folder.resolve("out"))).isEmpty();
  }

  @Test
  void misspeltFieldOfTritonsConfigurationWouldBeSeen() {
    assertThatThrownBy(() -> tritonConfig("max_batchsize: 4"))
        .hasMessageContaining("max_batchsize");
  }

  /**
   * Read with the names, numbers and types that Triton's model_config.proto has for these fields.
   */
  private static DynamicMessage tritonConfig(String text) throws Exception {
    FileDescriptorProto.Builder file = FileDescriptorProto.newBuilder().setSyntax("proto3");
    file.addEnumType(
        EnumDescriptorProto.newBuilder()
            .setName("DataType")
            .addValue(EnumValueDescriptorProto.newBuilder().setName("TYPE_INVALID").setNumber(0))
            .addValue(EnumValueDescriptorProto.newBuilder().setName("TYPE_FP32").setNumber(11)));
    message(file, "ModelInput", "name 1 string", "data_type 2 DataType", "dims 4 int64*");
    message(file, "ModelOutput", "name 1 string", "data_type 2 DataType", "dims 3 int64*");
    message(file, "ModelDynamicBatching", "max_queue_delay_microseconds 2 int64");
    message(file, "ModelParameter", "string_value 1 string");
    message(file, "Parameters", "key 1 string", "value 2 ModelParameter");
    message(
        file,
        "ModelConfig",
        "name 1 string",
        "max_batch_size 4 int32",
        "input 5 ModelInput*",
        "output 6 ModelOutput*",
        "default_model_filename 8 string",
        "dynamic_batching 11 ModelDynamicBatching",
        "parameters 14 Parameters*",
        "backend 17 string");
    var types = FileDescriptor.buildFrom(file.build(), new FileDescriptor[0]);
    DynamicMessage.Builder config =
        DynamicMessage.newBuilder(types.findMessageTypeByName("ModelConfig"));
    TextFormat.getParser().merge(text, config);
    return config.build();
  }

  private static void message(FileDescriptorProto.Builder file, String name, String... fields) {
    DescriptorProto.Builder message = DescriptorProto.newBuilder().setName(name);
    for (String field : fields) {
      String[] parts = field.replace("*", "").split(" ", -1);
      FieldDescriptorProto.Builder made =
          FieldDescriptorProto.newBuilder()
              .setName(parts[0])
              .setNumber(Integer.parseInt(parts[1]))
              .setLabel(
                  field.endsWith("*")
                      ? FieldDescriptorProto.Label.LABEL_REPEATED
                      : FieldDescriptorProto.Label.LABEL_OPTIONAL);
      if (Character.isUpperCase(parts[2].charAt(0))) {
        made.setTypeName(parts[2]);
      } else {
        made.setType(
            FieldDescriptorProto.Type.valueOf("TYPE_" + parts[2].toUpperCase(Locale.ROOT)));
      }
      message.addField(made);
    }
    file.addMessageType(message);
  }

  private static Object field(DynamicMessage message, String name) {
    return message.getField(message.getDescriptorForType().findFieldByName(name));
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
