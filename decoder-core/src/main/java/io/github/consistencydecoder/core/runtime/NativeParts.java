package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import io.github.consistencydecoder.formats.io.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.jar.JarFile;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX Runtime's native parts, unpacked from its jar into a folder of the cache, once for all
 * processes. Left to itself the runtime unpacks them into the temporary folder at every start,
 * where they stay when the process is killed.
 */
final class NativeParts {
  private static final Logger LOG = LoggerFactory.getLogger(NativeParts.class);

  /** All that any build of the runtime has for any platform, without prefix and ending. */
  private static final List<String> NAMES =
      List.of(
          "onnxruntime",
          "onnxruntime4j_jni",
          "onnxruntime_providers_shared",
          "onnxruntime_providers_cuda",
          "onnxruntime_providers_tensorrt",
          "webgpu_dawn",
          "dxil",
          "dxcompiler");

  private static final String PATH = "onnxruntime.native.path";

  private NativeParts() {}

  /** Length and checksum of a file. */
  record Content(long bytes, long crc) {}

  /**
   * Has the runtime load its native parts: from where a system property of its own says, else from
   * the cache, else, if they cannot be unpacked there, in its own way.
   *
   * @param cache folder of the cache; it need not exist
   * @return why they could not be unpacked there; empty if nobody had to
   * @throws LinkageError if they cannot be loaded
   */
  static String load(Path cache) {
    boolean told =
        System.getProperties().stringPropertyNames().stream()
            .anyMatch(name -> name.startsWith("onnxruntime.native."));
    Optional<Path> folder = Optional.empty();
    String problem = "";
    try {
      // A JVM loads a file for one class loader only; the runtime copies it for others.
      folder =
          told
              ? Optional.ofNullable(System.getProperty(PATH)).map(Path::of).filter(f -> isWhole(f))
              : unpack(cache)
                  .filter(f -> System.getProperties().putIfAbsent(PATH + "@" + f, "") == null);
    } catch (IOException e) {
      problem = "it cannot be unpacked into the cache: " + e + "; ";
      LOG.info("ONNX Runtime is unpacked into the temporary folder: {}", problem, e);
    }
    if (!told) {
      folder.ifPresent(f -> System.setProperty(PATH, f.toString()));
    }
    AtomicBoolean loaded = new AtomicBoolean();
    if (folder.isPresent()) {
      Thread tidy = new Thread(() -> deleteTemporaryFolder(loaded), "consistency-decoder-tidy");
      tidy.setDaemon(true);
      tidy.start();
    }
    try {
      Set<OrtProvider> unused = OrtEnvironment.getAvailableProviders();
      return problem;
    } finally {
      loaded.set(true);
      // Another application in this JVM may bring a runtime of its own.
      if (!told) {
        System.clearProperty(PATH);
      }
    }
  }

  /**
   * Deletes the folder that the runtime makes for parts that it unpacks itself, as soon as it is
   * there: it would stay when the process is killed.
   */
  private static void deleteTemporaryFolder(AtomicBoolean loaded) {
    try {
      Field temporary = OnnxRuntime.internals().getDeclaredField("tempDirectory");
      temporary.setAccessible(true);
      boolean last = false;
      while (!last) {
        last = loaded.get();
        Path folder = (Path) temporary.get(null);
        if (folder != null) {
          Files.deleteIfExists(folder);
          return;
        }
        TimeUnit.MILLISECONDS.sleep(1);
      }
    } catch (ReflectiveOperationException
        | IOException
        | InterruptedException
        | RuntimeException e) {
      LOG.debug("ONNX Runtime's temporary folder stays until the JVM ends", e);
    }
  }

  /** Whether a folder has all parts that are on the class path. */
  private static boolean isWhole(Path folder) {
    return onClassPath().keySet().stream().allMatch(name -> Files.exists(folder.resolve(name)));
  }

  private static Map<String, URL> onClassPath() {
    Map<String, URL> parts = new LinkedHashMap<>();
    for (String name : NAMES) {
      String file = System.mapLibraryName(name);
      URL part = OrtEnvironment.class.getResource("native/" + platform() + "/" + file);
      if (part != null) {
        parts.put(file, part);
      }
    }
    return parts;
  }

  /**
   * Unpacks what is not there or not as it should be. Several processes may do so at once: each
   * writes the same bytes under a name of its own and renames.
   *
   * @param cache folder of the cache; it need not exist
   * @return the folder; empty if the class path has no parts for this platform
   */
  static Optional<Path> unpack(Path cache) throws IOException {
    Map<String, URL> parts = onClassPath();
    if (parts.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Content> contents = new LinkedHashMap<>();
    CRC32 all = new CRC32();
    for (Map.Entry<String, URL> part : parts.entrySet()) {
      Content content = packed(part.getValue());
      contents.put(part.getKey(), content);
      all.update((part.getKey() + content).getBytes(StandardCharsets.UTF_8));
    }
    String version =
        Objects.requireNonNullElse(
            OrtEnvironment.class.getPackage().getImplementationVersion(), "unknown");
    Path folder =
        cache.resolve(
            String.format(Locale.ROOT, "native/onnxruntime-%s-%08x", version, all.getValue()));
    for (Map.Entry<String, URL> part : parts.entrySet()) {
      install(part.getValue(), folder.resolve(part.getKey()), contents.get(part.getKey()));
    }
    return Optional.of(folder);
  }

  private static void install(URL part, Path file, Content content) throws IOException {
    if (isAsItShouldBe(file, content)) {
      return;
    }
    Files.createDirectories(file.getParent());
    try (InputStream in = part.openStream()) {
      AtomicFiles.write(file, out -> in.transferTo(Channels.newOutputStream(out)));
    }
    if (!isAsItShouldBe(file, content)) {
      throw new IOException(file + " does not hold what was written");
    }
  }

  private static boolean isAsItShouldBe(Path file, Content content) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        || Files.size(file) != content.bytes()) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(in).equals(content);
    }
  }

  /** From the jar's directory, which is quick; by reading where that does not tell. */
  static Content packed(URL part) throws IOException {
    URLConnection connection = part.openConnection();
    if (connection instanceof JarURLConnection inJar) {
      connection.setUseCaches(false);
      try (JarFile jar = inJar.getJarFile()) {
        ZipEntry entry = jar.getEntry(inJar.getEntryName());
        if (entry.getSize() >= 0 && entry.getCrc() >= 0) {
          return new Content(entry.getSize(), entry.getCrc());
        }
      }
    }
    try (InputStream in = part.openStream()) {
      return read(in);
    }
  }

  private static Content read(InputStream in) throws IOException {
    CheckedInputStream checked = new CheckedInputStream(in, new CRC32());
    byte[] buffer = new byte[1 << 18];
    long bytes = 0;
    for (int n = checked.read(buffer); n >= 0; n = checked.read(buffer)) {
      bytes += n;
    }
    return new Content(bytes, checked.getChecksum().getValue());
  }

  /** In the runtime's spelling; one that it has no parts for stays as Java calls it. */
  private static String platform() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch", "");
    return (system.startsWith("windows") ? "win" : system.startsWith("mac") ? "osx" : system)
        + "-"
        + (machine.equals("amd64") || machine.equals("x86_64") ? "x64" : machine);
  }
}
