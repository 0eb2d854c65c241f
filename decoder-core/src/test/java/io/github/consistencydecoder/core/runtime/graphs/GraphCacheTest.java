package io.github.consistencydecoder.core.runtime.graphs;

import static io.github.consistencydecoder.models.network.onnx.ElementType.FLOAT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.core.ConsistencyDecoderProvider;
import io.github.consistencydecoder.core.TestDecoders;
import io.github.consistencydecoder.core.autoencoder.AutoencoderProviders.TaesdDecoderProvider;
import io.github.consistencydecoder.core.autoencoder.AutoencoderProviders.VaeDecoderProvider;
import io.github.consistencydecoder.core.autoencoder.AutoencoderProviders.VaeEncoderProvider;
import io.github.consistencydecoder.core.runtime.Device;
import io.github.consistencydecoder.core.runtime.OnnxRuntime;
import io.github.consistencydecoder.core.runtime.SessionSettings;
import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.models.network.ConsistencyWeights;
import io.github.consistencydecoder.models.network.NetworkConfig;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.cache.CacheCleaning;
import io.github.consistencydecoder.models.store.cache.CacheContents;
import io.github.consistencydecoder.models.store.cache.CacheItem;
import io.github.consistencydecoder.models.store.cache.EntryCheck;
import io.github.consistencydecoder.models.store.cache.FileTree;
import io.github.consistencydecoder.models.store.cache.TemporaryFolder;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeListener;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Tiling;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opening from the cache: the same bytes as a fresh build, and never from a graph that is stale or
 * damaged.
 */
@Tag("slow")
class GraphCacheTest {
  private static final Path MODEL = TestDecoders.resource("formats/f32/diffusers");

  /** Of each kind of entry; more for a measurement. */
  private static final int FLIPS = Integer.getInteger("flips", 2);

  @TempDir Path cache;

  private record Opened(String graph, FloatBuffer picture) {}

  private Opened open(DecoderConfig config) {
    try (LatentDecoder decoder = new ConsistencyDecoderProvider().open(config)) {
      FloatBuffer picture = decoder.decode(latents(), DecodeOptions.defaults()).pixels().values();
      return new Opened(decoder.info().details().get("graph"), picture);
    }
  }

  private static Latents latents() {
    float[] z = new float[4 * 6 * 5];
    for (int i = 0; i < z.length; i++) {
      z[i] = (float) Math.sin(i);
    }
    return Latents.scaled(z, 1, 4, 6, 5);
  }

  private Opened open() {
    return open(TestDecoders.config(MODEL, cache));
  }

  private Path entry() throws IOException {
    try (Stream<Path> entries = Files.list(cache.resolve("graphs"))) {
      List<Path> all = entries.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  @Test
  void theSecondOpeningUsesTheCacheAndGivesTheSameBytes() {
    Opened first = open();
    Opened second = open();
    assertThat(first.graph()).isEqualTo("built");
    assertThat(second.graph()).isEqualTo("cache");
    assertThat(second.picture()).isEqualTo(first.picture());
  }

  @Test
  void threadsDoNotChangeTheBytes() {
    Opened one = open(TestDecoders.config(MODEL, cache).with(DecoderConfig.THREADS, "1"));
    Opened two = open(TestDecoders.config(MODEL, cache).with(DecoderConfig.THREADS, "2"));
    assertThat(two.graph()).isEqualTo("cache");
    assertThat(two.picture()).isEqualTo(one.picture());
  }

  @Test
  void truncatedWeightsAreBuiltAgain() throws IOException {
    Opened first = open();
    try (RandomAccessFile file =
        new RandomAccessFile(entry().resolve("model.weights").toFile(), "rw")) {
      file.setLength(file.length() / 2);
    }
    Opened again = open();
    assertThat(again.graph()).isEqualTo("built");
    assertThat(again.picture()).isEqualTo(first.picture());
    assertThat(open().graph()).isEqualTo("cache");
  }

  @Test
  void overwrittenWeightsAreBuiltAgain() throws IOException {
    Opened first = open();
    Path weights = entry().resolve("model.weights");
    byte[] bytes = Files.readAllBytes(weights);
    java.util.Arrays.fill(bytes, bytes.length / 2, bytes.length, (byte) 0);
    Files.write(weights, bytes);
    Opened again = open();
    assertThat(again.graph()).isEqualTo("built");
    assertThat(again.picture()).isEqualTo(first.picture());
  }

  @Test
  void aBitFlippedAnywhereInTheCacheChangesNoPicture() throws IOException {
    Random random = new Random(12);
    for (DecoderConfig config :
        List.of(
            TestDecoders.config(MODEL, cache),
            TestDecoders.config(MODEL, cache).with("convolutions", "winograd"),
            TestDecoders.config(MODEL, cache).with("layout", "nhwc"))) {
      FloatBuffer right = open(config).picture();
      for (int i = 0; i < FLIPS; i++) {
        String flipped = flip(random);
        assertThat(open(config).picture()).as(flipped).isEqualTo(right);
      }
      FileTree.delete(cache);
    }
  }

  /** Flips a bit of the cache, and says where. */
  private String flip(Random random) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(cache)) {
      files =
          all.filter(f -> f.toFile().length() > 0).filter(Files::isRegularFile).sorted().toList();
    }
    Path file = files.get(random.nextInt(files.size()));
    return flip(file, random.nextInt((int) Files.size(file)), random.nextInt(8));
  }

