package io.github.consistencydecoder.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A model of its own, the bundled one's files copied, decoded with a cache of its own. */
final class CacheCommandTest {
  @TempDir private Path folder;

  private Path cache;
  private Path model;
  private Path latents;

  @BeforeEach
  void decodeOnce() throws IOException {
    cache = folder.resolve("cache");
    model = Files.createDirectory(folder.toRealPath().resolve("model"));
    Path tiny = Path.of(CommandRun.of("models", "path", "tiny").out().strip());
    try (Stream<Path> files = Files.list(tiny)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    latents =
        TensorBytes.npy(
            folder.resolve("latents.npy"), SampleLatents.values(4 * 8 * 8, 1), 1, 4, 8, 8);
    decode();
  }

  private void decode() {
    CommandRun.of(
            "decode",
            latents,
            "-o",
            folder.resolve("out.png"),
            "--force",
            "-m",
            model,
            "--cache",
            cache)
        .exits(0);
  }

  private CommandRun cache(Object... arguments) {
    Object[] all = new Object[arguments.length + 3];
    all[0] = "cache";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[arguments.length + 1] = "--cache";
    all[arguments.length + 2] = cache;
    return CommandRun.of(all);
  }

  private static JsonNode json(CommandRun run) {
    assertThat(run.code()).as(run.err()).isZero();
    return new JsonMapper().readTree(run.out());
  }

  private Path entry() throws IOException {
    try (Stream<Path> entries = Files.list(cache.resolve("graphs"))) {
      List<Path> all = entries.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  /** Of the entry, as a person reads it. */
  private String size() throws IOException {
    try (Stream<Path> files = Files.walk(entry())) {
      long bytes =
          files.mapToLong(file -> Files.isDirectory(file) ? 0 : file.toFile().length()).sum();
      return String.format(Locale.ROOT, "%.2f MB", bytes / 1e6);
    }
  }

  /** As an older release would have left it. */
  private void makeStale() throws IOException {
    Path manifest = entry().resolve("manifest.txt");
    Files.writeString(manifest, Files.readString(manifest).replace("runtime ", "runtime 0."));
  }

  private LatentDecoder open() {
    return Decoders.open(
        "consistency", DecoderConfig.model(model.toString()).with("cache", cache.toString()));
  }

  @Test
  void listSaysWhatIsKeptOfWhichModel() throws IOException {
    CommandRun run = cache().exits(0);

    assertThat(run.out())
        .containsPattern(
            "graph +\\Q"
                + size()
                + "\\E +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +"
                + entry().getFileName())
        .contains("of " + model + "; sha256:", "float32, ONNX Runtime ")
        .containsPattern("total \\Q" + size() + " in " + cache + "\\E\\R")
        .doesNotContain("stale", "orphan", "cache clean");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void verifyFindsAFlippedBitAndSetsTheEntryAside() throws IOException {
    assertThat(cache("verify").out()).contains("sound   graph", "1 checked, 0 damaged");
    Path weights = entry().resolve("model.weights");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length / 2] ^= 4;
    Files.write(weights, bytes);

    CommandRun run = cache("verify").exits(1);
    assertThat(run.out())
        .contains("DAMAGED graph", "model.weights has changed", "1 checked, 1 damaged");
    assertThat(cache().out()).contains("stale (without a readable manifest)");
    decode();
    assertThat(cache("verify").code()).isZero();
  }

  @Test
  void listIsADocumentToo() throws IOException {
    JsonNode document = json(cache("--json"));

    assertThat(document.get("cache").asString()).isEqualTo(cache.toString());
    JsonNode item = document.get("items").get(0);
    assertThat(item.get("kind").asString()).isEqualTo("graph");
    assertThat(item.get("path").asString()).isEqualTo(entry().toString());
    assertThat(item.get("state").asString()).isEqualTo("kept");
    assertThat(item.get("model").asString()).isEqualTo(model.toString());
    assertThat(item.get("digest").asString()).matches("sha256:[0-9a-f]{64}");
    assertThat(item.get("in_use").asBoolean()).isFalse();
    assertThat(Instant.parse(item.get("last_used").asString()))
        .isAfter(Instant.now().minus(Duration.ofMinutes(10)));
    long sum = 0;
    for (JsonNode one : document.get("items")) {
      sum += one.get("bytes").asLong();
    }
    assertThat(document.get("bytes").asLong()).isEqualTo(sum).isGreaterThan(8_000_000);
    assertThat(document.get("cleanable_bytes").asLong()).isZero();
  }

  @Test
  void cleanLeavesWhatCanBeUsed() throws IOException {
    JsonNode document = json(cache("clean", "--json"));

    assertThat(document.get("removed").size()).isZero();
    assertThat(document.get("freed_bytes").asLong()).isZero();
    assertThat(entry()).exists();
  }

  @Test
  void cleanRemovesWhatIsStaleAndADryRunOnlySaysSo() throws IOException {
    makeStale();
    assertThat(cache().out())
        .contains("stale (made by ONNX Runtime 0.")
        .contains("; 'cache clean' frees " + size());

    CommandRun dry = cache("clean", "--dry-run").exits(0);
    assertThat(dry.out()).contains("would remove graph", "would free " + size());
    assertThat(entry()).exists();

    String size = size();
    CommandRun run = cache("clean").exits(0);
    assertThat(run.out()).contains("removed graph", "freed " + size);
    assertThat(cache.resolve("graphs")).isEmptyDirectory();
    decode();
    assertThat(entry()).exists();
  }

  @Test
  void cleanRemovesWhatIsOfAModelThatIsGone() throws IOException {
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    assertThat(cache().out()).contains("orphan (" + model + " is gone)");

    assertThat(cache("clean").out()).contains("removed graph");
    assertThat(cache.resolve("graphs")).isEmptyDirectory();
  }

  @Test
  void whatWasNotUsedForSoLongGoesIfThatIsAskedFor() throws IOException {
    Path record = cache.resolve("uses").resolve(entry().getFileName() + ".json");
    Files.setLastModifiedTime(record, FileTime.from(Instant.now().minus(Duration.ofDays(8))));
    assertThat(json(cache("clean", "--unused-for", "9d", "--json")).get("removed").size()).isZero();
    decode();
    assertThat(json(cache("clean", "--unused-for", "1w", "--json")).get("removed").size()).isZero();
    Files.setLastModifiedTime(record, FileTime.from(Instant.now().minus(Duration.ofDays(8))));
    assertThat(json(cache("clean", "--unused-for", "1w", "--json")).get("removed").size())
        .isEqualTo(1);
  }

  @Test
  void whatADecoderHasOpenStaysAndTheDecoderWorksOn() throws IOException {
    try (LatentDecoder decoder = open()) {
      assertThat(cache().out()).contains(entry().getFileName() + "  in use");
      CommandRun run = cache("clean", "--all");
      assertThat(run.code()).as(run.err()).isZero();
      assertThat(run.err()).contains("note: ", entry() + ": a process is using it; it stays");
      assertThat(entry().resolve("model.weights")).exists();
      JsonNode document = json(cache("clean", "--all", "--json", "--dry-run"));
      assertThat(document.get("in_use").size()).isEqualTo(1);
      assertThat(decoder.info().details()).containsEntry("graph", "cache");
    }
    String size = size();
    assertThat(cache("clean", "--all").out()).contains("freed " + size);
    assertThat(json(cache("--json")).get("items").size()).isZero();
  }

  @Test
  void whatCannotBeRemovedIsAFailure() throws IOException {
    makeStale();
    Path graphs = cache.resolve("graphs");
    Path elsewhere = Files.move(graphs, folder.resolve("kept"));
    Files.createSymbolicLink(graphs, elsewhere);
    // Root may write anywhere, so the way is barred otherwise: what is to be removed goes first.
    Files.delete(cache.resolve("uses").resolve("lock"));
    Files.createDirectory(cache.resolve("uses").resolve("lock"));

    CommandRun run = cache("clean").exits(1);

    assertThat(run.err()).startsWith("error: ").contains(": cannot be removed: ").hasLineCount(1);
    assertThat(run.out()).contains("freed 0 bytes");
    assertThat(entry()).exists();
  }

  @Test
  void noCacheIsNothingToDo() {
    cache = folder.resolve("none");
    assertThat(cache().out()).isEqualTo("total 0 bytes in " + cache + System.lineSeparator());
    assertThat(cache("clean").out()).isEqualTo("freed 0 bytes" + System.lineSeparator());
    assertThat(cache).doesNotExist();
  }

  @Test
  void aFileIsNoCache() {
    cache = latents;
    CommandRun run = cache().exits(1);
    assertThat(run.err()).isEqualTo("error: " + latents + ": a folder is needed, this is none\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"30", "d", "1.5d", "-1d", "30days", ""})
  void timesThatMakeNoSenseAreRefused(String time) {
    CommandRun run = cache("clean", "--unused-for=" + time).exits(2);
    assertThat(run.err()).contains("--unused-for").contains("30d");
  }

  @Test
  void allAndUnusedForExcludeEachOther() {
    assertThat(cache("clean", "--all", "--unused-for", "1d").code()).isEqualTo(2);
  }
}
