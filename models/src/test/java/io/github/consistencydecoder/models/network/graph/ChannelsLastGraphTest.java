package io.github.consistencydecoder.models.network.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.SyntheticWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.proto.AttributeProto;
import io.github.consistencydecoder.models.network.onnx.proto.GraphProto;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import io.github.consistencydecoder.models.network.onnx.proto.TensorProto;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the graph for CUDA is made of. The reduced network has the published one's blocks, so the
 * numbers of operators are the same.
 */
class ChannelsLastGraphTest {
  /** Number of the type in the ONNX standard. */
  private static final int FLOAT32 = 1;

  private static final int FLOAT16 = 10;

  @TempDir static Path folder;
  private static Path reduced;

  @BeforeAll
  static void writeReducedNetwork() throws Exception {
    reduced = folder.resolve("reduced.safetensors");
    SyntheticWeights.write(SyntheticWeights.reducedNetwork(), reduced);
  }

  private static GraphProto graph(ElementType type, boolean fused) throws Exception {
    Path derived = Files.createTempDirectory(folder, "graph-").toRealPath().resolve("weights");
    try (Checkpoint checkpoint = Checkpoints.open(reduced)) {
      ConsistencyWeights weights = ConsistencyWeights.of(checkpoint, Optional.empty());
      NetworkGraph graph =
          ChannelsLastGraph.write(
              weights, new ChannelsLastGraph.Variant(type, fused), derived, derived.getParent());
      return ModelProto.parseFrom(graph.model()).getGraph();
    }
  }

