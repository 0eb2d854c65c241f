package io.github.consistencydecoder.models.store.catalogue;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One published model.
 *
 * @param id the name to ask for it by, {@code [a-z0-9][a-z0-9-]*}
 * @param title a line for lists
 * @param kind which network it is for
 * @param layout whether its path is a file or a folder
 * @param bundled whether it comes inside the program, so that nothing has to be fetched
 * @param holds what is in it, a sentence
 * @param licence under which licence it is published
 * @param files at least one, exactly one where the layout is a file
 * @param notes sentences that a user should know, possibly none
 */
public record CatalogueEntry(
    String id,
    String title,
    ModelKind kind,
    ModelLayout layout,
    boolean bundled,
    String holds,
    ModelLicence licence,
    List<CatalogueFile> files,
    List<String> notes) {
  /** Copies the lists. */
  public CatalogueEntry {
    requireNonNull(id, "id");
    requireNonNull(title, "title");
    requireNonNull(kind, "kind");
    requireNonNull(layout, "layout");
    requireNonNull(holds, "holds");
    requireNonNull(licence, "licence");
    files = List.copyOf(files);
    notes = List.copyOf(notes);
  }

  /** Names of the files that have no checksum to be checked against; none of a bundled model. */
  public List<String> unpinned() {
    return files.stream()
        .filter(file -> !bundled && file.checksum().isEmpty())
        .map(CatalogueFile::name)
        .toList();
  }

  /** The file of that name. */
  public Optional<CatalogueFile> file(String name) {
    return files.stream().filter(file -> file.name().equals(name)).findFirst();
  }

  /** Roughly how much there is to fetch; empty if the size of the largest part is unknown. */
  public OptionalLong likelyBytes() {
    long sum = 0;
    for (CatalogueFile file : files) {
      if (file.likelyBytes().isEmpty() && !file.name().endsWith(".json")) {
        return OptionalLong.empty();
      }
      sum += file.likelyBytes().orElse(0);
    }
    return OptionalLong.of(sum);
  }

  /** What a model's path points at. */
  public enum ModelLayout {
    /** A single file. */
    FILE("file"),
    /** A folder with several files, such as {@code config.json} beside the tensors. */
    FOLDER("folder");

    private final String text;

    ModelLayout(String text) {
      this.text = text;
    }

    /** As the catalogue writes it. */
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * Under which licence a model is published.
   *
   * @param name a licence's name, or {@code unknown}
   * @param note what is and is not known about it; may be empty
   */
  public record ModelLicence(String name, String note) {
    /** Checks that neither is null. */
    public ModelLicence {
      requireNonNull(name, "name");
      requireNonNull(note, "note");
    }

    @Override
    public String toString() {
      return note.isEmpty() ? name : name + " (" + note + ")";
    }
  }

  /** Which network a model is for. */
  public enum ModelKind {
    /** The consistency decoder, with or without the VAE encoder beside it. */
    CONSISTENCY_DECODER("consistency-decoder"),
    /** The Stable Diffusion 1.x VAE, decoder and encoder. */
    VAE("vae"),
    /** TAESD, the tiny autoencoder, decoder and encoder. */
    TAESD("taesd");

    private final String text;

    ModelKind(String text) {
      this.text = text;
    }

    /** As the catalogue and the command line write it. */
    @Override
    public String toString() {
      return text;
    }
  }
}
