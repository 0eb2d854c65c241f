package io.github.consistencydecoder.models.store;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.models.store.catalogue.Catalogue;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.catalogue.FileRecords;
import io.github.consistencydecoder.models.store.catalogue.FileRecords.FileRecord;
import io.github.consistencydecoder.models.store.digests.ModelDigests;
import io.github.consistencydecoder.models.store.disk.DiskProblem;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.models.store.disk.StoreFolders;
import io.github.consistencydecoder.models.store.disk.StoreLock;
import io.github.consistencydecoder.models.store.download.Downloader;
import io.github.consistencydecoder.models.store.download.NetworkSettings;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PullOptions;
import io.github.consistencydecoder.models.store.download.PulledFile;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The models on this machine: a folder with one folder a model, filled by downloads or by hand.
 *
 * <p>Every file appears under its name only when it is complete and checked. Safe for use by
 * several threads and several processes at once. Nothing is written before it is needed.
 *
 * <p>The environment variables {@code CONSISTENCY_DECODER_HOME}, {@code
 * CONSISTENCY_DECODER_MIRROR}, {@code HF_ENDPOINT} and the usual ones for proxies are honoured.
 */
public final class ModelStore {
  private final StoreFolders folders;
  private final Catalogue catalogue;
  private final Map<String, String> environment;
  private final DiskSpace space;
  private final BundledModels bundled;

  ModelStore(
      StoreFolders folders, Catalogue catalogue, Map<String, String> environment, DiskSpace space) {
    this.folders = folders;
    this.catalogue = catalogue;
    this.environment = Map.copyOf(environment);
    this.space = space;
    this.bundled = new BundledModels(folders.cache());
  }

  /**
   * The user's store: the folder that {@code CONSISTENCY_DECODER_HOME} names, else where the
   * platform keeps such data ({@code ~/.local/share/consistency-decoder} on Linux).
   */
  public static ModelStore standard() {
    StoreFolders folders =
        StoreFolders.standard(
            System.getenv(),
            System.getProperty("os.name", ""),
            Path.of(System.getProperty("user.home", ".")));
    return new ModelStore(folders, Catalogue.standard(), System.getenv(), DiskSpace.REAL);
  }

  /** A store in a folder of the caller's choice, which need not exist yet. */
  public static ModelStore at(Path folder) {
    return new ModelStore(
        StoreFolders.at(folder), Catalogue.standard(), System.getenv(), DiskSpace.REAL);
  }

  /** Where the models are, absolute. It may not exist yet. */
  public Path folder() {
    return folders.data();
  }

  /** Where to keep what can be made again, absolute. It may not exist yet. */
  public Path cacheFolder() {
    return folders.cache();
  }

  /** What can be pulled. */
  public Catalogue catalogue() {
    return catalogue;
  }

