package io.github.consistencydecoder.models.store.catalogue;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of the files of one model, written when they came: {@code files.json} beside them. For
 * files whose checksum nobody publishes this is what later checks compare with.
 */
public final class FileRecords {
  public static final String NAME = "files.json";

  private static final Logger LOG = LoggerFactory.getLogger(FileRecords.class);
  private static final long VERSION = 1;

  private final Path file;
  private final Map<String, FileRecord> records;

  private FileRecords(Path file, Map<String, FileRecord> records) {
    this.file = file;
    this.records = records;
  }

  /**
   * One file as it came.
   *
   * @param from the address or {@code import}
   */
  public record FileRecord(long bytes, Checksum checksum, String from) {}

  /**
   * Reads the records. Damaged ones count as none: the files are then checked as if they had been
   * put there by hand.
   *
   * @param folder the model's folder, which need not exist
   */
  public static FileRecords of(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      return new FileRecords(file, read(file));
    } catch (IOException e) {
      LOG.warn("ignoring damaged records: {}", e.getMessage());
      return new FileRecords(file, new TreeMap<>());
    }
  }

  private static Map<String, FileRecord> read(Path file) throws IOException {
    Map<String, FileRecord> records = new TreeMap<>();
    if (Files.isRegularFile(file)) {
      JsonFields json =
          JsonFields.parse(file.toString(), Files.readAllBytes(file)).only("version", "files");
      if (json.count("version") != VERSION) {
        throw new CatalogueFormatException(
            file.toString(), "version " + json.count("version") + ", needed " + VERSION);
      }
      JsonFields files = json.object("files");
      for (String name : files.names()) {
        records.put(name, read(files.object(name)));
      }
    }
    return records;
  }

  private static FileRecord read(JsonFields json) throws CatalogueFormatException {
    json.only("bytes", "sha256", "trust", "from");
    String sha256 = json.text("sha256");
    if (!Checksum.isSha256(sha256)) {
      throw new CatalogueFormatException(
          json.place(), "sha256 '" + sha256 + "', needed 64 lower-case hexadecimal digits");
    }
    String trust = json.text("trust");
    for (Checksum.Trust constant : Checksum.Trust.values()) {
      if (constant.toString().equals(trust)) {
        return new FileRecord(
            json.count("bytes"), new Checksum(sha256, constant), json.text("from"));
      }
    }
    throw new CatalogueFormatException(json.place(), "unknown trust '" + trust + "'");
  }

  public Optional<FileRecord> find(String name) {
    return Optional.ofNullable(records.get(name));
  }

  /** Writes one more record, or another in place of it. */
  public void put(String name, FileRecord fileRecord) throws IOException {
    records.put(name, fileRecord);
    Map<String, Object> files = new LinkedHashMap<>();
    records.forEach(
        (key, value) ->
            files.put(
                key,
                new Written(
                    value.bytes,
                    value.checksum.sha256(),
                    value.checksum.trust().toString(),
                    value.from)));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("version", VERSION);
    root.put("files", files);
    AtomicFiles.write(file, JsonFields.write(root));
  }

  private record Written(long bytes, String sha256, String trust, String from) {}
}
