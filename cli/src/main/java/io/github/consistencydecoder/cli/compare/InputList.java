package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.output.OutputFiles;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.formats.latents.LatentsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The inputs of a comparison: each latent of each file, each photograph, or, if nothing of that
 * kind was named, each picture that was decoded elsewhere; with the pictures that belong to it,
 * found by name.
 */
final class InputList {
  private static final int MOST_LATENTS = 4096;

  private final Sources sources;
  private final FileInput.Reading reading;
  private final Subject.LatentsSubject.Reading latents;

  /**
   * Where pictures come from that belong to inputs.
   *
   * @param decoded by the name of their column
   * @param truth absent if it is not known, or if the inputs are the truth
   */
  record Sources(Map<String, PictureSource> decoded, Optional<PictureSource> truth) {
    Sources {
      decoded = new LinkedHashMap<>(decoded);
    }
  }

  /** Makes a photograph's subject. */
  @FunctionalInterface
  interface PhotographOpener {
    Subject of(Path file);
  }

  /** A subject and what it may be called. */
  private record Candidate(Subject subject, String name, List<String> stems) {}

  InputList(Sources sources, FileInput.Reading reading, Subject.LatentsSubject.Reading latents) {
    this.sources = sources;
    this.reading = reading;
    this.latents = latents;
  }

  /** Whether a file is a photograph rather than latents. A missing one is judged by its name. */
  static boolean isPhotograph(Path file) {
    try {
      return !LatentsFile.isOne(file);
    } catch (IOException | CliException e) {
      // Whoever reads it as latents will say what is wrong with it.
      return false;
    }
  }

  /**
   * All inputs; none is read yet, except how many latents a file holds.
   *
   * @param files latents and photographs; if there are none, the pictures are the inputs
   */
  List<FileInput> of(List<Path> files, PhotographOpener photographs) {
    List<Candidate> candidates = new ArrayList<>();
    Map<String, Integer> uses = new HashMap<>();
    files.forEach(file -> uses.merge(OutputFiles.stemOf(file), 1, Integer::sum));
    for (Path file : files) {
      String stem = OutputFiles.stemOf(file);
      String name = uses.get(stem) == 1 ? stem : file.toString();
      if (isPhotograph(file)) {
        candidates.add(new Candidate(photographs.of(file), name, List.of(stem)));
      } else {
        candidates.addAll(latents(file, stem, name));
      }
    }
    if (files.isEmpty()) {
      for (String stem : stems()) {
        candidates.add(new Candidate(Subject.NOTHING, stem, List.of(stem)));
      }
    }
    return withPictures(candidates);
  }

  private List<Candidate> latents(Path file, String stem, String name) {
    long batch;
    try {
      batch = LatentsFile.batch(file, latents.tensor());
    } catch (IOException | RuntimeException e) {
      // One input, that says why when its turn comes.
      batch = 1;
    }
    if (batch < 2) {
      return List.of(
          new Candidate(new Subject.LatentsSubject(file, 0, latents), name, List.of(stem)));
    }
    if (batch > MOST_LATENTS) {
      throw new CliException(
          ExitCode.INPUT,
          "%s: is a batch of %s latents, at most %s are compared"
              .formatted(file, batch, MOST_LATENTS));
    }
    List<Candidate> each = new ArrayList<>();
    int digits = Long.toString(batch - 1).length();
    for (int k = 0; k < batch; k++) {
      // 'decode' would have written them as NAME-0.png, NAME-1.png and so on.
      String decoded = String.format(Locale.ROOT, "%s-%0" + digits + "d", stem, k);
      each.add(
          new Candidate(
              new Subject.LatentsSubject(file, k, latents),
              name + "#" + k,
              List.of(stem + "#" + k, decoded, stem + "-" + k)));
    }
    return each;
  }

  /** Of pictures that are the only inputs. Single files are called after the original. */
  private Set<String> stems() {
    TreeSet<String> stems = new TreeSet<>();
    for (PictureSource source : sources.decoded.values()) {
      if (!source.isFile()) {
        stems.addAll(source.stems());
      }
    }
    if (!stems.isEmpty()) {
      return stems;
    }
    PictureSource first = sources.decoded.values().iterator().next();
    return sources.truth.filter(PictureSource::isFile).orElse(first).stems();
  }

  private List<FileInput> withPictures(List<Candidate> candidates) {
    boolean only = candidates.size() == 1;
    for (Map.Entry<String, PictureSource> source : sources.decoded.entrySet()) {
      if (source.getValue().isFile() && !only) {
        throw new CliException(
            ExitCode.USAGE,
            "--pictures %s=%s: is one file, there are %s inputs; give a folder"
                .formatted(source.getKey(), source.getValue().path(), candidates.size()));
      }
    }
    List<FileInput> inputs = new ArrayList<>();
    boolean anyTruth = false;
    for (Candidate candidate : candidates) {
      Map<String, List<Path>> decoded = new LinkedHashMap<>();
      sources.decoded.forEach(
          (name, source) -> decoded.put(name, source.find(candidate.stems, only)));
      List<Path> truth =
          candidate.subject instanceof Subject.PhotographSubject
              ? List.of()
              : sources.truth.map(source -> source.find(candidate.stems, only)).orElse(List.of());
      anyTruth |= !truth.isEmpty();
      inputs.add(
          new FileInput(
              candidate.name,
              candidate.subject,
              new FileInput.Companions(truth, decoded),
              reading));
    }
    if (sources.truth.isPresent() && !anyTruth) {
      throw new CliException(
          ExitCode.USAGE,
          "--truth %s: no picture there is called as an input, for example '%s'"
              .formatted(sources.truth.get().path(), candidates.get(0).stems.get(0)));
    }
    return inputs;
  }
}
