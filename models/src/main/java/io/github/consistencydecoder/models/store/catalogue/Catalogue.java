package io.github.consistencydecoder.models.store.catalogue;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.NearNames;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The models that are published: where, how large, under which licence, and what is not known about
 * them. Immutable.
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

  /**
   * Reads a catalogue. Checked, in this order: JSON without duplicate keys or trailing text; the
   * version; each entry's fields, none missing and none unknown; ids of the right form and unique;
   * each file's name plain and unique in its entry; addresses {@code https} with a host, none for
   * bundled models and at least one for others; checksums of 64 digits with their origin; one file
   * where the layout is a file.
   */
  static final class CatalogueReader {
    private static final long VERSION = 1;
    private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");

    private CatalogueReader() {}

    static List<CatalogueEntry> read(String name, byte[] json) throws CatalogueFormatException {
      JsonFields root = JsonFields.parse(name, json).only("version", "models");
      long version = root.count("version");
      if (version != VERSION) {
        throw new CatalogueFormatException(name, "version " + version + ", needed " + VERSION);
      }
      List<CatalogueEntry> entries = new ArrayList<>();
      Set<String> ids = new HashSet<>();
      for (JsonFields model : root.objects("models")) {
        CatalogueEntry entry = entry(model);
        if (!ids.add(entry.id())) {
          throw new CatalogueFormatException(model.place(), "id '" + entry.id() + "' occurs twice");
        }
        entries.add(entry);
      }
      return entries;
    }

    private static CatalogueEntry entry(JsonFields model) throws CatalogueFormatException {
      model.only("id", "title", "kind", "layout", "bundled", "holds", "licence", "files", "notes");
      String id = model.text("id");
      if (!ID.matcher(id).matches()) {
        throw new CatalogueFormatException(
            model.place(), "id '" + id + "', needed lower-case letters, digits and dashes");
      }
      CatalogueEntry.ModelKind kind =
          constant(model, "kind", List.of(CatalogueEntry.ModelKind.values()));
      CatalogueEntry.ModelLayout layout =
          constant(model, "layout", List.of(CatalogueEntry.ModelLayout.values()));
      boolean bundled = model.flag("bundled");
      JsonFields licence = model.object("licence").only("name", "note");
      List<CatalogueFile> files = files(model, bundled);
      if (layout == CatalogueEntry.ModelLayout.FILE && files.size() != 1) {
        throw new CatalogueFormatException(
            model.place(), files.size() + " files, needed 1 where the layout is 'file'");
      }
      return new CatalogueEntry(
          id,
          model.text("title"),
          kind,
          layout,
          bundled,
          model.text("holds"),
          new CatalogueEntry.ModelLicence(licence.text("name"), licence.textOrEmpty("note")),
          files,
          model.texts("notes"));
    }

    private static List<CatalogueFile> files(JsonFields model, boolean bundled)
        throws CatalogueFormatException {
      List<CatalogueFile> files = new ArrayList<>();
      Set<String> names = new HashSet<>();
      for (JsonFields object : model.objects("files")) {
        CatalogueFile file = file(object, bundled);
        // Case is folded because the file systems of Windows and macOS fold it.
        if (!names.add(file.name().toLowerCase(Locale.ROOT))) {
          throw new CatalogueFormatException(
              object.place(), "file '" + file.name() + "' occurs twice");
        }
        files.add(file);
      }
      if (files.isEmpty()) {
        throw new CatalogueFormatException(model.place(), "no files");
      }
      return files;
    }

    private static CatalogueFile file(JsonFields object, boolean bundled)
        throws CatalogueFormatException {
      object.only("name", "addresses", "bytes", "estimatedBytes", "sha256", "sha256From");
      String name = object.text("name");
      if (!CatalogueFile.isPlainName(name)) {
        throw new CatalogueFormatException(
            object.place(),
            "file name '" + name + "', needed a plain name of letters, digits, '.', '-' and '_'");
      }
      List<URI> addresses = new ArrayList<>();
      if (!bundled) {
        for (String address : object.texts("addresses")) {
          addresses.add(address(object, address));
        }
        if (addresses.isEmpty()) {
          throw new CatalogueFormatException(object.place(), "no address to fetch it from");
        }
      } else if (object.has("addresses")) {
        throw new CatalogueFormatException(object.place(), "a bundled file has no address");
      }
      return new CatalogueFile(
          name,
          addresses,
          object.optionalCount("bytes"),
          object.optionalCount("estimatedBytes"),
          checksum(object));
    }

    private static URI address(JsonFields object, String text) throws CatalogueFormatException {
      URI uri;
      try {
        uri = new URI(text);
      } catch (URISyntaxException e) {
        throw new CatalogueFormatException(
            object.place(), "address '" + text + "' cannot be read", e);
      }
      if (!"https".equals(uri.getScheme())
          || uri.getHost() == null
          || uri.getUserInfo() != null
          || uri.getFragment() != null) {
        throw new CatalogueFormatException(
            object.place(), "address '" + text + "', needed https://host/path");
      }
      return uri;
    }

    private static Optional<Checksum> checksum(JsonFields object) throws CatalogueFormatException {
      if (object.has("sha256") != object.has("sha256From")) {
        throw new CatalogueFormatException(
            object.place(), "fields 'sha256' and 'sha256From' go together, found one of them");
      }
      if (!object.has("sha256")) {
        return Optional.empty();
      }
      String sha256 = object.text("sha256");
      if (!Checksum.isSha256(sha256)) {
        throw new CatalogueFormatException(
            object.place(), "sha256 '" + sha256 + "', needed 64 lower-case hexadecimal digits");
      }
      Checksum.Trust trust =
          constant(
              object, "sha256From", List.of(Checksum.Trust.PUBLISHER, Checksum.Trust.THIRD_PARTY));
      return Optional.of(new Checksum(sha256, trust));
    }

    private static <E extends Enum<E>> E constant(JsonFields object, String field, List<E> allowed)
        throws CatalogueFormatException {
      String text = object.text(field);
      for (E constant : allowed) {
        if (constant.toString().equals(text)) {
          return constant;
        }
      }
      throw new CatalogueFormatException(
          object.place(), field + " '" + text + "', needed one of " + allowed);
    }
  }
}