  private static String flip(Path file, long at, int bit) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int value = open.read();
      open.seek(at);
      open.write(value ^ 1 << bit);
    }
    return file + ": bit " + bit + " of byte " + at;
  }

  @Test
  void damagedWeightsAreFoundWhileTheyAreUsedAndItIsSaid() throws IOException {
    FloatBuffer right = open().picture();
    Path weights = entry().resolve("model.weights");
    flip(weights, Files.size(weights) / 3, 6);
    List<String> told = new ArrayList<>();
    DecodeListener listener =
        new DecodeListener() {
          @Override
          public void warning(String sentence) {
            told.add(sentence);
          }
        };
    try (LatentDecoder decoder = TestDecoders.open(MODEL, cache)) {
      assertThat(decoder.info().details()).containsEntry("graph", "cache");
      Decoded decoded =
          decoder.decode(latents(), DecodeOptions.builder().listener(listener).build());
      assertThat(decoded.pixels().values()).isEqualTo(right);
      assertThat(decoded.warnings()).anyMatch(w -> w.contains("was damaged; it was made anew"));
      assertThat(told).containsAll(decoded.warnings());
      assertThat(decoder.info().details()).containsEntry("graph", "built");
      assertThat(decoder.decode(latents(), DecodeOptions.defaults()).warnings()).isEmpty();
    }
    assertThat(open().graph()).isEqualTo("cache");
  }

  @Test
  void everythingThatIsOpenedFromAnEntryIsVouchedForAfterItWasRead() throws Exception {
    SessionSettings settings = new SessionSettings(new Device(Device.Kind.CPU, 0, "test"), 1);
    try (Checkpoint checkpoint = Checkpoints.open(MODEL)) {
      ConsistencyWeights weights =
          ConsistencyWeights.of(
              checkpoint, Optional.of(NetworkConfig.read(MODEL.resolve("config.json"))));
      List<Function<GraphCache, AutoCloseable>> openings =
          List.of(
              c -> opened(() -> c.open(weights, "sha256:1", FLOAT32, settings).session()),
              c -> opened(() -> c.openBands(weights, "sha256:1", settings)),
              c -> opened(() -> c.openSharedNorms(weights, "sha256:1", FLOAT32, settings)));
      for (Function<GraphCache, AutoCloseable> opening : openings) {
        opening.apply(new GraphCache(cache)).close();
        for (Path file : weights()) {
          String flipped = flip(file, Files.size(file) / 2, 6);
          GraphCache graphs = new GraphCache(cache);
          AutoCloseable open = opening.apply(graphs);
          assertThatThrownBy(() -> graphs.vouch(Cancellation.NEVER))
              .as(flipped)
              .isInstanceOf(DecoderException.class)
              .hasCauseInstanceOf(EntryCheck.DamagedException.class);
          open.close();
          GraphCache again = new GraphCache(cache);
          AutoCloseable anew = opening.apply(again);
          again.vouch(Cancellation.NEVER);
          anew.close();
        }
        FileTree.delete(cache.resolve("graphs"));
      }
    }
  }

  private static AutoCloseable opened(Callable<AutoCloseable> opening) {
    try {
      return opening.call();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private List<Path> weights() throws IOException {
    try (Stream<Path> all = Files.walk(cache)) {
      return all.filter(f -> f.toString().endsWith(".weights")).sorted().toList();
    }
  }

  @Test
  void autoencodersEntriesAreCheckedToo() throws IOException {
    DecoderConfig config = TestDecoders.config(TestDecoders.resource("goldens/vae-reduced"), cache);
    FloatBuffer right;
    Pixels picture;
    FloatBuffer code;
    try (LatentDecoder vae = new VaeDecoderProvider().open(config);
        LatentEncoder encoder = new VaeEncoderProvider().open(config)) {
      picture = vae.decode(latents(), DecodeOptions.defaults()).pixels();
      right = picture.values();
      code = encoder.encode(picture).values();
    }
    List<Path> damaged = weights();
    assertThat(damaged).hasSize(2);
    for (Path weights : damaged) {
      flip(weights, Files.size(weights) / 2, 6);
    }
    try (LatentDecoder vae = new VaeDecoderProvider().open(config);
        LatentEncoder encoder = new VaeEncoderProvider().open(config)) {
      Decoded decoded = vae.decode(latents(), DecodeOptions.defaults());
      assertThat(decoded.pixels().values()).isEqualTo(right);
      assertThat(decoded.warnings()).anyMatch(w -> w.contains("made anew"));
      assertThat(encoder.encode(picture).values()).isEqualTo(code);
    }
  }

  @Test
  void anEntryWithoutChecksumsIsMadeAgain() throws IOException {
    open();
    Path manifest = entry().resolve("manifest.txt");
    String text = Files.readString(manifest);
    Files.writeString(manifest, text.substring(0, text.lastIndexOf("check ")));
    assertThat(item().state()).isEqualTo(CacheItem.State.STALE);
    assertThat(item().reason()).contains("no checksums");
    assertThat(open().graph()).isEqualTo("built");
  }

  @Test
  void aMissingFileIsBuiltAgain() throws IOException {
    open();
    Files.delete(entry().resolve("model.onnx"));
    assertThat(open().graph()).isEqualTo("built");
  }

  @Test
  void aManifestOfAnotherRuntimeIsNotBelieved() throws IOException {
    open();
    Path manifest = entry().resolve("manifest.txt");
    Files.writeString(manifest, Files.readString(manifest).replace("runtime ", "runtime 0."));
    assertThat(open().graph()).isEqualTo("built");
  }

  @Test
  void halfPrecisionHasAGraphOfItsOwnAndIsClose() throws IOException {
    Opened single = open();
    Opened half = open(TestDecoders.config(MODEL, cache).with(DecoderConfig.DTYPE, "float16"));
    assertThat(half.graph()).isEqualTo("built");
    float[] expected = new float[single.picture().remaining()];
    single.picture().duplicate().get(expected);
    assertThat(TestDecoders.worst(expected, half.picture())).isBetween(1e-6f, 3e-2f);
  }

  @Test
  void nothingTemporaryStaysBehind() throws IOException {
    open();
    try (Stream<Path> files = Files.list(entry())) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "model.onnx",
              "model.weights",
              "conditioning-1008.f32",
              "conditioning-512.f32",
              "manifest.txt");
    }
  }

  @Test
  void whatAKilledBuildLeftIsCleanedUpAndOneUnderWayIsNot() throws IOException {
    Path old = Files.createDirectories(cache.resolve("graphs/.building-old"));
    Path half = Files.writeString(old.resolve("derived.weights"), "half");
    FileTime twoDaysAgo = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
    Files.setLastModifiedTime(half, twoDaysAgo);
    Files.setLastModifiedTime(old, twoDaysAgo);
    Path young = Files.createDirectories(cache.resolve("graphs/.building-young"));
    open();
    assertThat(old).doesNotExist();
    assertThat(young).exists();
  }

  private CacheItem item() throws IOException {
    Path entry = entry();
    return CacheContents.of(cache, ModelStore.at(cache.resolve("store")), EntryForms.here())
        .stream()
        .filter(item -> item.path().equals(entry))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whatIsKeptSaysOfWhichModelItIsAndThatItCanBeUsed() throws IOException {
    open();
    assertThat(item().state()).as(item().reason()).isEqualTo(CacheItem.State.KEPT);
    assertThat(item().model()).isEqualTo(MODEL.toString());
    assertThat(item().digest()).startsWith("sha256:");
    assertThat(item().form()).contains("float32", "ONNX Runtime " + OnnxRuntime.version());
    assertThat(item().inUse()).isFalse();
  }

  @Test
  void everyKindOfEntryIsKnownToTheReleaseThatMadeIt() throws IOException {
    DecoderConfig config = TestDecoders.config(MODEL, cache);
    open(config.with("convolutions", "winograd"));
    open(config.with("layout", "nhwc"));
    Latents latents = Latents.scaled(new float[4 * 8 * 8], 1, 4, 8, 8);
    for (Tiling tiling : Tiling.values()) {
      try (LatentDecoder decoder = new ConsistencyDecoderProvider().open(config)) {
        decoder.estimate(1, 512, 512, DecodeOptions.builder().tiling(tiling).build());
        decoder.decode(latents, DecodeOptions.builder().tiling(tiling).build());
      }
    }
    try (LatentDecoder vae =
        new VaeDecoderProvider()
            .open(TestDecoders.config(TestDecoders.resource("goldens/vae-reduced"), cache))) {
      assertThat(vae.info().details()).containsEntry("graph", "built");
    }
    try (LatentDecoder taesd =
        new TaesdDecoderProvider()
            .open(TestDecoders.config(TestDecoders.resource("goldens/taesd-reduced"), cache))) {
      assertThat(taesd.info().details()).containsEntry("graph", "built");
    }
    List<CacheItem> items =
        CacheContents.of(cache, ModelStore.at(cache.resolve("store")), EntryForms.here()).stream()
            .filter(i -> i.kind().noted())
            .toList();
    assertThat(items).hasSizeGreaterThanOrEqualTo(5);
    assertThat(items).allMatch(i -> i.state() == CacheItem.State.KEPT && !i.model().isEmpty());
  }

  @Test
  void anOpenDecodersEntryStaysAndGoesWhenItIsClosed() throws IOException {
    CacheCleaning cleaning = new CacheCleaning(cache);
    try (LatentDecoder one = TestDecoders.open(MODEL, cache)) {
      try (LatentDecoder two = TestDecoders.open(MODEL, cache)) {
        assertThat(two.info().digest()).isEqualTo(one.info().digest());
        assertThat(item().inUse()).isTrue();
      }
      assertThat(cleaning.remove(item())).isEqualTo(CacheCleaning.Outcome.IN_USE);
      one.decode(Latents.scaled(new float[4 * 8 * 8], 1, 4, 8, 8), DecodeOptions.defaults());
    }
    assertThat(cleaning.remove(item())).isEqualTo(CacheCleaning.Outcome.REMOVED);
    assertThat(open().graph()).isEqualTo("built");
  }

  @Test
  void severalMayBuildTheSameEntryAtOnce() throws Exception {
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      CyclicBarrier together = new CyclicBarrier(threads);
      List<Future<Opened>> openings = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        openings.add(
            pool.submit(
                () -> {
                  together.await();
                  return open();
                }));
      }
      for (Future<Opened> opening : openings) {
        assertThat(opening.get().picture()).isEqualTo(openings.get(0).get().picture());
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(open().graph()).isEqualTo("cache");
    assertThat(entry()).exists();
  }

  @Test
  void whatAKilledBuildLeftGoesAtOnceWhereItsNameWasLocked() throws IOException {
    Path left;
    try (TemporaryFolder building = TemporaryFolder.building(cache)) {
      left = building.path();
    }
    try (TemporaryFolder underWay = TemporaryFolder.building(cache)) {
      open();
      assertThat(underWay.path()).exists();
    }
    assertThat(left).doesNotExist();
  }

  @Test
  void aFolderThatCannotBeWrittenIsDoneWithout() throws IOException {
    Path file = Files.writeString(cache.resolve("a-file"), "in the way");
    Opened opened = open(TestDecoders.config(MODEL, file));
    assertThat(opened.graph()).isEqualTo("uncached");
    assertThat(opened.picture()).isEqualTo(open().picture());
  }

  @Test
  void aWeightThatIsNotFiniteIsRefusedByName() throws Exception {
    Path folder = Files.createDirectory(cache.resolve("model"));
    Files.copy(MODEL.resolve("config.json"), folder.resolve("config.json"));
    Path file = folder.resolve("diffusion_pytorch_model.safetensors");
    byte[] bytes = Files.readAllBytes(MODEL.resolve("diffusion_pytorch_model.safetensors"));
    long offset;
    try (var checkpoint =
        io.github.consistencydecoder.formats.checkpoint.Checkpoints.open(
            MODEL.resolve("diffusion_pytorch_model.safetensors"))) {
      offset = checkpoint.tensor("decoder_unet.mid_block.resnets.1.conv2.weight").offset();
    }
    java.nio.ByteBuffer.wrap(bytes)
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .putFloat((int) offset + 8, Float.NaN);
    Files.write(file, bytes);
    assertThatThrownBy(() -> open(TestDecoders.config(folder, cache)))
        .isInstanceOfSatisfying(
            DecoderException.class,
            e -> assertThat(e.code()).isEqualTo(DecoderErrorCode.MODEL_CORRUPT))
        .hasMessageContaining("mid_block.resnets.1.conv2.weight")
        .hasMessageContaining("NaN");
    try (Stream<Path> left = Files.list(cache.resolve("graphs"))) {
      assertThat(left).isEmpty();
    }
  }
}
