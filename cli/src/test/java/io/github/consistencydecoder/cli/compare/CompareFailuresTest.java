package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.FakeDecoder;
import io.github.consistencydecoder.cli.TestPictures;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes wrong in {@code compare}: one clear line, the right code, and the rest is done. */
final class CompareFailuresTest {
  @TempDir private Path folder;

  private Path out;
  private Path latents;

  @BeforeEach
  void writeLatents() throws IOException {
    out = folder.resolve("out");
    latents = TensorBytes.npy(folder.resolve("a.npy"), SampleLatents.values(24, 1), 1, 4, 2, 3);
  }

  private CommandRun compare(Object... arguments) {
    List<Object> all =
        new ArrayList<>(
            List.of("compare", "--decoder=fake", "--decoder=other=fake:model=other", "-o", out));
    all.add("--encoder=fake");
    all.addAll(List.of(arguments));
    return CommandRun.of(all.toArray());
  }

  private void assertRefused(CommandRun run, int code, String message) {
    run.assertRefused(code, message);
    assertThat(out).doesNotExist();
  }

  @Test
  void badPicturesAmongGoodOnesGetALineEachAndTheRestIsDone() throws IOException {
    Path in = folder.resolve("mixed");
    Map<String, String> bad = TestPictures.writeBad(in);
    Map<String, String> unusual = TestPictures.writeUnusual(in);

    CommandRun run = compare(in).exits(4);

    List<String> errors = run.errors();
    assertThat(errors).hasSameSizeAs(bad.keySet());
    bad.forEach(
        (name, reason) ->
            assertThat(errors)
                .as(name)
                .anyMatch(line -> line.startsWith("error: " + in.resolve(name) + ": " + reason)));
    ComparisonFiles files = ComparisonFiles.in(out);
    assertThat(files.inputs()).containsExactlyElementsOf(stems(unusual));
    unusual.forEach(
        (name, note) -> {
          if (!note.isEmpty()) {
            assertThat(files.notes(stem(name))).contains(note);
          }
        });
    assertThat(files.metrics().get("failures")).hasSameSizeAs(bad.keySet());
  }

  private static Set<String> stems(Map<String, String> files) {
    Set<String> stems = new TreeSet<>();
    files.keySet().forEach(name -> stems.add(stem(name)));
    return stems;
  }

  private static String stem(String name) {
    return name.substring(0, name.indexOf('.'));
  }

  @Test
  void badLatentsAmongGoodOnesGetALineEachAndTheRestIsDone() throws IOException {
    byte[] whole = Files.readAllBytes(latents);
    Path cut = Files.write(folder.resolve("cut.npy"), Arrays.copyOf(whole, whole.length - 7));
    Path zero = Files.write(folder.resolve("zero.safetensors"), new byte[0]);
    Path picture = Files.write(folder.resolve("picture.npy"), TestPictures.sample("rgb.png"));
    Path flux = TensorBytes.npy(folder.resolve("flux.npy"), new float[96], 1, 16, 2, 3);
    Path missing = folder.resolve("missing.latent");

    CommandRun run =
        compare(cut, zero, picture, flux, missing, latents, "--latents", "scaled").exits(4);

    List<String> errors = run.errors();
    assertThat(errors).hasSize(5);
    for (Path path : List.of(cut, zero, picture, flux, missing)) {
      assertThat(errors)
          .as(path.toString())
          .anyMatch(line -> line.startsWith("error: " + path + ":"));
    }
    assertThat(errors).anyMatch(line -> line.contains("Stable Diffusion 3 or Flux"));
    assertThat(errors).anyMatch(line -> line.contains("no such file or folder"));
    assertThat(ComparisonFiles.in(out).inputs()).containsExactly("a");
  }

  @Test
  void badTruthsAndDecodedPicturesFailTheirInputAlone() throws IOException {
    Path truth = folder.resolve("truth");
    Path vae = folder.resolve("vae");
    for (String name : List.of("a", "b", "c", "d")) {
      TestPictures.png(vae.resolve(name + ".png"), 24, 16, 1);
      TestPictures.png(truth.resolve(name + ".png"), 24, 16, 2);
    }
    Files.write(truth.resolve("b.png"), new byte[0]);
    Files.write(vae.resolve("c.png"), TestPictures.sample("cmyk.tif"));
    Files.copy(vae.resolve("a.png"), vae.resolve("d.bmp"));

    CommandRun run =
        CommandRun.of("compare", "--pictures", "vae=" + vae, "--truth", truth, "-o", out).exits(4);

    assertThat(run.errors())
        .containsExactly(
            "error: " + truth.resolve("b.png") + ": the file is empty",
            "error: "
                + vae.resolve("c.png")
                + ": the TIFF is in CMYK, the colours of print; convert it to RGB first",
            "error: %s and %s: which of the two is not clear"
                .formatted(vae.resolve("d.bmp"), vae.resolve("d.png")));
    assertThat(ComparisonFiles.in(out).inputs()).containsExactly("a");
  }

