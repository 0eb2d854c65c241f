package io.github.consistencydecoder.cli.cache;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.core.runtime.graphs.EntryForms;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.cache.CacheContents;
import io.github.consistencydecoder.models.store.cache.CacheItem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Which cache. */
final class CacheOptions {
  @Option(
      names = "--cache",
      paramLabel = "FOLDER",
      description = "The folder, as for 'decode'. Default: what 'doctor' says.")
  private Path cache;

  /** The folder, absolute; it may not exist. */
  Path folder() {
    Path folder =
        cache == null ? ModelStore.standard().cacheFolder() : cache.toAbsolutePath().normalize();
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new CliException(ExitCode.FAILED, folder + ": a folder is needed, this is none");
    }
    return folder;
  }

  /** What is in it. */
  List<CacheItem> items() throws IOException {
    return CacheContents.of(folder(), ModelStore.standard(), EntryForms.here());
  }
}
