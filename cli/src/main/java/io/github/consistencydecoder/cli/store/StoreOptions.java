package io.github.consistencydecoder.cli.store;

import io.github.consistencydecoder.models.store.ModelStore;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which store. */
final class StoreOptions {
  @Option(
      names = "--store",
      paramLabel = "FOLDER",
      description = {
        "Where models are kept. Default: the folder that CONSISTENCY_DECODER_HOME names, else"
            + " where",
        "the platform keeps such data. 'decode' looks into the default store."
      })
  private Path folder;

  ModelStore open() {
    return folder == null ? ModelStore.standard() : ModelStore.at(folder);
  }
}
