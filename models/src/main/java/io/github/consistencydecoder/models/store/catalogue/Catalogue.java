package io.github.consistencydecoder.models.store.catalogue;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.NearNames;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * What is published: which models there are, where, how large, under which licence, and what is not
 * known about them. Immutable.
 */
public final class Catalogue {
  private static final String RESOURCE = "/io/github/consistencydecoder/models/catalogue.json";

  private final List<CatalogueEntry> entries;

  private Catalogue(List<CatalogueEntry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** The catalogue that comes with the program. */
  public static Catalogue standard() {
    return Holder.STANDARD;
  }

  public static Catalogue parse(String name, byte[] json) throws CatalogueFormatException {
    return new Catalogue(CatalogueReader.read(name, json));
  }

  /** All models, in the order of the catalogue. */
  public List<CatalogueEntry> entries() {
    return entries;
  }

  /** The model of that id. */
  public Optional<CatalogueEntry> find(String id) {
    requireNonNull(id, "id");
    return entries.stream().filter(entry -> entry.id().equals(id)).findFirst();
  }

  /** Ids that someone who wrote {@code id} may have meant, nearest first, at most three. */
  public List<String> near(String id) {
    return NearNames.of(
        requireNonNull(id, "id"), entries.stream().map(CatalogueEntry::id).toList());
  }

  private static final class Holder {
    static final Catalogue STANDARD = load();

    private static Catalogue load() {
      try (InputStream in = Catalogue.class.getResourceAsStream(RESOURCE)) {
        if (in == null) {
          throw new IllegalStateException(RESOURCE + " is not on the class path");
        }
        return parse(RESOURCE, in.readAllBytes());
      } catch (IOException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
  }
}
