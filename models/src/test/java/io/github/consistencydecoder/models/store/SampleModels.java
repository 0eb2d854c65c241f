package io.github.consistencydecoder.models.store;

import io.github.consistencydecoder.models.store.catalogue.Catalogue;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFormatException;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.models.store.disk.StoreFolders;
import io.github.consistencydecoder.models.store.download.NetworkSettings;
import io.github.consistencydecoder.models.store.download.PullOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** Files, catalogues and stores for tests. */
public final class SampleModels {
  static final String ID = "sample";
  static final String FILE = "model.safetensors";
  static final String PATH = "/files/model.safetensors";

  private SampleModels() {}

  /** Bytes that begin like a safetensors file; the rest is noise. */
  public static byte[] safetensors(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    byte[] head = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    System.arraycopy(head, 0, bytes, 0, head.length);
    return bytes;
  }

  /** The fields that pin a file. */
  static String pinned(byte[] content) {
    return ", \"bytes\": " + content.length + sha256(Sha256.of(content));
  }

  public static String sha256(String digits) {
    return ", \"sha256\": \"" + digits + "\", \"sha256From\": \"publisher\"";
  }

  /** A catalogue of one model of one file. */
  static String singleFile(String fields) {
    return model(ID, "file", file(FILE, "\"https://models.example" + PATH + "\"", fields));
  }

  public static String file(String name, String addresses, String fields) {
    return "{\"name\": \"" + name + "\", \"addresses\": [" + addresses + "]" + fields + "}";
  }

  public static String model(String id, String layout, String files) {
    return catalogue(entry(id, layout, files, ""));
  }

  public static String entry(String id, String layout, String files, String more) {
    return ("{\"id\": \"%s\", \"title\": \"A sample\", \"kind\": \"vae\","
            + " \"layout\": \"%s\", \"holds\": \"nothing\", \"licence\":"
            + " {\"name\": \"unknown\", \"note\": \"\"}, \"notes\": [],"
            + " \"files\": [%s]%s}")
        .formatted(id, layout, files, more);
  }

  public static String catalogue(String... entries) {
    return "{\"version\": 1, \"models\": [" + String.join(", ", entries) + "]}";
  }

  public static Catalogue parse(String json) throws CatalogueFormatException {
    return Catalogue.parse("catalogue.json", json.getBytes(StandardCharsets.UTF_8));
  }

  /** A store that asks {@code mirror} for everything. */
  static ModelStore store(Path folder, String catalogue, String mirror)
      throws CatalogueFormatException {
    return store(folder, catalogue, Map.of(NetworkSettings.MIRROR, mirror), DiskSpace.REAL);
  }

  static ModelStore store(
      Path folder, String catalogue, Map<String, String> environment, DiskSpace space)
      throws CatalogueFormatException {
    return new ModelStore(
        StoreFolders.at(folder), parse(catalogue), new HashMap<>(environment), space);
  }

  /** Options that do not wait long for anything. */
  static PullOptions quick() {
    return new PullOptions(false, 3, Duration.ofSeconds(5), Duration.ofMillis(1));
  }

  static PullOptions once() {
    return once(Duration.ofSeconds(5));
  }

  /** The same, with a time-out of its own. */
  static PullOptions once(Duration stallTimeout) {
    return new PullOptions(false, 0, stallTimeout, Duration.ofMillis(1));
  }
}
