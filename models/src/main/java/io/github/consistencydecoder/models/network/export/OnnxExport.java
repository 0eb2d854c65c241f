package io.github.consistencydecoder.models.network.export;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.network.AutoencoderPart;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.models.network.NetworkWeights;
import io.github.consistencydecoder.models.network.autoencoder.RunnableNetwork;
import io.github.consistencydecoder.models.network.autoencoder.TaesdWeights;
import io.github.consistencydecoder.models.network.autoencoder.VaeWeights;
import io.github.consistencydecoder.models.network.graph.DerivedWeights;
import io.github.consistencydecoder.models.network.onnx.ElementType;
import io.github.consistencydecoder.models.network.onnx.GraphBuilder;
import io.github.consistencydecoder.models.network.onnx.proto.GraphProto;
import io.github.consistencydecoder.models.network.onnx.proto.ModelProto;
import io.github.consistencydecoder.models.network.onnx.proto.NodeProto;
import io.github.consistencydecoder.models.network.onnx.proto.StringStringEntryProto;
import io.github.consistencydecoder.models.network.onnx.proto.ValueInfoProto;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Fills folders in the form in which ONNX pipelines keep the parts of their VAE: {@value #MODEL},
 * {@value #CONFIG} and, with float32, the weights in {@value #DATA}. With float16 everything is in
 * {@value #MODEL}; norms, input and output stay float32.
 *
 * <p>The same model and settings give the same bytes. About one tensor is in memory at a time.
 */
public final class OnnxExport {
  /** The graph. */
  public static final String MODEL = "model.onnx";

  /** The weights, where they are not in the graph's file. */
  public static final String DATA = "model.onnx_data";

  /** What pipelines read beside the graph. */
  public static final String CONFIG = "config.json";

  /** Channels of each level as pipelines expect them; only how many there are has a meaning. */
  private static final List<Integer> WIDTHS = List.of(128, 256, 512, 512);

  private final Path folder;
  private final ElementType type;
  private final Map<String, String> remarks;

  /**
   * An export into a folder.
   *
   * @param folder an empty one; real path
   * @param type {@link ElementType#FLOAT32} or {@link ElementType#FLOAT16}
   * @param remarks to be kept in the model, as {@code metadata_props}
   */
  public OnnxExport(Path folder, ElementType type, Map<String, String> remarks) {
    this.folder = folder;
    this.type = type;
    this.remarks = new TreeMap<>(remarks);
  }

  /**
   * Writes a consistency decoder with its sampler as a VAE decoder.
   *
   * @param watcher told of each tensor before it is read; stops the export by throwing
   */
  public void decoder(
      ConsistencyWeights weights, ExportedSampler sampler, Consumer<TensorInfo> watcher)
      throws IOException {
    remarks.put("graph", "consistency decode, version " + DecodeGraph.VERSION);
    GraphBuilder graph;
    try (DerivedWeights data = new DerivedWeights(folder.resolve(DATA))) {
      WatchedWeights watched = new WatchedWeights(weights, watcher);
      graph = new DecodeGraph(weights, watched, sampler, type, data, folder).build();
    }
    write(graph.build(), WIDTHS);
  }

  /** Writes one half of the Stable Diffusion 1.x autoencoder as that half. */
  public void autoencoder(VaeWeights weights) throws IOException {
    boolean decoder = weights.network().part() == AutoencoderPart.DECODER;
    ModelProto model =
        AutoencoderModel.of(
            graph(weights),
            decoder ? GraphInterface.LATENTS : GraphInterface.SOURCE,
            decoder ? GraphInterface.PICTURE : GraphInterface.MOMENTS,
            1);
    write(model, weights.network().widths());
  }

  /**
   * Writes TAESD's decoder as a VAE decoder, which takes unscaled latents where TAESD itself takes
   * scaled ones.
   */
  public void tinyDecoder(TaesdWeights weights) throws IOException {
    if (weights.network().part() != AutoencoderPart.DECODER) {
      throw new IllegalArgumentException("TAESD's encoder gives no distribution as a VAE's does");
    }
    ModelProto model =
        AutoencoderModel.of(
            graph(weights), GraphInterface.LATENTS, GraphInterface.PICTURE, Latents.SCALING_FACTOR);
    write(model, WIDTHS);
  }

  private NetworkGraph graph(RunnableNetwork network) throws IOException {
    return network.write(type, folder.resolve(DATA), folder);
  }

  private void write(ModelProto model, List<Integer> widths) throws IOException {
    Map<String, String> all = new TreeMap<>(remarks);
    model.getMetadataPropsList().forEach(e -> all.put(e.getKey(), e.getValue()));
    all.put("dtype", type == ElementType.FLOAT16 ? "float16" : "float32");
    ModelProto.Builder complete = model.toBuilder().clearMetadataProps();
    all.forEach(
        (k, v) ->
            complete.addMetadataProps(StringStringEntryProto.newBuilder().setKey(k).setValue(v)));
    if (type == ElementType.FLOAT16) {
      Path data = folder.resolve(DATA);
      new InlinedModel(complete.build())
          .write(data, folder.resolve(MODEL), InlinedModel.MOST_BYTES);
      Files.delete(data);
    } else {
      Files.write(folder.resolve(MODEL), complete.build().toByteArray());
    }
    Files.writeString(folder.resolve(CONFIG), config(widths));
  }

  private static String config(List<Integer> widths) {
    return """
    {
      "_class_name": "AutoencoderKL",
      "block_out_channels": %s,
      "force_upcast": false,
      "in_channels": 3,
      "latent_channels": 4,
      "out_channels": 3,
      "sample_size": 512,
      "scaling_factor": 0.18215
    }
    """
        .formatted(widths);
  }

  /**
   * A network's weights with somebody who is told of each tensor before it is read, and may stop
   * the reading by throwing.
   */
  record WatchedWeights(NetworkWeights weights, Consumer<TensorInfo> watcher)
      implements NetworkWeights {
    @Override
    public Checkpoint checkpoint() {
      return weights.checkpoint();
    }

    @Override
    public TensorInfo tensor(String name) {
      TensorInfo t = weights.tensor(name);
      watcher.accept(t);
      return t;
    }
  }

  /** The graph of an autoencoder's half under the names that pipelines know. */
  static final class AutoencoderModel {
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
}
