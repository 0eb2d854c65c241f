package io.github.consistencydecoder.core.runtime.graphs;

import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.models.network.autoencoder.RunnableNetwork;
import io.github.consistencydecoder.models.network.graph.ConsistencyGraph;
import io.github.consistencydecoder.models.store.cache.CacheItem.Kind;
import io.github.consistencydecoder.models.store.cache.EntryForm;
import io.github.consistencydecoder.models.store.cache.EntryForm.Fit;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Tells what a cache's entries are from the lines of their keys, and which of them this release, on
 * this machine, still uses.
 */
public final class EntryForms implements EntryForm.Reader {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  private final Optional<String> runtime;
  private final String processor;

  private EntryForms(Optional<String> runtime, String processor) {
    this.runtime = runtime;
    this.processor = processor;
  }

  /** Of this release on this machine. */
  public static EntryForms here() {
    Optional<String> runtime;
    try {
      runtime = Optional.of(OnnxRuntime.version());
    } catch (DecoderException e) {
      // It cannot be loaded; then its version is no reason to call anything stale.
      runtime = Optional.empty();
    }
    return new EntryForms(runtime, processor());
  }

  /** For tests: as if the runtime and the processor were these. */
  static EntryForms of(String runtime, String processor) {
    return new EntryForms(Optional.of(runtime), processor);
  }

  @Override
  public Optional<String> runtime() {
    return runtime;
  }

  @Override
  public EntryForm read(List<String> key) {
    for (String line : key) {
      if (line.startsWith(WinogradWeights.IDENTITY)) {
        return form(
            Kind.WEIGHTS,
            "Winograd's form",
            line,
            WinogradWeights.IDENTITY,
            WinogradWeights.VERSION);
      }
      if (line.startsWith(BandWeights.Entry.IDENTITY)) {
        return form(
            Kind.WEIGHTS, "for bands", line, BandWeights.Entry.IDENTITY, BandWeights.Entry.VERSION);
      }
      if (line.startsWith(ChannelsLastEntry.IDENTITY)) {
        return form(
            Kind.GRAPH,
            "channels last, " + after(key, OptimisedGraph.TYPE).toLowerCase(Locale.ROOT),
            line,
            ChannelsLastEntry.IDENTITY,
            ChannelsLastEntry.VERSION);
      }
      if (line.startsWith(OptimisedGraph.STEP)) {
        EntryForm form =
            form(Kind.GRAPH, "graph", line, OptimisedGraph.STEP, ConsistencyGraph.VERSION);
        return optimised(form, key);
      }
      if (line.startsWith(OptimisedGraph.NETWORK)
          && RunnableNetwork.isIdentity(line.substring(OptimisedGraph.NETWORK.length()))) {
        return optimised(new EntryForm(Kind.GRAPH, "graph", Fit.USABLE, ""), key);
      }
    }
    return new EntryForm(Kind.GRAPH, "", Fit.STALE, "of another release");
  }

  private static EntryForm form(Kind kind, String text, String line, String identity, int current) {
    String version = line.substring(identity.length());
    boolean same = version.equals(Integer.toString(current));
    return new EntryForm(
        kind,
        text + ", version " + version,
        same ? Fit.USABLE : Fit.STALE,
        same ? "" : "of another release: it has version " + version + ", this has " + current);
  }

  /** What is true of graphs that the runtime has optimised for a processor. */
  private EntryForm optimised(EntryForm form, List<String> key) {
    String made = after(key, OptimisedGraph.RUNTIME);
    List<String> text = new ArrayList<>(List.of(form.text()));
    text.add(after(key, OptimisedGraph.TYPE).toLowerCase(Locale.ROOT));
    text.add("ONNX Runtime " + made);
    Fit fit = form.fit();
    String reason = form.reason();
    if (fit == Fit.USABLE && runtime.isPresent() && !runtime.get().equals(made)) {
      fit = Fit.STALE;
      reason = "made by ONNX Runtime " + made + ", this is " + runtime.get();
    } else if (fit == Fit.USABLE && !processor.equals(after(key, OptimisedGraph.PROCESSOR))) {
      fit = Fit.ELSEWHERE;
      reason = "made for another processor";
    }
    return new EntryForm(form.kind(), String.join(", ", text), fit, reason);
  }

  private static String after(List<String> key, String start) {
    return key.stream()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()))
        .findFirst()
        .orElse("?");
  }

  /**
   * What an optimised graph depends on in the machine, the instruction sets its kernels were chosen
   * for, as one line: the architecture and, where the system tells, the processor's feature flags.
   */
  static String processor() {
    String architecture = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    try (Stream<String> lines = Files.lines(CPUINFO, StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(l -> l.startsWith("flags") || l.startsWith("Features"))
          .findFirst()
          .map(l -> architecture + " " + l.substring(l.indexOf(':') + 1).strip())
          .orElse(architecture);
    } catch (IOException | UncheckedIOException e) {
      String identifier = System.getenv("PROCESSOR_IDENTIFIER");
      return identifier == null ? architecture : architecture + " " + identifier;
    }
  }
}
