package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.FakeDecoder;
import io.github.consistencydecoder.cli.FakeEncoder;
import io.github.consistencydecoder.cli.TestPictures;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The kinds of input and the options, with a decoder and an encoder that can be computed by hand.
 */
final class CompareCommandTest {
  private static final String DECODERS = "--decoder=fake";

  @TempDir private Path folder;

  private Path out;

  @BeforeEach
  void chooseOutput() {
    out = folder.resolve("out");
  }

  /** {@code compare} with two decoders of one plugin and the fake encoder. */
  private CommandRun compare(Object... arguments) {
    List<Object> all =
        new ArrayList<>(
            List.of("compare", DECODERS, "--decoder", "other=fake:model=other", "-o", out));
    all.addAll(List.of("--encoder", "fake"));
    all.addAll(List.of(arguments));
    return CommandRun.of(all.toArray());
  }

  private ComparisonFiles succeeded(CommandRun run) {
    assertThat(run.code()).as(run.err()).isZero();
    return ComparisonFiles.in(out);
  }

  private Path latents(String name, int batch, long seed) throws IOException {
    return TensorBytes.npy(
        folder.resolve(name), SampleLatents.values(batch * 96, seed), batch, 4, 4, 6);
  }

  private Path photograph(String name, long seed) throws IOException {
    return TestPictures.png(folder.resolve("photos").resolve(name), 48, 32, seed);
  }

  @Test
  void latentsWithoutATruthAreComparedWithEachOtherAndNothingIsCalledQuality() throws IOException {
    CommandRun run = compare(latents("a.npy", 1, 1), "--latents", "scaled");

    ComparisonFiles files = succeeded(run);
    assertThat(run.out().lines())
        .containsExactly(
            out.resolve("report.html").toString(),
            out.resolve("sheet.png").toString(),
            out.resolve("metrics.json").toString(),
            out.resolve("metrics.csv").toString());
    assertThat(files.columns()).containsExactly("fake", "other");
    assertThat(files.inputs()).containsExactly("a");
    assertThat(files.input("a").get("truth").asBoolean()).isFalse();
    assertThat(files.measured("a", "other", "whole").has("psnr")).isFalse();
    assertThat(files.measured("a", "other", "whole").get("mae").asDouble()).isZero();
  }

  @Test
  void batchIsSplitIntoItsLatents() throws IOException {
    Path batch = latents("batch.npy", 3, 1);

    ComparisonFiles files = succeeded(compare(batch, "--latents", "scaled"));

    assertThat(files.inputs()).containsExactly("batch#0", "batch#1", "batch#2");
    assertThat(files.measured("batch#0", "fake", "whole"))
        .isNotEqualTo(files.measured("batch#1", "fake", "whole"));
  }

  @Test
  void comfyLatentsAndSafetensorsAreReadAsDecodeReadsThem() throws IOException {
    Path photo = photograph("photo.png", 1);
    Path latents = Files.createDirectory(folder.resolve("latents"));
    CommandRun.of("encode", "--encoder=fake", photo, "-o", latents.resolve("a.latent"));
    CommandRun.of("encode", "--encoder=fake", photo, "-o", latents.resolve("b.safetensors"));
    CommandRun.of(
        "encode", "--encoder=fake", photo, "-o", latents.resolve("c.safetensors"), "--scaled");

    Path truth = Files.createDirectory(folder.resolve("truth"));
    for (String name : List.of("a", "b", "c")) {
      Files.copy(photo, truth.resolve(name + ".png"));
    }

    ComparisonFiles files = succeeded(compare(latents, "--truth", truth));

    for (String name : List.of("a", "b", "c")) {
      assertThat(files.measured(name, "fake", "whole").get("max").asDouble()).isLessThan(2);
    }
    assertThat(files.notes("a")).contains("taken as unscaled latents: a ComfyUI latent");
    assertThat(files.notes("c")).contains("taken as scaled latents: its metadata says so");
  }

  @Test
  void photographIsEncodedAndIsTheTruthAsItWasFitted() throws IOException {
    Path photo = TestPictures.png(folder.resolve("odd.png"), 50, 35, 1);

    CommandRun run = compare(photo);

    ComparisonFiles files = succeeded(run);
    assertThat(run.err()).contains("note: odd: it was cropped from 50x35 to 48x32, its middle");
    assertThat(files.notes("odd"))
        .contains(
            "it was cropped from 50x35 to 48x32, its middle",
            "its latents were made by the encoder 'fake' with the model 'plain'");
    JsonNode input = files.input("odd");
    assertThat(input.get("width").asInt()).isEqualTo(48);
    assertThat(input.get("truth").asBoolean()).isTrue();
    assertThat(files.measured("odd", "fake", "whole").get("psnr").asDouble()).isPositive();
    Path truth =
        out.resolve(input.get("folder").asString()).resolve(input.get("truth_file").asString());
    assertThat(TestPictures.read(truth))
        .isEqualTo(TestPictures.blocks(50, 35, 1).crop(new Region(1, 1, 48, 32)));
  }

