package io.github.consistencydecoder.models.network.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import io.github.consistencydecoder.models.network.onnx.proto.StringStringEntryProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorShapeProto;
import io.github.consistencydecoder.models.network.onnx.proto.ValueInfoProto;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What an exported folder holds; that it decodes rightly is tested where there is a runtime. */
class OnnxExportTest {
  private static final int SIDE = 16;

  @TempDir static Path folder;
  private static Path reduced;

  @BeforeAll
  static void writeReducedNetwork() throws IOException {
    reduced = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), reduced);
  }

  @Test
  void inputAndOutputHaveTheNamesThatPipelinesKnow() throws IOException {
    ModelProto model = model(export("names", ElementType.FLOAT32));
    assertThat(model.getGraph().getInputList()).hasSize(1);
    assertThat(described(model.getGraph().getInput(0)))
        .isEqualTo("latent_sample: 1 [batch_size, 4, latent_height, latent_width]");
    assertThat(model.getGraph().getOutputList()).hasSize(1);
    assertThat(described(model.getGraph().getOutput(0)))
        .isEqualTo("sample: 1 [batch_size, 3, latent_height * 8, latent_width * 8]");
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void olderRuntimesCanReadIt(ElementType type) throws IOException {
    ModelProto model = model(export("older-" + type, type));
    assertThat(model.getIrVersion()).isEqualTo(8);
    assertThat(model.getOpsetImportList()).hasSize(1);
    assertThat(model.getOpsetImport(0).getDomain()).isEmpty();
    assertThat(model.getOpsetImport(0).getVersion()).isEqualTo(17);
    assertThat(model.getGraph().getNodeList()).allMatch(n -> n.getDomain().isEmpty());
  }

  @Test
  void bothEvaluationsShareTheirWeights() throws IOException {
    ModelProto model = model(export("shared", ElementType.FLOAT32));
    Map<String, Integer> uses = new HashMap<>();
    for (NodeProto n : model.getGraph().getNodeList()) {
      if (n.getOpType().equals("Conv")) {
        n.getInputList().subList(1, 3).forEach(i -> uses.merge(i, 1, Integer::sum));
      }
    }
    assertThat(uses.values()).isNotEmpty().allMatch(n -> n == 2);
    List<String> names =
        model.getGraph().getInitializerList().stream().map(TensorProto::getName).toList();
    assertThat(names).doesNotHaveDuplicates().containsAll(uses.keySet());
  }

  @Test
  void float32WeightsLieBesideTheGraphWithoutOverlap() throws IOException {
    Path exported = export("external", ElementType.FLOAT32);
    assertThat(names(exported)).containsExactly("config.json", "model.onnx", "model.onnx_data");
    long end = 0;
    for (TensorProto t : model(exported).getGraph().getInitializerList()) {
      if (t.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
        Map<String, String> place = entries(t.getExternalDataList());
        assertThat(place).containsEntry("location", "model.onnx_data");
        long offset = Long.parseLong(place.get("offset"));
        assertThat(offset).isGreaterThanOrEqualTo(end);
        end = offset + Long.parseLong(place.get("length"));
      }
    }
    assertThat(Files.size(exported.resolve("model.onnx_data"))).isEqualTo(end);
    assertThat(end).isGreaterThan(Files.size(exported.resolve("model.onnx")));
  }

  @Test
  void float16IsOneFileWithNormsAndNoiseInFloat32() throws IOException {
    Path exported = export("half", ElementType.FLOAT16);
    assertThat(names(exported)).containsExactly("config.json", "model.onnx");
    ModelProto model = model(exported);
    Map<String, Integer> types = new HashMap<>();
    for (TensorProto t : model.getGraph().getInitializerList()) {
      assertThat(t.getDataLocation()).isEqualTo(TensorProto.DataLocation.DEFAULT);
      types.put(t.getName(), t.getDataType());
    }
    assertThat(types)
        .containsEntry("conv_in.weight", 10)
        .containsEntry("mid_block.resnets.0.conv2.bias", 10)
        .containsEntry("mid_block.resnets.0.norm1.weight", 1)
        .containsEntry("step2.mid_block.resnets.0.norm2.gamma", 1)
        .containsEntry("step1.noise.tile", 1);
    assertThat(model.getGraph().getInput(0).getType().getTensorType().getElemType()).isEqualTo(1);
    assertThat(model.getGraph().getOutput(0).getType().getTensorType().getElemType()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void theSameModelGivesTheSameBytes(ElementType type) throws IOException {
    Path first = export("first-" + type, type);
    Path second = export("second-" + type, type);
    for (String name : names(first)) {
      assertThat(second.resolve(name)).hasSameBinaryContentAs(first.resolve(name));
    }
  }

  @Test
  void theConfigurationHasWhatPipelinesAsk() throws IOException {
    JsonNode config =
        JsonMapper.shared()
            .readTree(
                Files.readString(export("config", ElementType.FLOAT32).resolve("config.json")));
    assertThat(new TreeSet<>(config.propertyNames()))
        .containsExactly(
            "_class_name",
            "block_out_channels",
            "force_upcast",
            "in_channels",
            "latent_channels",
            "out_channels",
            "sample_size",
            "scaling_factor");
    assertThat(config.get("_class_name").stringValue()).isEqualTo("AutoencoderKL");
    assertThat(config.get("block_out_channels").toString()).isEqualTo("[128,256,512,512]");
    assertThat(config.get("scaling_factor").doubleValue()).isEqualTo(0.18215);
    assertThat(config.get("latent_channels").intValue()).isEqualTo(4);
    assertThat(config.get("sample_size").intValue()).isEqualTo(512);
    assertThat(config.get("force_upcast").booleanValue()).isFalse();
  }

  @Test
  void theModelSaysWhereItComesFrom() throws IOException {
    Map<String, String> said =
        entries(model(export("said", ElementType.FLOAT32)).getMetadataPropsList());
    assertThat(said)
        .containsEntry("weights", "sha256:test")
        .containsEntry("dtype", "float32")
        .containsKey("graph");
  }

  @Test
  void onlyAClampedSamplerClamps() throws IOException {
    ModelProto clamped = model(export("clamped", ElementType.FLOAT32));
    assertThat(operators(clamped)).contains("Clip");
    Path free = Files.createDirectory(folder.resolve("free"));
    export(free, ElementType.FLOAT32, sampler(1, false), new Cancellation());
    assertThat(operators(model(free))).doesNotContain("Clip");
  }

  @Test
  void aWatcherStopsTheExport() throws IOException {
    Path target = Files.createDirectory(folder.resolve("stopped"));
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(() -> export(target, ElementType.FLOAT32, sampler(2, true), cancellation));
    assertThat(target.resolve("model.onnx")).doesNotExist();
  }

  private static Path export(String name, ElementType type) throws IOException {
    Path target = Files.createDirectory(folder.resolve(name));
    export(target, type, sampler(2, true), new Cancellation());
    return target;
  }

  private static void export(
      Path target, ElementType type, ExportedSampler sampler, Cancellation cancellation)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(reduced)) {
      new OnnxExport(target.toRealPath(), type, Map.of("weights", "sha256:test"))
          .decoder(
              ConsistencyWeights.of(checkpoint, Optional.empty()),
              sampler,
              tensor -> cancellation.check());
    }
  }

  private static ExportedSampler sampler(int steps, boolean clamped) {
    List<ExportedSampler.Step> list = new ArrayList<>();
    for (int k = 0; k < steps; k++) {
      float[] noise = SyntheticWeights.input("input.noise" + (k + 1), 3 * SIDE * SIDE);
      list.add(new ExportedSampler.Step(k == 0 ? 1008 : 512, 0.6f, 0.8f, 1, 0.5f, 0.1f, noise));
    }
    return new ExportedSampler(list, clamped, new float[4], new float[4], SIDE, false);
  }

  private static ModelProto model(Path exported) throws IOException {
    return ModelProto.parseFrom(Files.readAllBytes(exported.resolve("model.onnx")));
  }

  private static Set<String> operators(ModelProto model) {
    return model.getGraph().getNodeList().stream()
        .map(NodeProto::getOpType)
        .collect(Collectors.toSet());
  }

  private static String described(ValueInfoProto v) {
    List<String> dims = new ArrayList<>();
    for (TensorShapeProto.Dimension d : v.getType().getTensorType().getShape().getDimList()) {
      dims.add(d.getDimParam().isEmpty() ? Long.toString(d.getDimValue()) : d.getDimParam());
    }
    return v.getName() + ": " + v.getType().getTensorType().getElemType() + " " + dims;
  }

  private static Map<String, String> entries(List<StringStringEntryProto> list) {
    return list.stream()
        .collect(
            Collectors.toMap(StringStringEntryProto::getKey, StringStringEntryProto::getValue));
  }

  private static List<String> names(Path exported) throws IOException {
    try (Stream<Path> files = Files.list(exported)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
