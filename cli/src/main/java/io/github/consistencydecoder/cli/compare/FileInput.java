package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.images.FitOptions;
import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Failure;
import io.github.consistencydecoder.compare.ComparisonInput;
import io.github.consistencydecoder.formats.pictures.LoadedPicture;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** An input of a comparison that lies in files. Reads them when its turn comes. */
final class FileInput implements ComparisonInput {
  private final String name;
  private final Subject subject;
  private final Companions companions;
  private final Reading reading;

  /**
   * Pictures that belong to an input. More than one file where one is needed is found out when it
   * is read, so that the other inputs go on.
   *
   * @param truth the original; empty if it is not known
   * @param decoded elsewhere, by the name of their column; empty if there is none
   */
  record Companions(List<Path> truth, Map<String, List<Path>> decoded) {
    Companions {
      truth = List.copyOf(truth);
      decoded = new LinkedHashMap<>(decoded);
    }
  }

  /**
   * What all inputs share.
   *
   * @param fit how a truth gets its size
   * @param digests of files
   * @param notes takes what is noteworthy about an input, when it is read
   */
  record Reading(PictureFit fit, FileDigests digests, Consumer<String> notes) {}

  FileInput(String name, Subject subject, Companions companions, Reading reading) {
    this.name = name;
    this.subject = subject;
    this.companions = companions;
    this.reading = reading;
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * All files by content and name (a name that lies about its content is noted in the report), and
   * how they are read. Empty if one cannot be read: reading it will say why.
   */
  @Override
  public Optional<String> fingerprint() {
    try {
      StringBuilder all = new StringBuilder(subject.identity());
      if (subject.file().isPresent()) {
        add(all, "file", subject.file().get());
      }
      for (Path truth : companions.truth) {
        add(all, "truth " + reading.fit.identity(), truth);
      }
      for (Map.Entry<String, List<Path>> column : companions.decoded.entrySet()) {
        for (Path file : column.getValue()) {
          add(all, "column " + column.getKey(), file);
        }
      }
      return Optional.of(all.toString());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void add(StringBuilder all, String role, Path file) throws IOException {
    all.append('\n').append(role).append('\n').append(file.getFileName()).append('\n');
    all.append(reading.digests.of(file));
  }

  @Override
  public Loaded load() throws IOException {
    try {
      return read();
    } catch (InputFailedException e) {
      throw e;
    } catch (DecoderException e) {
      if (e.code() == DecoderErrorCode.CANCELLED) {
        throw e;
      }
      throw failed(subject.file().map(Path::toString).orElse(name), e);
    } catch (IOException | RuntimeException e) {
      throw failed(subject.file().map(Path::toString).orElse(name), e);
    }
  }

  private static InputFailedException failed(String about, Exception e) {
    return new InputFailedException(Failure.of(about, ExitCode.INPUT, e));
  }

  private Loaded read() throws IOException {
    Subject.Content content = subject.load();
    List<String> notes = new ArrayList<>(content.notes());
    Map<String, Picture> pictures = new LinkedHashMap<>();
    for (Map.Entry<String, List<Path>> column : companions.decoded.entrySet()) {
      if (!column.getValue().isEmpty()) {
        LoadedPicture picture = picture(column.getValue());
        picture.notes().forEach(note -> notes.add(column.getKey() + ": " + note));
        pictures.put(column.getKey(), picture.picture());
      }
    }
    Optional<Picture> truth =
        companions.truth.isEmpty()
            ? content.truth()
            : Optional.of(truth(content.latents(), pictures, notes));
    notes.forEach(note -> reading.notes.accept(name + ": " + note));
    subject.origin().ifPresent(notes::add);
    return new Loaded(content.latents(), truth, pictures, notes);
  }

  /** As it is if it has the size of what it is compared with, else fitted as an encoder's input. */
  private Picture truth(
      Optional<Latents> latents, Map<String, Picture> pictures, List<String> notes)
      throws IOException {
    LoadedPicture loaded = picture(companions.truth);
    loaded.notes().forEach(note -> notes.add("truth: " + note));
    Picture truth = loaded.picture();
    int width;
    int height;
    if (latents.isPresent()) {
      width = latents.get().width() * Latents.PIXELS_PER_CELL;
      height = latents.get().height() * Latents.PIXELS_PER_CELL;
    } else {
      Picture first = pictures.values().stream().findFirst().orElse(truth);
      width = first.width();
      height = first.height();
    }
    if (truth.width() == width && truth.height() == height) {
      return truth;
    }
    PictureFit.Fitted fitted = reading.fit.apply(companions.truth.get(0).toString(), truth);
    if (fitted.picture().width() != width || fitted.picture().height() != height) {
      return truth;
    }
    fitted.notes().forEach(note -> notes.add("truth: " + note));
    return fitted.picture();
  }

  private static LoadedPicture picture(List<Path> files) throws IOException {
    Path file = files.get(0);
    if (files.size() > 1) {
      throw new CliException(
          ExitCode.INPUT, file + " and " + files.get(1) + ": which of the two is not clear");
    }
    try {
      return FitOptions.Photographs.read(file);
    } catch (IOException e) {
      throw failed(file.toString(), e);
    }
  }

  /** An input that cannot be read, with what the person is told and the shell gets. */
  static final class InputFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    InputFailedException(Failure failure) {
      super(failure.message(), failure.cause());
      this.exitCode = failure.exitCode();
    }

    /** For the person; its cause is the original one. */
    Failure failure() {
      return new Failure(exitCode, getMessage(), getCause());
    }
  }
}
