package io.github.consistencydecoder.core.runtime;

import io.github.consistencydecoder.core.cache.CacheItem.Kind;
import io.github.consistencydecoder.core.cache.EntryForm;
import io.github.consistencydecoder.core.cache.EntryForm.Fit;
import io.github.consistencydecoder.models.network.RunnableNetwork;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Tells what a cache's entries are from the lines of their keys, and which of them this release, on
 * this machine, still uses.
 */
public final class EntryForms implements EntryForm.Reader {
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
    return new EntryForms(runtime, CpuFeatures.line());
  }

  /** For tests: as if the runtime and the processor were these. */
  static EntryForms of(String runtime, String processor) {
    return new EntryForms(Optional.of(runtime), processor);
  }

  @Override
  public EntryForm read(List<String> key) {
    for (String line : key) {
      if (line.startsWith(WinogradSteps.IDENTITY)) {
        return form(
            Kind.WEIGHTS, "Winograd's form", line, WinogradSteps.IDENTITY, WinogradSteps.VERSION);
      }
      if (line.startsWith(BandNetwork.IDENTITY)) {
        return form(Kind.WEIGHTS, "for bands", line, BandNetwork.IDENTITY, BandNetwork.VERSION);
      }
      if (line.startsWith(ChannelsLastSteps.IDENTITY)) {
        return form(
            Kind.GRAPH,
            "channels last, " + after(key, OptimisedNetwork.TYPE).toLowerCase(Locale.ROOT),
            line,
            ChannelsLastSteps.IDENTITY,
            ChannelsLastSteps.VERSION);
      }
      if (line.startsWith(StepRecipe.IDENTITY)) {
        EntryForm form = form(Kind.GRAPH, "graph", line, StepRecipe.IDENTITY, StepRecipe.VERSION);
        return optimised(form, key);
      }
      if (line.startsWith(NetworkRecipe.IDENTITY)
          && RunnableNetwork.isIdentity(line.substring(NetworkRecipe.IDENTITY.length()))) {
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
    String made = after(key, OptimisedNetwork.RUNTIME);
    List<String> text = new ArrayList<>(List.of(form.text()));
    text.add(after(key, OptimisedNetwork.TYPE).toLowerCase(Locale.ROOT));
    text.add("ONNX Runtime " + made);
    Fit fit = form.fit();
    String reason = form.reason();
    if (fit == Fit.USABLE && runtime.isPresent() && !runtime.get().equals(made)) {
      fit = Fit.STALE;
      reason = "made by ONNX Runtime " + made + ", this is " + runtime.get();
    } else if (fit == Fit.USABLE && !processor.equals(after(key, OptimisedNetwork.PROCESSOR))) {
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
}
