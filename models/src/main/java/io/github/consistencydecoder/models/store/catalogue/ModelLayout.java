package io.github.consistencydecoder.models.store.catalogue;

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
