package io.github.consistencydecoder.models.store;

import io.github.consistencydecoder.models.store.catalogue.Catalogue;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A folder into which a bundled model was unpacked, or will be.
 *
 * @param id of the model
 * @param folder where it is or will be
 * @param current whether it is this program's, not another version's
 */
public record BundledCopy(String id, Path folder, boolean current) {
  /**
   * This program's copies in a cache folder, there or not, and those of other versions that are
   * there.
   */
  public static List<BundledCopy> in(Path cacheFolder) throws IOException {
    List<BundledCopy> copies = new ArrayList<>();
    for (CatalogueEntry entry : Catalogue.standard().entries()) {
      if (entry.bundled()) {
        copies.addAll(new BundledModels(cacheFolder).copies(entry));
      }
    }
    return copies;
  }
}
