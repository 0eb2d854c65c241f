package io.github.consistencydecoder.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.cli.FakeDecoder;
import io.github.consistencydecoder.cli.FakeEncoder;
import io.github.consistencydecoder.cli.TestPictures;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison that is run again does what is missing or has changed, and nothing else. */
final class CompareRerunTest {
  @TempDir private Path folder;

  private Path out;
  private Path photos;
  private Path latents;

  @BeforeEach
  void writeInputs() throws IOException {
    out = folder.resolve("out");
    photos = folder.resolve("photos");
    TestPictures.png(photos.resolve("a.png"), 24, 16, 1);
    TestPictures.png(photos.resolve("b.png"), 24, 16, 2);
    latents = TensorBytes.npy(folder.resolve("batch.npy"), SampleLatents.values(48, 1), 2, 4, 2, 3);
  }

  /**
   * What a run did.
   *
   * @param encodes of photographs
   * @param decodes of any decoder
   */
  private record Work(int encodes, int decodes) {}

  private Work compare(Object... more) {
    List<Object> all =
        new ArrayList<>(List.of("compare", photos, latents, "-o", out, "--encoder=fake"));
    if (Arrays.stream(more).noneMatch(option -> option.toString().startsWith("--decoder"))) {
      all.addAll(List.of("--decoder=fake", "--decoder=other=fake:model=other"));
    }
    all.addAll(List.of(more));
    int encodes = FakeEncoder.ENCODES.get();
    int decodes = FakeDecoder.DECODES.get();
    CommandRun.of(all.toArray()).exits(0);
    return new Work(FakeEncoder.ENCODES.get() - encodes, FakeDecoder.DECODES.get() - decodes);
  }

  @Test
  void nothingIsDoneTwice() throws IOException {
    assertThat(compare()).isEqualTo(new Work(2, 8));
    byte[] csv = Files.readAllBytes(out.resolve("metrics.csv"));

    assertThat(compare()).isEqualTo(new Work(0, 0));

    assertThat(out.resolve("metrics.csv")).hasBinaryContent(csv);
    assertThat(ComparisonFiles.in(out).inputs()).containsExactly("a", "b", "batch#0", "batch#1");
  }

  @Test
  void nothingIsDoneTwiceWithRealDecoders() {
    Path cache = folder.resolve("cache");
    List<Object> command =
        List.of(
            "compare",
            latents,
            "-o",
            out,
            "--decoder=tiny=consistency:steps=1",
            "--decoder=preview",
            "--cache",
            cache);
    CommandRun.of(command.toArray()).exits(0);
    String seconds = ComparisonFiles.in(out).column("batch#1", "tiny").get("seconds").toString();

    // The second start takes the decoder's graph from the cache.
    CommandRun second = CommandRun.of(command.toArray());

    assertThat(second.err()).contains("note: 2 of 2 inputs were done already");
    assertThat(ComparisonFiles.in(out).column("batch#1", "tiny").get("seconds"))
        .hasToString(seconds);
  }

  @Test
  void whatIsNewIsDone() throws IOException {
    compare();
    TestPictures.png(photos.resolve("c.png"), 24, 16, 3);

    assertThat(compare()).isEqualTo(new Work(1, 2));
  }

  @Test
  void whatHasChangedIsDoneAgain() throws IOException {
    compare();
    TestPictures.png(photos.resolve("a.png"), 24, 16, 4);
    assertThat(compare()).isEqualTo(new Work(1, 2));

    TensorBytes.npy(latents, SampleLatents.values(48, 2), 2, 4, 2, 3);
    assertThat(compare()).isEqualTo(new Work(0, 4));
  }

  @Test
  void otherOptionsAreOtherResults() {
    compare();

    assertThat(compare("--size=16")).isEqualTo(new Work(2, 4));
    assertThat(compare("--size=16", "--encoder-model=x")).isEqualTo(new Work(2, 4));
    assertThat(compare("--size=16", "--encoder-model=x", "--seed=1")).isEqualTo(new Work(2, 8));
    assertThat(compare("--size=16", "--encoder-model=x", "--seed=1", "--latents=unscaled"))
        .isEqualTo(new Work(0, 4));
    assertThat(
            compare(
                "--size=16", "--encoder-model=x", "--seed=1", "--latents=unscaled", "--crops=1"))
        .isEqualTo(new Work(2, 8));
  }

  @Test
  void truthsAndDecodedPicturesCount() throws IOException {
    Path truth = folder.resolve("truth");
    Path vae = folder.resolve("vae");
    for (String name : List.of("a", "b", "batch-0", "batch-1")) {
      TestPictures.png(vae.resolve(name + ".png"), 24, 16, 5);
    }
    TestPictures.png(truth.resolve("batch-1.png"), 24, 16, 6);
    Object[] options = {"--pictures=vae=" + vae, "--truth=" + truth, "--decoder=fake"};
    assertThat(compare(options)).isEqualTo(new Work(2, 4));
    assertThat(compare(options)).isEqualTo(new Work(0, 0));

    TestPictures.png(truth.resolve("batch-1.png"), 24, 16, 7);
    assertThat(compare(options)).isEqualTo(new Work(0, 1));

    TestPictures.png(vae.resolve("b.png"), 24, 16, 8);
    assertThat(compare(options)).isEqualTo(new Work(1, 1));
  }

  @Test
  void picturesAreLetGoBeforeTheNextIsDecoded() throws IOException {
    Picture large = TestPictures.blocks(64, 48, 1);
    for (int i = 0; i < 6; i++) {
      TestPictures.png(photos.resolve("p" + i + ".png"), large);
    }

    assertThat(compare("--crops=0", "--decoder=fake:model=watchful")).isEqualTo(new Work(8, 10));

    assertThat(FakeDecoder.MOST_HELD).as("pictures that were still held").hasValue(0);
  }
}