  @Test
  void wholeBlocksSurviveTheWayThereAndBack() throws IOException {
    ComparisonFiles files = succeeded(compare(photograph("photo.png", 1)));

    // Half a level is what the two conversions to bytes may cost.
    assertThat(files.measured("photo", "fake", "whole").get("max").asDouble())
        .isLessThanOrEqualTo(1);
  }

  @Test
  void foldersMayHoldBoth() throws IOException {
    photograph("a.png", 1);
    Files.copy(latents("b.npy", 1, 2), folder.resolve("photos").resolve("b.npy"));
    Files.writeString(folder.resolve("photos").resolve("notes.txt"), "mine");

    CommandRun run = compare(folder.resolve("photos"), "--latents", "scaled");

    assertThat(succeeded(run).inputs()).containsExactly("a", "b");
    assertThat(run.err()).contains("left out 1 file of another kind");
  }

  @Test
  void inputsOfOneNameAreToldApart() throws IOException {
    Path one = TestPictures.png(folder.resolve("one").resolve("x.png"), 16, 16, 1);
    Path two = TestPictures.png(folder.resolve("two").resolve("x.png"), 16, 16, 2);

    assertThat(succeeded(compare(one, two)).inputs())
        .containsExactly(one.toString(), two.toString());
  }

  @Test
  void truthsAreFoundByName() throws IOException {
    Path a = latents("a.npy", 1, 1);
    Path batch = latents("b.npy", 2, 2);
    Path truth = folder.resolve("truth");
    TestPictures.png(truth.resolve("a.png"), 48, 32, 1);
    // Of the size that it had before it was encoded.
    TestPictures.png(truth.resolve("b-1.png"), 50, 35, 2);

    ComparisonFiles files = succeeded(compare(a, batch, "--latents", "scaled", "--truth", truth));

    assertThat(files.input("a").get("truth").asBoolean()).isTrue();
    assertThat(files.input("b#0").get("truth").asBoolean()).isFalse();
    assertThat(files.input("b#1").get("truth").asBoolean()).isTrue();
    assertThat(files.notes("b#1"))
        .contains("truth: it was cropped from 50x35 to 48x32, its middle");
  }

  @Test
  void oneTruthServesOneInputWhateverItIsCalled() throws IOException {
    Path truth = photograph("original.png", 1);

    ComparisonFiles files =
        succeeded(compare(latents("a.npy", 1, 1), "--latents", "scaled", "--truth", truth));

    assertThat(files.input("a").get("truth").asBoolean()).isTrue();
  }

  @Test
  void decodersGetTheirSettingsAndOptions() throws IOException {
    CommandRun run =
        CommandRun.of(
            "compare",
            latents("a.npy", 1, 1),
            "-o",
            out,
            "--seed=7",
            "--threads=1",
            "--decoder=one=fake:model=m,steps=1,dialect=diffusers,device=cpu",
            "--decoder=two=fake:model=m,schedule=800,16,seed=3,device=cpu");

    ComparisonFiles files = succeeded(run);
    JsonNode one = files.column("a", "one").get("about");
    assertThat(one.get("model").asString()).isEqualTo("m");
    assertThat(one.get("schedule").asString()).isEqualTo("1008");
    assertThat(one.get("seed").asString()).isEqualTo("7");
    assertThat(one.get("clamp").asString()).isEqualTo("none");
    JsonNode two = files.column("a", "two").get("about");
    assertThat(two.get("schedule").asString()).isEqualTo("800,16");
    assertThat(two.get("seed").asString()).isEqualTo("3");
    assertThat(two.get("clamp").asString()).isEqualTo("each-step");
  }

  @Test
  void decodersAreOpenedOnceAndClosed() throws IOException {
    latents("a.npy", 2, 1);
    int before = FakeDecoder.OPENINGS.get();

    succeeded(
        CommandRun.of(
            "compare",
            folder.resolve("a.npy"),
            photograph("p.png", 1),
            "--encoder=fake",
            "-o",
            out,
            "--decoder=one=fake:steps=1",
            "--decoder=two=fake:steps=2",
            "--decoder=three=fake:model=other"));

    // Two of the three differ only in how they decode.
    assertThat(FakeDecoder.OPENINGS.get() - before).isEqualTo(2);
    assertThat(FakeDecoder.OPEN).hasValue(0);
    assertThat(FakeEncoder.OPEN).hasValue(0);
  }

  @Test
  void withoutDecodersThePreviewAndTheTinyModelAreComparedAloud() throws IOException {
    CommandRun run =
        CommandRun.of(
            "compare", latents("a.npy", 1, 1), "-o", out, "--cache", folder.resolve("cache"));

    assertThat(succeeded(run).columns()).containsExactly("linear preview", "bundled preview");
    assertThat(run.err()).contains("comparing the linear preview with the bundled preview model");
  }