  private static Map<String, Long> counts(GraphProto graph) {
    return graph.getNodeList().stream()
        .collect(Collectors.groupingBy(NodeProto::getOpType, Collectors.counting()));
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "FLOAT32"})
  void itHasSoManyOfEachOperator(ElementType type) throws Exception {
    Map<String, Long> counts = counts(graph(type, true));
    // 36 blocks: conv2 of each, conv1 of 33 and of 3 that double two each, 18 shortcuts; entry,
    // again for the last skip, and exit.
    assertThat(counts).containsEntry("NhwcConv", 96L);
    // norm2 of each block; norm1 of the first and of the 16 that follow a concatenation.
    assertThat(counts).containsEntry("GroupNorm", 53L);
    // The other 19 blocks' norm1 and the last norm add up the block before.
    assertThat(counts).containsEntry("SkipGroupNorm", 20L);
    // 16 sums that go into a concatenation, the step's own, and the coefficients'.
    assertThat(counts).containsEntry("Add", 18L);
    assertThat(counts).containsEntry("Transpose", 2L);
    // 16 skips, rows of three doublings, the input, and shapes.
    assertThat(counts).containsEntry("Concat", 16L + 3 + 1 + 3 + 3 + 1);
    // The device's memory.
    assertThat(counts).containsEntry("ConstantOfShape", 1L);
    // Three halvings, of activation and shortcut.
    assertThat(counts).containsEntry("Sum", 6L);
    assertThat(counts)
        .doesNotContainKeys("Conv", "InstanceNormalization", "Sigmoid", "AveragePool");
  }

  @Test
  void everythingButNormParametersAndTheStepsOwnArithmeticIsHalfPrecision() throws Exception {
    GraphProto graph = graph(ElementType.FLOAT16, true);
    Set<String> affine = new HashSet<>();
    for (NodeProto n : graph.getNodeList()) {
      if (n.getOpType().endsWith("GroupNorm")) {
        affine.addAll(n.getInputList().subList(1, 3));
      }
    }
    for (TensorProto t : graph.getInitializerList()) {
      if (t.getDataType() == FLOAT32) {
        boolean scales = t.getName().startsWith("scales_");
        assertThat(scales || affine.contains(t.getName())).as(t.getName()).isTrue();
      }
    }
    // Picture and latent on their way in, the result on its way out, and what comes of the memory
    // that is taken in advance.
    List<NodeProto> casts =
        graph.getNodeList().stream().filter(n -> n.getOpType().equals("Cast")).toList();
    assertThat(casts.stream().map(c -> c.getAttribute(0).getI()))
        .containsExactlyInAnyOrder((long) FLOAT16, (long) FLOAT16, (long) FLOAT32, (long) FLOAT32);
  }

  @Test
  void theFloat32GraphHasNoOtherType() throws Exception {
    GraphProto graph = graph(ElementType.FLOAT32, true);
    assertThat(counts(graph)).containsEntry("Cast", 1L);
    assertThat(graph.getInitializerList()).noneMatch(t -> t.getDataType() == FLOAT16);
  }

  /** What the kernels refuse or are slow with. */
  @Test
  void operatorsKeepToWhatTheirKernelsAskFor() throws Exception {
    GraphProto graph = graph(ElementType.FLOAT16, true);
    Map<String, TensorProto> constants = new HashMap<>();
    graph.getInitializerList().forEach(t -> constants.put(t.getName(), t));
    for (NodeProto n : graph.getNodeList()) {
      Map<String, AttributeProto> attributes =
          n.getAttributeList().stream().collect(Collectors.toMap(AttributeProto::getName, a -> a));
      if (n.getOpType().equals("NhwcConv")) {
        TensorProto weight = constants.get(n.getInput(1));
        assertThat(weight).as("%s is a constant", n.getInput(1)).isNotNull();
        assertThat(weight.getDims(0) % 8).as("%s, outputs", n.getInput(1)).isZero();
        assertThat(weight.getDims(1)).as("%s, kernel", n.getInput(1)).isEqualTo(weight.getDims(2));
        assertThat(weight.getDims(3) % 8).as("%s, inputs", n.getInput(1)).isZero();
        assertThat(new HashSet<>(attributes.get("pads").getIntsList()))
            .as("%s, padding", n.getName())
            .hasSize(1);
      } else if (n.getOpType().endsWith("GroupNorm")) {
        assertThat(attributes.get("channels_last").getI()).isEqualTo(1);
        assertThat(attributes.get("activation").getI()).isEqualTo(1);
        assertThat(attributes.get("groups").getI()).isEqualTo(32);
      }
    }
  }

  @Test
  void inStandardFormOnlyConvolutionsAndNormsDiffer() throws Exception {
    GraphProto fused = graph(ElementType.FLOAT16, true);
    GraphProto standard = graph(ElementType.FLOAT16, false);
    assertThat(standard.getNodeList()).noneMatch(n -> n.getDomain().equals("com.microsoft"));
    List<NodeProto> others =
        fused.getNodeList().stream()
            .filter(n -> n.getDomain().isEmpty() && !n.getOpType().equals("ConstantOfShape"))
            .toList();
    assertThat(standard.getNodeList()).containsAll(others);
    assertThat(standard.getInitializerList()).containsAll(fused.getInitializerList());
    assertThat(standard.getInputList()).isEqualTo(fused.getInputList());
    assertThat(standard.getOutputList()).isEqualTo(fused.getOutputList());
    assertThat(counts(standard))
        .containsEntry("Conv", 96L)
        .containsEntry("InstanceNormalization", 73L);
  }

  @Test
  void thePublishedNetworkSuitsAndTheReducedOneHasTooFewChannelsAGroup() {
    assertThat(ChannelsLastGraph.suits(SyntheticWeights.publishedNetwork())).isTrue();
    assertThat(ChannelsLastGraph.suits(SyntheticWeights.reducedNetwork())).isFalse();
  }

  /** 960 channels at full resolution, counted in 31 bits. */
  @Test
  void soManyPixelsCanBeEvaluatedAtOnce() {
    assertThat(ChannelsLastGraph.mostPixels(SyntheticWeights.publishedNetwork()))
        .isEqualTo(Integer.MAX_VALUE / 960)
        .isGreaterThan(1024 * 1024)
        .isLessThan(2048 * 2048);
  }

  /**
   * At full resolution, when the first convolution on the way up has been done: 960 joined channels
   * and their norm, its 320, two skip connections of 320, and the image as it entered.
   */
  @Test
  void soMuchOfTheDevicesMemoryIsTakenAtOnce() {
    ConsistencyNetwork published = SyntheticWeights.publishedNetwork();
    assertThat(ChannelsLastMemory.valuesPerPixel(published)).isEqualTo(960 + 960 + 320 + 640 + 8);
    assertThat(ChannelsLastGraph.bytesPerPixel(published, ElementType.FLOAT16)).isEqualTo(6931);
    assertThat(ChannelsLastGraph.bytesPerPixel(published, ElementType.FLOAT32)).isEqualTo(13862);
  }

  /** It is filled through a count of 31 bits: above that it holds what the memory held. */
  @Test
  void whatTheMemoryHoldsIsNeverRead() throws Exception {
    GraphProto graph = graph(ElementType.FLOAT32, true);
    NodeProto piece =
        graph.getNodeList().stream()
            .filter(n -> n.getOpType().equals("ConstantOfShape"))
            .findFirst()
            .orElseThrow();
    assertThat(
            graph.getNodeList().stream()
                .filter(n -> n.getInputList().contains(piece.getOutput(0)))
                .map(NodeProto::getOpType))
        .containsExactly("Shape");
  }

  /** Words of 8 bytes; the fill counts them in 31 bits. */
  @Test
  void aLargePictureInFloat32TakesMoreThanCanBeFilled() {
    ConsistencyNetwork published = SyntheticWeights.publishedNetwork();
    long single = ChannelsLastGraph.bytesPerPixel(published, ElementType.FLOAT32);
    long half = ChannelsLastGraph.bytesPerPixel(published, ElementType.FLOAT16);
    long most = ChannelsLastGraph.mostPixels(published);
    assertThat((1L << 31) * 8 / single).isEqualTo(1_239_349).isLessThan(most);
    assertThat(half * most / 8).isLessThan(1L << 31);
  }

  /** Elsewhere it would be taken from what everything else lives on. */
  @Test
  void inStandardOperatorsNothingIsTakenInAdvance() throws Exception {
    GraphProto standard = graph(ElementType.FLOAT16, false);
    NodeProto piece =
        standard.getNodeList().stream()
            .filter(n -> n.getOpType().equals("ConstantOfShape"))
            .findFirst()
            .orElseThrow();
    TensorProto shape =
        standard.getInitializerList().stream()
            .filter(t -> t.getName().equals(piece.getInput(0)))
            .findFirst()
            .orElseThrow();
    assertThat(shape.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).getLong())
        .isEqualTo(1);
  }

  @Test
  void theLastSkipIsMadeOfTheImageWhenItIsNeeded() throws Exception {
    Map<String, NodeProto> byOutput = new HashMap<>();
    for (NodeProto n : graph(ElementType.FLOAT16, true).getNodeList()) {
      n.getOutputList().forEach(o -> byOutput.put(o, n));
    }
    NodeProto first = byOutput.get("conv_in");
    NodeProto again = byOutput.get("conv_in.again");
    assertThat(again.getInputList().subList(1, 3)).isEqualTo(first.getInputList().subList(1, 3));
    NodeProto later = byOutput.get(again.getInput(0));
    assertThat(later.getInput(0)).isEqualTo(first.getInput(0));
    // Its shape is that of the block before the last.
    NodeProto shape = byOutput.get(later.getInput(1));
    while (!shape.getOpType().equals("Shape")) {
      shape = byOutput.get(shape.getInput(0));
    }
    assertThat(shape.getInput(0)).isEqualTo("up_blocks.3.resnets.2");
  }
}
