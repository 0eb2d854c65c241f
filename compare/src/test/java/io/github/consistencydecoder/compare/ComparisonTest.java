package io.github.consistencydecoder.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.consistencydecoder.compare.metrics.PictureDistance;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.ClampMode;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Keep;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Mask;
import io.github.consistencydecoder.plugin.Noise;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Schedule;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.plugin.Tiling;
import io.github.consistencydecoder.testing.FakeDecoder;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ComparisonTest {
  private final FakeDecoder.Controls told = BlockDecoder.controls("blocks", false, 0, Map.of());
  private final LatentDecoder blocks = told.openDecoder();
  private final LatentDecoder smooth = BlockDecoder.open("smooth", true, 0.05f);

  @TempDir private Path folder;

  private Comparison.Builder both() {
    return Comparison.builder()
        .decoder("blocks", blocks, DecodeOptions.defaults())
        .decoder("smooth", smooth, DecodeOptions.defaults());
  }

  private static ComparisonInput withTruth(String name, int seed) {
    Picture scene = TestPictures.scene(192, 176, seed);
    return ComparisonInput.of(name, BlockDecoder.encode(scene), scene);
  }

  private static ComparisonInput withoutTruth(String name, int seed) {
    return ComparisonInput.of(name, BlockDecoder.encode(TestPictures.scene(192, 176, seed)));
  }

  private static ComparisonInput failing(String name, IOException e) {
    return new ComparisonInput() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Loaded load() throws IOException {
        throw e;
      }
    };
  }

  private JsonNode metrics() throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(folder.resolve("metrics.json")));
  }

  /** What was told, a word an event. */
  private static final class Recorder implements ComparisonListener {
    final List<String> events = new ArrayList<>();

    @Override
    public void inputStarted(int index, int count, String name) {
      events.add("start " + name);
    }

    @Override
    public void decoded(String input, String decoder, long nanos) {
      events.add("decoded " + decoder);
    }

    @Override
    public void inputFinished(int index, int count, String name, boolean reused) {
      events.add((reused ? "reused " : "done ") + name);
    }

    @Override
    public void inputFailed(int index, int count, String name, String reason) {
      events.add("failed " + name + ": " + reason);
    }

    @Override
    public void writing(String file) {
      events.add("writing " + file);
    }
  }

  /** At most the one before is still at hand when an input is loaded. */
  @Test
  void whatAnInputHeldIsLetGo() throws IOException {
    List<WeakReference<Picture>> loaded = new ArrayList<>();
    List<ComparisonInput> inputs = new ArrayList<>();
    for (int n = 0; n < 6; n++) {
      String name = "input " + n;
      inputs.add(
          new ComparisonInput() {
            @Override
            public String name() {
              return name;
            }

            @Override
            public Loaded load() {
              requireLetGo(loaded.subList(0, Math.max(0, loaded.size() - 1)));
              Picture truth = TestPictures.scene(64, 48, loaded.size());
              loaded.add(new WeakReference<>(truth));
              return new Loaded(
                  Optional.of(BlockDecoder.encode(truth)), Optional.of(truth), Map.of(), List.of());
            }
          });
    }
    assertThat(both().build().run(inputs, folder, new Recorder()).compared()).isEqualTo(6);
    requireLetGo(loaded);
  }

  /** Collects until all are gone. */
  private static void requireLetGo(List<WeakReference<Picture>> pictures) {
    for (int tries = 0; tries < 20 && held(pictures) > 0; tries++) {
      System.gc();
    }
    assertThat(held(pictures)).as("pictures of %d earlier inputs", pictures.size()).isZero();
  }

  private static long held(List<WeakReference<Picture>> pictures) {
    return pictures.stream().filter(picture -> picture.get() != null).count();
  }

  @Test
  void allFilesAreWrittenAndProgressIsTold() throws IOException {
    Recorder recorder = new Recorder();
    ComparisonSummary summary = both().build().run(List.of(withTruth("a", 1)), folder, recorder);
    assertThat(summary.compared()).isEqualTo(1);
    assertThat(summary.failures()).isEmpty();
    assertThat(summary.report()).isEqualTo(folder.resolve("report.html")).isNotEmptyFile();
    assertThat(folder.resolve("sheet.png")).isNotEmptyFile();
    assertThat(folder.resolve("metrics.csv")).isNotEmptyFile();
    assertThat(recorder.events)
        .containsExactly(
            "start a",
            "decoded blocks",
            "decoded smooth",
            "done a",
            "writing sheet.png",
            "writing report.html");
  }

  @Test
  void whatTheDecodersMadeIsKeptExactly() throws IOException {
    ComparisonInput input = withTruth("a", 1);
    both().build().run(List.of(input), folder, ComparisonListener.NONE);
    JsonNode result = metrics().get("inputs").get(0);
    Path results = folder.resolve(result.get("folder").asString());
    Picture expected =
        Picture.of(
            smooth.decode(input.load().latents().orElseThrow(), DecodeOptions.defaults()).pixels(),
            0);
    String file = result.get("columns").get(1).get("file").asString();
    assertThat(new PictureReader().read(results.resolve(file)).picture()).isEqualTo(expected);
    assertThat(new PictureReader().read(results.resolve("truth.png")).picture())
        .isEqualTo(TestPictures.scene(192, 176, 1));
  }

  @Test
  void withATruthQualityIsMeasuredInTheWholeAndInCrops() throws IOException {
    both().build().run(List.of(withTruth("a", 1)), folder, ComparisonListener.NONE);
    JsonNode result = metrics().get("inputs").get(0);
    assertThat(result.get("reference").asString()).isEqualTo("truth");
    JsonNode column = result.get("columns").get(0);
    assertThat(column.get("measurements").propertyNames())
        .containsExactly("whole", "crop 1", "crop 2");
    JsonNode whole = column.get("measurements").get("whole");
    assertThat(whole.get("psnr").asDouble()).isBetween(10.0, 60.0);
    assertThat(whole.get("ssim").asDouble()).isBetween(0.1, 0.999);
    assertThat(whole.has("ms_ssim")).isTrue();
    assertThat(column.get("seconds").asDouble()).isPositive();
    assertThat(column.get("estimated_bytes").asLong()).isEqualTo(768 * 24 * 22);
    assertThat(column.get("about").get("model").asString()).isEqualTo("blocks");
  }

  @Test
  void withoutATruthThereAreOnlyDifferences() throws IOException {
    both().build().run(List.of(withoutTruth("a", 1)), folder, ComparisonListener.NONE);
    JsonNode result = metrics().get("inputs").get(0);
    assertThat(result.get("truth").asBoolean()).isFalse();
    assertThat(result.get("reference").asString()).isEqualTo("blocks");
    JsonNode reference = result.get("columns").get(0).get("measurements").get("whole");
    assertThat(reference.propertyNames()).containsExactly("sharpness");
    JsonNode other = result.get("columns").get(1).get("measurements").get("whole");
    assertThat(other.propertyNames()).contains("mae", "delta_e").doesNotContain("psnr", "ssim");
    String report = Files.readString(folder.resolve("report.html"));
    assertThat(report).contains("no number says which picture is better").doesNotContain("PSNR");
    assertThat(report).doesNotContain("class=\"best\"");
  }

  @Test
  void oneFailingInputIsRecordedAndTheOthersGoOn() throws IOException {
    float[] bad = new float[4 * 24 * 22];
    Arrays.fill(bad, Float.NaN);
    Recorder recorder = new Recorder();
    ComparisonSummary summary =
        both()
            .build()
            .run(
                List.of(
                    failing("broken", new IOException("x.png: the file is empty")),
                    failing("gone", new NoSuchFileException("y.png")),
                    ComparisonInput.of("nan", Latents.scaled(bad, 1, 4, 22, 24)),
                    ComparisonInput.of(
                        "small",
                        BlockDecoder.encode(TestPictures.scene(64, 64, 1)),
                        TestPictures.scene(64, 72, 1)),
                    withTruth("good", 2)),
                folder,
                recorder);
    assertThat(summary.compared()).isEqualTo(1);
    assertThat(summary.failures())
        .extracting(failure -> failure.name() + "|" + failure.reason())
        .containsExactly(
            "broken|x.png: the file is empty",
            "gone|there is no file y.png",
            "nan|decoder 'blocks': 2112 values of the latents are not finite",
            "small|'blocks' is 64x64 pixels, 'truth' is 64x72; they must have one size");
    assertThat(recorder.events)
        .contains("failed broken: x.png: the file is empty", "done good")
        .doesNotContain("done broken");
    assertThat(metrics().get("failures")).hasSize(4);
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("Not compared")
        .contains("x.png: the file is empty");
  }

  @Test
  void aSecondRunDoesOnlyWhatIsMissing() throws IOException {
    List<ComparisonInput> inputs = List.of(withTruth("a", 1), withTruth("b", 2));
    both().build().run(inputs.subList(0, 1), folder, ComparisonListener.NONE);
    assertThat(told.begun.get()).isEqualTo(1);
    Recorder recorder = new Recorder();
    ComparisonSummary summary = both().build().run(inputs, folder, recorder);
    assertThat(told.begun.get()).isEqualTo(2);
    assertThat(summary.reused()).isEqualTo(1);
    assertThat(summary.compared()).isEqualTo(2);
    assertThat(recorder.events).contains("reused a", "done b");
  }

  @Test
  void aSecondRunGivesTheSameReport() throws IOException {
    List<ComparisonInput> inputs = List.of(withTruth("a", 1), withoutTruth("b", 2));
    both().build().run(inputs, folder, ComparisonListener.NONE);
    String csv = Files.readString(folder.resolve("metrics.csv"));
    JsonNode first = metrics().get("inputs");
    both().build().run(inputs, folder, ComparisonListener.NONE);
    assertThat(Files.readString(folder.resolve("metrics.csv"))).isEqualTo(csv);
    assertThat(metrics().get("inputs")).isEqualTo(first);
  }

  @Test
  void whatHasChangedIsDoneAgain() throws IOException {
    List<ComparisonInput> first = List.of(withTruth("a", 1));
    both().build().run(first, folder, ComparisonListener.NONE);
    both().build().run(List.of(withTruth("a", 3)), folder, ComparisonListener.NONE);
    assertThat(told.begun.get()).as("other content of the same name").isEqualTo(2);
    both().automaticCrops(1, 32).build().run(first, folder, ComparisonListener.NONE);
    assertThat(told.begun.get()).as("other crops").isEqualTo(3);
    Comparison otherSeed =
        Comparison.builder()
            .decoder("blocks", blocks, DecodeOptions.builder().seed(9).build())
            .build();
    otherSeed.run(first, folder, ComparisonListener.NONE);
    assertThat(told.begun.get()).as("another seed").isEqualTo(4);
    otherSeed.run(first, folder, ComparisonListener.NONE);
    assertThat(told.begun.get()).as("nothing has changed").isEqualTo(4);
  }

  @Test
  void everyOptionAndSettingMakesAnotherResult() throws IOException {
    List<ComparisonInput> inputs = List.of(withTruth("a", 1));
    DecodeOptions options = DecodeOptions.defaults();
    DecoderConfig config = DecoderConfig.empty();
    for (int repeat = 0; repeat < 2; repeat++) {
      run(inputs, config, options);
      assertThat(told.begun.get()).isEqualTo(1);
    }
    List<DecodeOptions> others =
        List.of(
            options.toBuilder().seed(9).build(),
            options.toBuilder().noise(Noise.seededPerImage(List.of(0L))).build(),
            options.toBuilder().schedule(Schedule.ONE_STEP).build(),
            options.toBuilder().clamp(ClampMode.NONE).build(),
            options.toBuilder().tiling(Tiling.OVERLAPPED).build(),
            options.toBuilder().start(Start.given(picture(0))).build(),
            options.toBuilder().start(Start.given(picture(1))).build(),
            options.toBuilder().keep(Keep.of(picture(0), mask(0))).build(),
            options.toBuilder().keep(Keep.of(picture(1), mask(0))).build(),
            options.toBuilder().keep(Keep.of(picture(0), mask(1))).build());
    assertThat(others).hasSizeGreaterThanOrEqualTo(options.asMap().size());
    int decodes = 1;
    for (DecodeOptions other : others) {
      run(inputs, config, other);
      assertThat(told.begun.get()).as(other.asMap().toString()).isEqualTo(++decodes);
    }
    run(inputs, config.with(DecoderConfig.MEMORY, "3GiB"), options);
    run(inputs, config.with(DecoderConfig.MEMORY, "4GiB"), options);
    run(inputs, config.with(DecoderConfig.MEMORY, "4GiB"), options);
    assertThat(told.begun.get()).isEqualTo(decodes + 2);
  }

  private static Pixels picture(float value) {
    float[] values = new float[3 * 64];
    values[7] = value;
    return Pixels.takeOver(values, 1, 8, 8);
  }

  private static Mask mask(int at) {
    boolean[] repaint = new boolean[64];
    repaint[at] = true;
    return Mask.of(repaint, 1, 8, 8);
  }

  private void run(List<ComparisonInput> inputs, DecoderConfig config, DecodeOptions options)
      throws IOException {
    Comparison.builder()
        .decoder("blocks", blocks, config, options)
        .build()
        .run(inputs, folder, ComparisonListener.NONE);
  }

  @Test
  void picturesOfAnEarlierComparisonDoNotStay() throws IOException {
    List<ComparisonInput> inputs = List.of(withTruth("a", 1));
    both().build().run(inputs, folder, ComparisonListener.NONE);
    Path results = folder.resolve(metrics().get("inputs").get(0).get("folder").asString());
    Files.writeString(results.resolve("mine.txt"), "not ours");
    Comparison.builder()
        .decoder("blocks", blocks, DecodeOptions.defaults())
        .build()
        .run(inputs, folder, ComparisonListener.NONE);
    try (Stream<Path> files = Files.list(results)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "1-blocks.png", "1-blocks-difference.png", "truth.png", "result.json", "mine.txt");
    }
  }

  @Test
  void howADecoderGotItsGraphDoesNotMakeAnotherResult() throws IOException {
    List<ComparisonInput> inputs = List.of(withTruth("a", 1));
    List<Integer> reused = new ArrayList<>();
    for (Map<String, String> details :
        List.of(
            Map.of("graph", "built", "dtype", "float32"),
            Map.of("graph", "cache", "dtype", "float32"),
            Map.of("graph", "cache", "dtype", "float16"))) {
      FakeDecoder.Controls other = BlockDecoder.controls("blocks", false, 0, details);
      LatentDecoder decoder = other.openDecoder();
      reused.add(
          Comparison.builder()
              .decoder("blocks", decoder, DecodeOptions.defaults())
              .build()
              .run(inputs, folder, ComparisonListener.NONE)
              .reused());
    }
    assertThat(reused).containsExactly(0, 1, 0);
  }

  @Test
  void anIncompleteResultIsDoneAgain() throws IOException {
    List<ComparisonInput> inputs = List.of(withTruth("a", 1));
    both().build().run(inputs, folder, ComparisonListener.NONE);
    Path results = folder.resolve(metrics().get("inputs").get(0).get("folder").asString());
    Files.delete(results.resolve("2-smooth.png"));
    both().build().run(inputs, folder, ComparisonListener.NONE);
    assertThat(told.begun.get()).isEqualTo(2);
    Files.writeString(results.resolve("result.json"), "{\"name\": 3, half of");
    both().build().run(inputs, folder, ComparisonListener.NONE);
    assertThat(told.begun.get()).isEqualTo(3);
  }

  @Test
  void aFingerprintSparesTheLoading() throws IOException {
    List<String> loads = new ArrayList<>();
    ComparisonInput input =
        new ComparisonInput() {
          @Override
          public String name() {
            return "a";
          }

          @Override
          public Optional<String> fingerprint() {
            return Optional.of("sha256:1");
          }

          @Override
          public Loaded load() throws IOException {
            loads.add("load");
            return withTruth("a", 1).load();
          }
        };
    both().build().run(List.of(input), folder, ComparisonListener.NONE);
    ComparisonSummary summary = both().build().run(List.of(input), folder, ComparisonListener.NONE);
    assertThat(summary.reused()).isEqualTo(1);
    assertThat(loads).hasSize(1);
  }

  @Test
  void whatIsDoneIsOnDiskBeforeTheNextInputBegins() throws IOException {
    List<Integer> seen = new ArrayList<>();
    ComparisonInput second =
        new ComparisonInput() {
          @Override
          public String name() {
            return "b";
          }

          @Override
          public Loaded load() throws IOException {
            seen.add(metrics().get("inputs").size());
            return withTruth("b", 2).load();
          }
        };
    both().build().run(List.of(withTruth("a", 1), second), folder, ComparisonListener.NONE);
    assertThat(seen).containsExactly(1);
  }

  @Test
  void cancellingStopsAndLeavesWhatIsDone() throws IOException {
    Cancellation cancellation = new Cancellation();
    DecodeOptions options = DecodeOptions.builder().cancellation(cancellation).build();
    Comparison comparison = Comparison.builder().decoder("blocks", blocks, options).build();
    ComparisonListener afterTheFirst =
        new ComparisonListener() {
          @Override
          public void inputFinished(int index, int count, String name, boolean reused) {
            cancellation.cancel();
          }
        };
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(
            () ->
                comparison.run(
                    List.of(withTruth("a", 1), withTruth("b", 2)), folder, afterTheFirst));
    assertThat(metrics().get("inputs")).hasSize(1);
  }

  @Test
  void picturesDecodedElsewhereAreColumnsToo() throws IOException {
    Picture scene = TestPictures.scene(64, 48, 1);
    ComparisonInput.Loaded loaded =
        new ComparisonInput.Loaded(
            Optional.empty(),
            Optional.empty(),
            Map.of("before", scene, "after", TestPictures.flat(64, 48, 90)),
            List.of("it is animated; only the first picture is used"));
    Comparison comparison = Comparison.builder().pictures("before").pictures("after").build();
    comparison.run(List.of(ComparisonInput.of("a", loaded)), folder, ComparisonListener.NONE);
    JsonNode result = metrics().get("inputs").get(0);
    assertThat(result.get("columns").get(1).has("seconds")).isFalse();
    assertThat(result.get("notes").get(0).asString()).startsWith("it is animated");
    assertThat(result.get("columns").get(1).get("measurements").get("whole").get("mae").asDouble())
        .isPositive();
    ComparisonSummary summary =
        comparison.run(List.of(withTruth("b", 1)), folder, ComparisonListener.NONE);
    assertThat(summary.failures().get(0).reason())
        .isEqualTo("there is no picture of it in 'before'");
  }

  @Test
  void cropsByHandAreUsedAndThoseOutsideAreNamed() throws IOException {
    both()
        .crops(List.of(new Region(0, 0, 40, 30), new Region(180, 0, 40, 30)))
        .build()
        .run(List.of(withTruth("a", 1)), folder, ComparisonListener.NONE);
    JsonNode result = metrics().get("inputs").get(0);
    assertThat(result.get("crops")).hasSize(1);
    assertThat(result.get("crops").get(0).get("width").asInt()).isEqualTo(40);
    assertThat(result.get("notes").get(0).asString())
        .isEqualTo("crop 180,0,40,30 is not inside its 192x176 pixels");
  }

  @Test
  void furtherDistancesAreMeasuredWhereThePictureIsLargeEnough() throws IOException {
    PictureDistance distance =
        new PictureDistance() {
          @Override
          public String name() {
            return "red-only";
          }

          @Override
          public double between(Picture a, Picture b) {
            return Math.abs(a.level(0, 0, 0) - b.level(0, 0, 0)) / 255.0;
          }

          @Override
          public int smallestSide() {
            return 60;
          }
        };
    both()
        .distance(distance)
        .automaticCrops(1, 40)
        .build()
        .run(List.of(withTruth("a", 1)), folder, ComparisonListener.NONE);
    JsonNode column = metrics().get("inputs").get(0).get("columns").get(0).get("measurements");
    assertThat(column.get("whole").has("red-only")).isTrue();
    assertThat(column.get("crop 1").has("red-only")).isFalse();
    assertThat(Files.readString(folder.resolve("metrics.csv")).lines().findFirst().orElseThrow())
        .contains(",red-only,");
  }

  @Test
  void aMeasureThatFailsCostsOneInput() throws IOException {
    PictureDistance distance =
        new PictureDistance() {
          @Override
          public String name() {
            return "moody";
          }

          @Override
          public double between(Picture a, Picture b) {
            throw new IllegalStateException("not today");
          }
        };
    ComparisonSummary summary =
        both()
            .distance(distance)
            .build()
            .run(List.of(withTruth("a", 1)), folder, ComparisonListener.NONE);
    assertThat(summary.failures().get(0).reason())
        .isEqualTo("measuring it failed unexpectedly, IllegalStateException: not today");
    assertThat(summary.report()).isNotEmptyFile();
    assertThat(folder.resolve("sheet.png")).doesNotExist();
  }

  @Test
  void aDecoderIdenticalToTheTruthHasAnInfinitePsnrEverywhere() throws IOException {
    Picture scene = TestPictures.scene(64, 48, 1);
    ComparisonInput.Loaded loaded =
        new ComparisonInput.Loaded(
            Optional.empty(), Optional.of(scene), Map.of("same", scene), List.of());
    Comparison comparison = Comparison.builder().pictures("same").build();
    for (int run = 0; run < 2; run++) {
      comparison.run(List.of(ComparisonInput.of("a", loaded)), folder, ComparisonListener.NONE);
      assertThat(Files.readString(folder.resolve("metrics.csv"))).contains(",inf,1.0,");
      assertThat(
              metrics()
                  .get("inputs")
                  .get(0)
                  .get("columns")
                  .get(0)
                  .get("measurements")
                  .get("whole")
                  .get("psnr")
                  .isNull())
          .isTrue();
      assertThat(Files.readString(folder.resolve("report.html"))).contains("∞");
    }
  }

  @Test
  void namesThatCannotBeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> both().decoder("blocks", blocks, DecodeOptions.defaults()))
        .withMessage("two decoders are called 'blocks'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> both().pictures("truth"))
        .withMessage("'truth' cannot be the name of a decoder here");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Comparison.builder().build())
        .withMessage("nothing to compare: no decoder was given");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                both()
                    .build()
                    .run(
                        List.of(withTruth("a", 1), withTruth("a", 2)),
                        folder,
                        ComparisonListener.NONE))
        .withMessage("two inputs are called 'a'");
  }

  @Test
  void namesOfAnyKindStayInsideTheFolder() throws IOException {
    both()
        .build()
        .run(
            List.of(withTruth("../../etc/x", 1), withTruth("日本", 2), withTruth("a/b", 3)),
            folder,
            ComparisonListener.NONE);
    try (var files = Files.list(folder.resolve("results"))) {
      assertThat(files.map(file -> file.getFileName().toString().replaceAll("-[0-9a-f]{8}$", "")))
          .containsExactlyInAnyOrder("etc-x", "x", "a-b");
    }
  }
}