  /**
   * Finds a model: by its id in the catalogue, else as a file or a folder. A bundled model is
   * unpacked first. Never uses the network.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING} with what to do about it, or
   *     {@link DecoderErrorCode#MODEL_CORRUPT} if a stored file has the wrong size
   */
  public ResolvedModel resolve(String idOrFolderOrFile) {
    requireNonNull(idOrFolderOrFile, "idOrFolderOrFile");
    Optional<CatalogueEntry> entry = catalogue.find(idOrFolderOrFile);
    if (entry.isPresent()) {
      return new ResolvedModel(entry.get().id(), installed(entry.get()), entry);
    }
    Optional<Path> path = existing(idOrFolderOrFile);
    if (path.isEmpty()) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_MISSING,
          StoreMessages.unknown(idOrFolderOrFile, catalogue.near(idOrFolderOrFile)));
    }
    Path absolute = path.get().toAbsolutePath().normalize();
    String name = absolute.getFileName() == null ? "/" : absolute.getFileName().toString();
    return new ResolvedModel(name, absolute, Optional.empty());
  }

  /**
   * Where an installed model is: what to open.
   *
   * @throws DecoderException as {@link #resolve}
   */
  public Path path(String id) {
    return installed(known(id));
  }

  /** What there is of each model of the catalogue, in the catalogue's order. */
  public List<StoredModel> list() throws IOException {
    List<StoredModel> models = new ArrayList<>();
    for (CatalogueEntry entry : catalogue.entries()) {
      models.add(entry.bundled() ? bundledState(entry) : state(entry));
    }
    return models;
  }

  /**
   * Downloads what is missing of a model. What an earlier attempt brought is used again.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING} if there is no such id
   * @throws IOException if it cannot be fetched; the message says why, and which address to fetch
   *     in a browser and how to import the file
   */
  public Pulled pull(String id, PullOptions options, PullListener listener) throws IOException {
    requireNonNull(options, "options");
    requireNonNull(listener, "listener");
    CatalogueEntry entry = known(id);
    if (entry.bundled()) {
      BundledModels.Unpacked unpacked = bundled.unpack(entry);
      return new Pulled(id, unpacked.path(), unpacked.files(), List.of());
    }
    NetworkSettings network = NetworkSettings.of(environment, System.getProperties());
    ModelFolder home = home(entry);
    Downloader downloader = new Downloader(network, options, listener, space);
    return locked(
        entry,
        listener,
        () -> {
          Files.createDirectories(home.folder());
          FileRecords records = FileRecords.of(home.folder());
          StoreCheck check = new StoreCheck(home, records, listener);
          List<PulledFile> files = new ArrayList<>();
          for (CatalogueFile file : entry.files()) {
            Optional<PulledFile> there = options.force() ? Optional.empty() : check.present(file);
            PulledFile pulled =
                there.isPresent() ? there.get() : download(home, file, records, downloader);
            files.add(pulled);
            listener.finished(pulled);
          }
          return new Pulled(id, home.path(), files, List.of());
        });
  }

  /**
   * Takes over a file, or the files in a folder, that the user has brought. They are checked by
   * size and checksum as far as those are known, and linked or copied; the originals stay.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING} if there is nothing to import,
   *     {@link DecoderErrorCode#MODEL_CORRUPT} if a file is not what it should be
   */
  public Pulled importFrom(String id, Path fileOrFolder, PullListener listener) throws IOException {
    requireNonNull(fileOrFolder, "fileOrFolder");
    requireNonNull(listener, "listener");
    CatalogueEntry entry = known(id);
    if (entry.bundled()) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_UNSUPPORTED, StoreMessages.bundledNotImported(entry));
    }
    ModelFolder home = home(entry);
    ModelImport importer = new ModelImport(home, listener, space);
    Map<CatalogueFile, Path> sources = importer.match(fileOrFolder);
    return locked(
        entry,
        listener,
        () -> {
          Files.createDirectories(home.folder());
          FileRecords records = FileRecords.of(home.folder());
          List<PulledFile> files = new ArrayList<>();
          for (Map.Entry<CatalogueFile, Path> source : sources.entrySet()) {
            PulledFile file = importer.bring(source.getKey(), source.getValue());
            note(home, source.getKey(), records, file, "import");
            files.add(file);
            listener.finished(file);
          }
          List<String> missing = home.missing().stream().map(CatalogueFile::name).toList();
          return new Pulled(id, home.path(), files, missing);
        });
  }

  /** As {@link #importFrom(String, Path, PullListener)} with nobody listening. */
  public Pulled importFrom(String id, Path fileOrFolder) throws IOException {
    return importFrom(id, fileOrFolder, PullListener.NONE);
  }

  /**
   * Reads a model's files and compares them with what is published, else with what was recorded
   * when they came. Where there is neither, records now.
   *
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING} if nothing of it is installed
   */
  public Verification verify(String id, PullListener listener) throws IOException {
    requireNonNull(listener, "listener");
    CatalogueEntry entry = known(id);
    if (entry.bundled()) {
      BundledModels.Unpacked unpacked = bundled.unpack(entry);
      List<Verification.FileCheck> checks = new ArrayList<>();
      for (PulledFile file : unpacked.files()) {
        checks.add(StoreCheck.sound(file.name(), file.checksum()));
      }
      return new Verification(id, unpacked.path(), checks);
    }
    ModelFolder home = home(entry);
    if (home.missing().size() == entry.files().size()) {
      throw notInstalled(home);
    }
    return locked(
        entry,
        listener,
        () -> {
          FileRecords records = FileRecords.of(home.folder());
          StoreCheck check = new StoreCheck(home, records, listener);
          List<Verification.FileCheck> checks = new ArrayList<>();
          for (CatalogueFile file : entry.files()) {
            checks.add(check.check(file));
          }
          return new Verification(id, home.path(), checks);
        });
  }

  /** As {@link #verify(String, PullListener)} with nobody listening. */
  public Verification verify(String id) throws IOException {
    return verify(id, PullListener.NONE);
  }

  /**
   * Deletes a model's files and what downloads of it have left. Of a bundled model, the unpacked
   * copy.
   *
   * @return whether there was anything
   */
  public boolean remove(String id) throws IOException {
    CatalogueEntry entry = known(id);
    if (entry.bundled()) {
      return bundled.remove(entry);
    }
    ModelFolder home = home(entry);
    if (!Files.isDirectory(home.folder())) {
      return false;
    }
    return locked(entry, PullListener.NONE, home::remove);
  }

  private PulledFile download(
      ModelFolder home, CatalogueFile file, FileRecords records, Downloader downloader)
      throws IOException {
    Downloader.Fetched fetched =
        downloader.download(
            file,
            home.file(file),
            reasons -> new IOException(StoreMessages.downloadFailed(home.entry(), file, reasons)));
    PulledFile pulled = new PulledFile(file.name(), fetched.bytes(), fetched.checksum(), false);
    note(home, file, records, pulled, fetched.from().toString());
    return pulled;
  }

  private void note(
      ModelFolder home, CatalogueFile file, FileRecords records, PulledFile pulled, String from)
      throws IOException {
    records.put(file.name(), new FileRecord(pulled.bytes(), pulled.checksum(), from));
    ModelDigests.remember(home.file(file), pulled.checksum().sha256(), folders.cache());
  }

  private Path installed(CatalogueEntry entry) {
    if (entry.bundled()) {
      return bundled.unpack(entry).path();
    }
    ModelFolder home = home(entry);
    if (!home.missing().isEmpty()) {
      throw notInstalled(home);
    }
    for (CatalogueFile file : entry.files()) {
      long size = size(home.file(file));
      if (file.bytes().isPresent() && file.bytes().getAsLong() != size) {
        throw new DecoderException(
            DecoderErrorCode.MODEL_CORRUPT,
            StoreMessages.wrongSize(entry, file.name(), size, file.bytes().getAsLong()));
      }
    }
    return home.path();
  }

  private DecoderException notInstalled(ModelFolder home) {
    return new DecoderException(
        DecoderErrorCode.MODEL_MISSING,
        StoreMessages.notInstalled(home.entry(), folders.data(), home.missing()));
  }

  private StoredModel state(CatalogueEntry entry) throws IOException {
    ModelFolder home = home(entry);
    long bytes = home.bytes();
    long partial = home.partialBytes();
    StoredModel.State state =
        home.missing().isEmpty()
            ? StoredModel.State.INSTALLED
            : bytes + partial > 0 ? StoredModel.State.PARTLY : StoredModel.State.ABSENT;
    return new StoredModel(entry, state, home.path(), bytes, partial);
  }

  private StoredModel bundledState(CatalogueEntry entry) {
    return bundled
        .location(entry)
        .map(at -> new StoredModel(entry, StoredModel.State.INSTALLED, at.path(), at.bytes(), 0))
        .orElse(new StoredModel(entry, StoredModel.State.ABSENT, folders.cache(), 0, 0));
  }

  private CatalogueEntry known(String id) {
    requireNonNull(id, "id");
    return catalogue
        .find(id)
        .orElseThrow(
            () ->
                new DecoderException(
                    DecoderErrorCode.MODEL_MISSING,
                    StoreMessages.unknownId(id, catalogue.near(id))));
  }

  private ModelFolder home(CatalogueEntry entry) {
    return new ModelFolder(entry, folders.data());
  }

  private <T> T locked(CatalogueEntry entry, PullListener listener, StoreLock.Work<T> work)
      throws IOException {
    Path file = folders.data().resolve("locks").resolve(entry.id() + ".lock");
    try {
      return StoreLock.holding(file, () -> listener.waiting(entry.id()), work);
    } catch (FileSystemException e) {
      throw new IOException(
          "%s (the store is in %s; %s moves it)"
              .formatted(DiskProblem.phrase(e), folders.data(), StoreFolders.HOME),
          e);
    }
  }

  private static Optional<Path> existing(String text) {
    try {
      Path path = Path.of(text);
      boolean usable = Files.isRegularFile(path) || Files.isDirectory(path);
      return text.isBlank() || !usable ? Optional.empty() : Optional.of(path);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_MISSING, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