  @Test
  void cropsAreTakenByHandOrFound() throws IOException {
    Path photo = photograph("p.png", 1);

    ComparisonFiles given = succeeded(compare(photo, "--crop", "0,0,16,8", "--crop", "8,8,24,16"));
    assertThat(given.input("p").get("crops").get(1).get("width").asInt()).isEqualTo(24);
    assertThat(given.measured("p", "fake", "crop 2").has("psnr")).isTrue();

    JsonNode found =
        succeeded(
                compare(photo, "--decoder=c=fake:model=inverted", "--crops", 3, "--crop-size", 16))
            .input("p")
            .get("crops");
    assertThat(found).hasSize(3);
    assertThat(found.get(0).get("width").asInt()).isEqualTo(16);
    assertThat(succeeded(compare(photo, "--crops", 0)).input("p").get("crops")).isEmpty();
  }

  @Test
  void reportIsHeldToItsSize() throws IOException {
    for (int i = 0; i < 12; i++) {
      photograph("p" + i + ".png", i);
    }
    succeeded(compare(folder.resolve("photos"), "--title", "Ours & theirs"));
    long free = Files.size(out.resolve("report.html"));
    assertThat(Files.readString(out.resolve("report.html"))).contains("Ours &amp; theirs");

    succeeded(compare(folder.resolve("photos"), "--report-size", "60K"));

    assertThat(Files.size(out.resolve("report.html"))).isLessThan(free);
  }

  @Test
  void jsonTellsWhatTookPart() throws IOException {
    Path bad = Files.write(folder.resolve("bad.png"), new byte[0]);

    CommandRun run = compare(photograph("p.png", 1), bad, "--json").exits(4);

    JsonNode document = new JsonMapper().readTree(run.out());
    assertThat(document.get("exit_code").asInt()).isEqualTo(4);
    assertThat(document.get("encoder").get("plugin").asString()).isEqualTo("fake");
    assertThat(document.get("decoders").get(1).get("model").asString()).isEqualTo("other");
    assertThat(document.get("files").get("report.html").asString())
        .isEqualTo(out.resolve("report.html").toString());
    assertThat(document.get("compared").asInt()).isEqualTo(1);
    assertThat(document.get("failures").get(0).get("input").asString()).isEqualTo("bad");
    assertThat(document.get("failures").get(0).get("error").asString())
        .isEqualTo(bad + ": the file is empty");
  }

  @Test
  void whatDecodersWarnOfIsSaidOncePerInput() throws IOException {
    CommandRun run =
        CommandRun.of(
            "compare",
            latents("a.npy", 1, 1),
            "-o",
            out,
            "--decoder=one=fake:model=warning",
            "--decoder=two=fake:model=warning,device=cpu");

    assertThat(run.err().lines().filter(line -> line.startsWith("warning: ")))
        .containsExactly("warning: a: one: this looks odd");
    assertThat(succeeded(run).column("a", "two").get("warnings").toString())
        .contains("this looks odd");
  }

  @Test
  void picturesDecodedElsewhereAreColumnsBesideDecoders() throws IOException {
    Path photo = photograph("p.png", 1);
    Path vae = folder.resolve("vae");
    TestPictures.png(vae.resolve("p.png"), 48, 32, 2);
    TestPictures.png(vae.resolve("unrelated.png"), 48, 32, 3);

    ComparisonFiles files =
        succeeded(
            CommandRun.of(
                "compare",
                photo,
                "-o",
                out,
                "--encoder=fake",
                "--decoder=fake",
                "--pictures",
                "vae=" + vae));

    assertThat(files.columns()).containsExactly("vae", "fake");
    assertThat(files.inputs()).containsExactly("p");
    assertThat(files.column("p", "vae").has("seconds")).isFalse();
    assertThat(files.column("p", "fake").has("seconds")).isTrue();
  }

  @Test
  void picturesAloneNeedNoModelAtAll() throws IOException {
    Path photo = photograph("p.png", 1);
    Path one = TestPictures.png(folder.resolve("one.png"), 48, 32, 2);
    Path two = TestPictures.png(folder.resolve("two.png"), 48, 32, 3);

    // The photograph is not encoded either: it is the truth and nothing is decoded.
    ComparisonFiles beside =
        succeeded(
            CommandRun.of(
                "compare", photo, "-o", out, "--pictures=one=" + one, "--pictures=two=" + two));
    assertThat(beside.input("p").get("truth").asBoolean()).isTrue();

    ComparisonFiles alone =
        succeeded(
            CommandRun.of("compare", "-o", out, "--pictures=one=" + one, "--pictures=two=" + two));
    assertThat(alone.inputs()).containsExactly("one");
    assertThat(alone.input("one").get("truth").asBoolean()).isFalse();
    assertThat(alone.measured("one", "two", "whole").has("psnr")).isFalse();
  }
}
