package io.github.consistencydecoder.models.network.export;

import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.autoencoder.RunnableNetwork;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.proto.GraphProto;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import io.github.consistencydecoder.models.network.onnx.proto.ValueInfoProto;
import java.io.IOException;

/** The graph of an autoencoder's half under the names that pipelines know. */
final class AutoencoderModel {
  private static final String FACTOR = "latent_sample.factor";

  private AutoencoderModel() {}

  /**
   * A model like {@code graph} with another input and output.
   *
   * @param factor what the input is multiplied by before the network sees it; 1 for nothing
   */
  static ModelProto of(NetworkGraph graph, GraphInterface in, GraphInterface out, float factor)
      throws IOException {
    ModelProto model = ModelProto.parseFrom(graph.model());
    GraphProto.Builder g = model.getGraph().toBuilder();
    GraphBuilder outline = new GraphBuilder(g.getName());
    out.declare(outline, in.addTo(outline));
    GraphProto named = outline.build().getGraph();
    ValueInfoProto output = named.getOutput(0).toBuilder().setName(out.name()).build();
    g.setInput(0, named.getInput(0)).setOutput(0, output);
    String fed = factor == 1 ? in.name() : RunnableNetwork.INPUT;
    for (NodeProto.Builder node : g.getNodeBuilderList()) {
      rename(node, RunnableNetwork.INPUT, fed);
      rename(node, RunnableNetwork.OUTPUT, out.name());
    }
    if (factor != 1) {
      scale(g, in.name(), factor);
    }
    return model.toBuilder().setGraph(g).build();
  }

  private static void rename(NodeProto.Builder node, String from, String to) {
    for (int i = 0; i < node.getInputCount(); i++) {
      if (node.getInput(i).equals(from)) {
        node.setInput(i, to);
      }
    }
    for (int i = 0; i < node.getOutputCount(); i++) {
      if (node.getOutput(i).equals(from)) {
        node.setOutput(i, to);
      }
    }
  }

  private static void scale(GraphProto.Builder g, String input, float factor) {
    GraphBuilder extra = new GraphBuilder("scale");
    extra.mul(
        RunnableNetwork.INPUT,
        extra.input(input, ElementType.FLOAT32),
        extra.constant(FACTOR, new float[] {factor}));
    GraphProto made = extra.build().getGraph();
    g.addNode(0, made.getNode(0)).addInitializer(made.getInitializer(0));
  }
}
