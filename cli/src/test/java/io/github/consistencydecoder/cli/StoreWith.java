package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.StoredModel;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry.ModelLayout;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes a store believe that it has a model: files of the right size that hold nothing. */
public final class StoreWith {
  private StoreWith() {}

  /** Puts such files into the store. */
  public static void model(ModelStore store, String id) throws IOException {
    StoredModel model = find(store, id);
    Path folder =
        model.entry().layout() == ModelLayout.FOLDER ? model.path() : model.path().getParent();
    Files.createDirectories(folder);
    for (CatalogueFile file : model.entry().files()) {
      try (RandomAccessFile empty =
          new RandomAccessFile(folder.resolve(file.name()).toFile(), "rw")) {
        empty.setLength(file.bytes().orElse(1));
      }
    }
    assertThat(find(store, id).state()).isEqualTo(StoredModel.State.INSTALLED);
  }

  private static StoredModel find(ModelStore store, String id) throws IOException {
    return store.list().stream()
        .filter(model -> model.entry().id().equals(id))
        .findFirst()
        .orElseThrow();
  }
}
