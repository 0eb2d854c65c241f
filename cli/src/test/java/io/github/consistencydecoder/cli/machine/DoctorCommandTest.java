package io.github.consistencydecoder.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentDecoderProvider;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class DoctorCommandTest {
  @TempDir private Path folder;

  @Test
  void reportNamesRuntimeDecodersAndModels() {
    CommandRun run = CommandRun.of("doctor").exits(0);

    assertThat(run.out())
        .contains("consistency-decoder ")
        .containsPattern("runtime: +ONNX Runtime \\d")
        .containsPattern("cuda: +CUDA can")
        .contains("decoder:  consistency, ", "decoder:  fake, for tests")
        .contains("model:    tiny, here");
  }

  @Test
  void reportIsADocumentToo() {
    JsonNode document = new JsonMapper().readTree(CommandRun.of("doctor", "--json").out());

    assertThat(document.get("runtime").get("cores").asInt()).isPositive();
    assertThat(document.get("runtime").get("heap_bytes").asLong()).isPositive();
    assertThat(document.get("decoders").get(0).get("name").asString()).isEqualTo("consistency");
    assertThat(document.get("models").get(0).get("id").asString()).isEqualTo("tiny");
    assertThat(document.has("selftest")).isFalse();
  }

  @Test
  void brokenPluginsAreNamedAndPassedOver() throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF").resolve("services"));
    Files.writeString(
        services.resolve(LatentDecoderProvider.class.getName()),
        Silent.class.getName() + "\nnot.There\n");
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader plugins = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(plugins);

      CommandRun run = CommandRun.of("doctor");

      assertThat(run.code()).as(run.err()).isZero();
      assertThat(run.out())
          .contains("decoder:  fake, for tests")
          .contains("decoder:  silent, not available: its plugin " + Silent.class.getName());
      assertThat(run.err()).startsWith("warning: decoder plugin").contains("not.There not found");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** Breaks the promise to say whether it can work. */
  public static final class Silent implements LatentDecoderProvider {
    @Override
    public String name() {
      return "silent";
    }

    @Override
    public Availability availability() {
      return null;
    }

    @Override
    public LatentDecoder open(DecoderConfig config) {
      return null;
    }
  }

  @Test
  @Tag("slow")
  void selfTestOfTheBundledModelPasses() {
    CommandRun run =
        CommandRun.of("doctor", "--selftest", "tiny", "--cache", folder.resolve("cache"));

    assertThat(run.code()).as(run.out() + run.err()).isZero();
    assertThat(run.out())
        .contains("self-test of tiny:", "self-test passed\n")
        .containsPattern("warm start from preview: 4\\d\\.\\d dB from two steps, another seed 4\\d")
        .endsWith("look before you use it\n");
  }

  @Test
  void selfTestOfADamagedModelFails() throws IOException {
    Path file = Files.write(folder.resolve("bad.safetensors"), new byte[20]);

    CommandRun run =
        CommandRun.of("doctor", "--selftest", file, "--cache", folder.resolve("cache"), "--json")
            .exits(1);

    JsonNode selfTest = new JsonMapper().readTree(run.out()).get("selftest");
    assertThat(selfTest.get("passed").asBoolean()).isFalse();
    assertThat(selfTest.get("lines").toString()).contains("bad.safetensors");
  }
}