  @Test
  void picturesOfOtherSizesAreToldApart() throws IOException {
    TestPictures.png(folder.resolve("one").resolve("x.png"), 24, 16, 1);
    TestPictures.png(folder.resolve("two").resolve("x.png"), 16, 24, 1);
    TestPictures.png(folder.resolve("one").resolve("y.png"), 24, 16, 1);
    TestPictures.png(folder.resolve("one").resolve("z.png"), 24, 16, 1);
    TestPictures.png(folder.resolve("two").resolve("z.png"), 24, 16, 1);

    CommandRun run =
        CommandRun.of(
                "compare",
                "--pictures",
                "one=" + folder.resolve("one"),
                "--pictures",
                "two=" + folder.resolve("two"),
                "-o",
                out)
            .exits(4);

    assertThat(run.errors())
        .containsExactly(
            "error: x: 'one' is 24x16 pixels, 'two' is 16x24; they must have one size",
            "error: y: there is no picture of it in 'two'");
    assertThat(ComparisonFiles.in(out).inputs()).containsExactly("z");
  }

  @Test
  void failureWhileDecodingDoesNotStopTheOthers() throws IOException {
    Path small = TensorBytes.npy(folder.resolve("small.npy"), new float[4], 1, 4, 1, 1);

    CommandRun run =
        compare(latents, small, "--latents=scaled", "--decoder=weak=fake:model=failing").exits(1);

    assertThat(run.errors()).containsExactly("error: a: decoder 'weak': the runtime failed");
    assertThat(ComparisonFiles.in(out).inputs()).containsExactly("small");
    assertThat(FakeDecoder.OPEN).hasValue(0);
  }

  @Test
  void latentsThatNoDecoderTakesAreAnInputError() throws IOException {
    float[] broken = SampleLatents.values(24, 1);
    broken[5] = Float.NaN;
    Path file = TensorBytes.npy(folder.resolve("nan.npy"), broken, 1, 4, 2, 3);

    CommandRun run =
        CommandRun.of(
                "compare", file, "-o", out, "--decoder=preview", "--decoder=other=fake:model=other")
            .exits(4);

    assertThat(run.errors()).singleElement().asString().startsWith("error: nan: decoder 'preview'");
  }

  @Test
  void modelProblemEndsTheRunWithItsOwnCode() {
    assertRefused(compare(latents, "--decoder=x=fake:model=missing"), 3, "pull it first");
    assertThat(FakeDecoder.OPEN).hasValue(0);
  }

  @Test
  void missingWeightsOfTheMetricAreAModelError() {
    assertRefused(compare(latents, "--lpips", folder.resolve("none")), 3, "none");
  }

  @Test
  void withoutAnEncoderPhotographsAreRefused() throws IOException {
    Path photo = TestPictures.png(folder.resolve("p.png"), 16, 16, 1);

    assertRefused(
        CommandRun.of("compare", photo, "-o", out, "--decoder=fake", "--decoder=preview"),
        3,
        "no encoder is in the store");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--decoder|fake|the name 'fake' is taken; put another before it, NAME=fake",
        "--decoder|truth=fake|the name 'truth' is taken",
        "--decoder|x=none|no decoder is called 'none'",
        "--decoder|x=fake:steps=0|a whole number of 1 to 64 is needed",
        "--decoder|x=fake:dialect=latin|original and diffusers" + " exist",
        "--decoder|x=preview:sharp=1|setting 'sharp' is unknown",
        "--pictures|elsewhere|NAME=FOLDER or NAME=FILE is needed",
        "--crop|1,2,3|is not of the form x,y,width,height",
        "--crop|0,0,0,9|is empty or begins outside",
        "--crops|-1|0 to 100 are possible",
        "--crop-size|0|at least 1 is needed",
        "--report-size|9999999999G|a size up to 2G is needed",
        "--size|100|both sides must be multiples of 8",
        "--seed|x|invalid value for option '--seed'",
      })
  void optionThatMakesNoSenseIsAUsageError(String option, String value, String message) {
    assertRefused(compare(latents, option, value), 2, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          compare -o OUT | 2 | nothing to compare
          compare LATENTS -o OUT --decoder=fake | 2 | one decoder or set of pictures is nothing to compare
          compare --pictures a=PICTURES -o OUT --decoder=fake | 2 | there are no latents and no photographs to decode
          compare -o OUT TWO PICTURES/p.png --truth PICTURES | 2 | are the truth themselves
          compare -o OUT TWO LATENTS --truth PICTURES | 2 | no picture there is called as an input
          compare -o OUT TWO LATENTS --crop 0,0,8,8 --crops 1 | 2 | excludes --crops and --crop-size
          compare -o OUT TWO LATENTS PICTURES --pictures one=PICTURES/p.png | 2 | is one file, there are 2 inputs
          compare -o OUT TWO LATENTS --pictures one=PICTURES/none | 4 | none: no such file or folder
          """)
  void nothingToCompareIsAUsageError(String line, int code, String message) throws IOException {
    Path pictures = folder.resolve("pictures");
    TestPictures.png(pictures.resolve("p.png"), 16, 16, 1);
    String two = "--decoder=fake --decoder=other=fake:model=other --encoder=fake";

    assertRefused(
        CommandRun.line(
            line.replace("TWO", two), Map.of("OUT", out, "LATENTS", latents, "PICTURES", pictures)),
        code,
        message);
  }

  @Test
  void resultsNeedAFolderOfTheirOwn() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    Path mine = Files.createDirectory(folder.resolve("mine"));
    Files.writeString(mine.resolve("report.html"), "mine");

    assertRefused(
        CommandRun.of("compare", latents, "-o", file), 2, "is a file, a folder is needed");
    assertRefused(
        CommandRun.of("compare", folder, "-o", folder),
        2,
        "the results need a folder of their own");
    assertRefused(CommandRun.of("compare", latents, "-o", mine), 1, "exists already");
    assertThat(mine.resolve("report.html")).hasContent("mine");
  }
}
