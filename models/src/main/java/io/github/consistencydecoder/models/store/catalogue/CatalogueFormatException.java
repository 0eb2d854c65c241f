package io.github.consistencydecoder.models.store.catalogue;

import java.io.IOException;

/** A catalogue or one of the store's own records is not of the form that it should be. */
public final class CatalogueFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param place the file and the place in it, such as {@code catalogue.json: models[2].files[0]}
   * @param reason what was found and what was needed
   */
  CatalogueFormatException(String place, String reason) {
    super(place + ": " + reason);
  }

  CatalogueFormatException(String place, String reason, Throwable cause) {
    super(place + ": " + reason, cause);
  }
}
