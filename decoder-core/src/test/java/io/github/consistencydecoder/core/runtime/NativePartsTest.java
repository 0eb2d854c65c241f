package io.github.consistencydecoder.core.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.github.consistencydecoder.testing.ChildJvm;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativePartsTest {
  @TempDir private Path folder;

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @Test
  void unpacksOnceAndAgainOnlyWhatIsNotAsItShouldBe() throws Exception {
    Path parts = NativeParts.unpack(folder).orElseThrow();

    assertThat(parts.getParent()).isEqualTo(folder.resolve("native"));
    assertThat(parts.getFileName().toString()).matches("onnxruntime-1\\.\\d+\\.\\d+-[0-9a-f]{8}");
    assertThat(files())
        .allMatch(file -> file.getParent().equals(parts))
        .contains(parts.resolve(System.mapLibraryName("onnxruntime")));

    for (Path file : files()) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    }
    Path damaged = parts.resolve(System.mapLibraryName("onnxruntime4j_jni"));
    byte[] right = Files.readAllBytes(damaged);
    byte[] wrong = right.clone();
    wrong[right.length / 2] ^= 1;
    Files.write(damaged, wrong);

    assertThat(NativeParts.unpack(folder)).contains(parts);
    assertThat(damaged).hasBinaryContent(right);
    for (Path file : files()) {
      if (!file.equals(damaged)) {
        assertThat(Files.getLastModifiedTime(file))
            .as("%s", file)
            .isEqualTo(FileTime.fromMillis(0));
      }
    }
  }

  /** As Spring Boot's jars within jars are: their directory tells neither length nor checksum. */
  private static URL inJarOfUnknownEntries(Path jar, byte[] content) throws IOException {
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("part"));
      out.write(content);
    }
    URLStreamHandler handler =
        new URLStreamHandler() {
          @Override
          protected URLConnection openConnection(URL url) throws IOException {
            return new JarURLConnection(url) {
              @Override
              public void connect() {}

              @Override
              public JarFile getJarFile() throws IOException {
                return new JarFile(jar.toFile()) {
                  @Override
                  public ZipEntry getEntry(String name) {
                    return new ZipEntry(name);
                  }
                };
              }

              @Override
              public InputStream getInputStream() {
                return new ByteArrayInputStream(content);
              }
            };
          }
        };
    return new URL(null, "jar:" + jar.toUri() + "!/part", handler);
  }

  @Test
  void lengthAndChecksumAreReadWhereTheJarDoesNotTell() throws IOException {
    byte[] content = {1, 2, 3, 4, 5};
    CRC32 crc = new CRC32();
    crc.update(content);
    NativeParts.Content expected = new NativeParts.Content(5, crc.getValue());
    Path jar = folder.resolve("some.jar");
    Path file = Files.write(folder.resolve("file"), content);

    assertThat(NativeParts.packed(inJarOfUnknownEntries(jar, content))).isEqualTo(expected);
    assertThat(NativeParts.packed(new URL("jar:" + jar.toUri() + "!/part"))).isEqualTo(expected);
    assertThat(NativeParts.packed(file.toUri().toURL())).isEqualTo(expected);
  }

  @Test
  void cacheThatCannotBeWrittenIsAnError() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatIOException().isThrownBy(() -> NativeParts.unpack(file));
  }

  /** Loads the runtime, and says what lies in the temporary folder meanwhile. */
  static final class Load {
    public static void main(String[] arguments) throws Exception {
      System.out.println(OnnxRuntime.version());
      for (String file : new File(System.getProperty("java.io.tmpdir")).list()) {
        System.out.println("temporary " + file);
      }
    }
  }

  /** Loads the runtime by two class loaders, as containers of applications do. */
  static final class LoadTwice {
    public static void main(String[] arguments) throws Exception {
      List<URL> urls = new ArrayList<>();
      for (String path : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        urls.add(Path.of(path).toUri().toURL());
      }
      for (int i = 0; i < 2; i++) {
        URLClassLoader loader =
            new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
        System.out.println(
            loader.loadClass(OnnxRuntime.class.getName()).getMethod("version").invoke(null));
      }
    }
  }

  @Test
  void nothingLiesInTheTemporaryFolderWhileTheRuntimeIsLoaded() throws Exception {
    List<String> options = List.of("-XX:-UsePerfData", "-Djava.io.tmpdir=" + folder);

    List<String> lines = ChildJvm.run(folder, options, Load.class, List.of());

    assertThat(lines).filteredOn(line -> line.startsWith("temporary onnx")).isEmpty();
    assertThat(lines).contains(OnnxRuntime.version());
  }

  @Test
  void twoClassLoadersOfOneJvmEachHaveTheRuntime() throws Exception {
    List<String> lines =
        ChildJvm.run(folder, List.of("-Djava.io.tmpdir=" + folder), LoadTwice.class, List.of());

    assertThat(lines).containsExactly(OnnxRuntime.version(), OnnxRuntime.version());
  }

  @Test
  void classPathOf120KilobytesIsBorne() throws Exception {
    String classPath = System.getProperty("java.class.path");
    String longer =
        classPath
            + (File.pathSeparator + "/no/such/folder").repeat((120_000 - classPath.length()) / 16);

    List<String> lines = ChildJvm.run(folder, List.of("-cp", longer), Load.class, List.of());

    assertThat(longer).hasSizeGreaterThan(119_000);
    assertThat(lines).contains(OnnxRuntime.version());
  }
}
