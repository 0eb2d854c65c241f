package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.options.CommonOptions;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.ResolvedModel;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code models inspect}. */
@Command(
    name = "inspect",
    description = "Say what is in a checkpoint: tensors, parameters, format, digest.")
final class InspectCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "ID|FOLDER|FILE",
      description = "An id of 'models list', or a checkpoint.")
  private String model;

  @Option(names = "--no-digest", description = "Do not read the whole file for its SHA-256.")
  private boolean noDigest;

  @Mixin private ModelsCommand.StoreOptions store;
  @Mixin private CommonOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Console console = common.console(spec.commandLine());
    ModelStore open = store.open();
    ResolvedModel resolved = open.resolve(model);
    try (Checkpoint checkpoint = Checkpoints.open(resolved.path())) {
      String digest = noDigest ? "" : ModelDigests.of(checkpoint.files(), open.cacheFolder());
      print(console, resolved, checkpoint, digest);
      return ExitCode.OK;
    } catch (IOException e) {
      Failure failure = Failure.of(model, ExitCode.MODEL, e);
      console.error(failure);
      return failure.exitCode();
    }
  }

  private static void print(
      Console console, ResolvedModel resolved, Checkpoint checkpoint, String digest) {
    List<TensorInfo> tensors = new ArrayList<>(checkpoint.tensors().values());
    long parameters = tensors.stream().mapToLong(TensorInfo::elements).sum();
    Map<String, Long> dtypes =
        tensors.stream()
            .collect(
                Collectors.groupingBy(t -> t.dtype().name(), TreeMap::new, Collectors.counting()));
    LikelyNetwork network = LikelyNetwork.of(checkpoint.tensors().keySet());

    console.result("model:      " + resolved.name());
    console.result("path:       " + resolved.path());
    console.result("format:     " + checkpoint.format());
    console.result("looks like: " + network.sentence());
    console.result(
        String.format(
            Locale.ROOT, "tensors:    %d %s, %,d parameters", tensors.size(), dtypes, parameters));
    if (!digest.isEmpty()) {
      console.result("digest:     " + digest);
    }
    for (TensorInfo tensor : tensors) {
      console.result(
          String.format(
              Locale.ROOT, "  %-5s %-22s %s", tensor.dtype(), tensor.shape(), tensor.name()));
    }

    Map<String, Object> document = new LinkedHashMap<>();
    document.put("model", resolved.name());
    document.put("path", resolved.path().toString());
    document.put("format", checkpoint.format());
    document.put("files", checkpoint.files().stream().map(Path::toString).toList());
    document.put("looks_like", network.sentence());
    document.put("consistency_decoder", network.consistency());
    document.put("parameters", parameters);
    document.put("dtypes", dtypes);
    document.put("digest", digest.isEmpty() ? null : digest);
    document.put("tensors", tensors.stream().map(InspectCommand::asMap).toList());
    console.document(document);
  }

  private static Map<String, Object> asMap(TensorInfo tensor) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", tensor.name());
    map.put("dtype", tensor.dtype().name());
    map.put("shape", tensor.shape());
    return map;
  }

  /** What a checkpoint's tensor names tell about the network it is for. */
  private enum LikelyNetwork {
    CONSISTENCY_DIFFUSERS("a consistency decoder in the diffusers naming", true),
    CONSISTENCY_RENAMED("a consistency decoder in the renamed naming", true),
    CONSISTENCY_ORIGINAL("a consistency decoder in OpenAI's own naming", true),
    VAE("a Stable Diffusion VAE, not a consistency decoder", false),
    UNKNOWN("not a consistency decoder, as far as its tensor names tell", false);

    private final String sentence;
    private final boolean consistency;

    LikelyNetwork(String sentence, boolean consistency) {
      this.sentence = sentence;
      this.consistency = consistency;
    }

    static LikelyNetwork of(Set<String> names) {
      if (names.contains("decoder_unet.conv_in.weight")) {
        return CONSISTENCY_DIFFUSERS;
      }
      if (names.contains("embed_image.f.weight")) {
        return CONSISTENCY_RENAMED;
      }
      if (names.stream().anyMatch(name -> name.endsWith("embed_image.f.w"))) {
        return CONSISTENCY_ORIGINAL;
      }
      return names.contains("decoder.conv_in.weight") ? VAE : UNKNOWN;
    }

    String sentence() {
      return sentence;
    }

    boolean consistency() {
      return consistency;
    }
  }
}
