package io.github.consistencydecoder.cli.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.plugin.Start;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a decode of the command starts from and keeps, with the bundled model. */
class ModeOptionsTest {
  private static final int SIDE = 320;

  @TempDir private static Path folder;
  private static Path latents;
  private static Picture photo;

  @BeforeAll
  static void write() throws IOException {
    Latents sample = SampleLatents.scaled(3, 1, SIDE / 8, SIDE / 8);
    latents = folder.resolve("latents.npy");
    Files.write(latents, TensorBytes.npy(sample.values(), 1, 4, SIDE / 8, SIDE / 8));
    byte[] rgb = new byte[3 * SIDE * SIDE];
    new Random(1).nextBytes(rgb);
    photo = Picture.takeOver(SIDE, SIDE, rgb);
    Files.write(folder.resolve("photo.png"), PictureWriter.png(photo));
    Files.write(folder.resolve("small.png"), PictureWriter.png(square(8, 0, 0)));
    Files.write(folder.resolve("mask.png"), PictureWriter.png(square(SIDE, 100, 140)));
    Files.write(folder.resolve("none.png"), PictureWriter.png(square(SIDE, 0, 0)));
    Files.write(folder.resolve("all.png"), PictureWriter.png(square(SIDE, 0, SIDE)));
  }

  private static Picture square(int side, int from, int to) {
    byte[] rgb = new byte[3 * side * side];
    for (int y = from; y < to; y++) {
      java.util.Arrays.fill(rgb, 3 * (y * side + from), 3 * (y * side + to), (byte) 255);
    }
    return Picture.takeOver(side, side, rgb);
  }

  private static CommandRun decode(String out, String options) {
    Object[] parts = options.isEmpty() ? new Object[0] : options.split(" ");
    Object[] all = new Object[parts.length + 8];
    int n = 0;
    for (Object one :
        new Object[] {
          "decode", latents, "-o", folder.resolve(out), "--force", "-m", "tiny", "-q"
        }) {
      all[n++] = one;
    }
    for (Object part : parts) {
      Path file = folder.resolve(part.toString());
      all[n++] = Files.exists(file) ? file : part;
    }
    return CommandRun.of(all);
  }

  private static Picture read(String name) throws IOException {
    return new PictureReader().read(folder.resolve(name)).picture();
  }

  private static Picture here(DecodeOptions.Builder options) throws IOException {
    DecoderConfig config = DecoderConfig.empty().with(DecoderConfig.MODEL, "tiny");
    try (LatentDecoder decoder = Decoders.open("consistency", config)) {
      Latents read = LatentsFile.read(latents, ScaleChoice.AUTO, null, null).latents();
      return Picture.of(decoder.decode(read, options.build()).pixels(), 0);
    }
  }

  @Test
  void anotherDecoderMakesTheStart() throws IOException {
    decode("preview.npy", "--start preview --seed 5").exits(0);
    decode("preview.png", "--start preview --seed 5").exits(0);

    try (LatentDecoder preview = Decoders.open("preview", DecoderConfig.empty())) {
      assertThat(read("preview.png"))
          .isEqualTo(here(DecodeOptions.builder().seed(5).start(Start.decodedBy(preview))));
    }
    assertThat(PngChunks.of(folder.resolve("preview.png")).text())
        .containsEntry("schedule", "512")
        .containsKey("start");
  }

  @Test
  void aPictureIsTheStart() throws IOException {
    decode("given.png", "--start photo.png").exits(0);

    assertThat(read("given.png"))
        .isEqualTo(here(DecodeOptions.builder().start(Start.given(photo.toPixels()))));
  }

  @Test
  void knownPixelsComeBackAsTheyAre() throws IOException {
    decode("kept.png", "--keep photo.png --mask mask.png --feather 3").exits(0);
    Picture kept = read("kept.png");

    boolean changed = false;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        boolean inside = x >= 100 && x < 140 && y >= 100 && y < 140;
        for (int c = 0; c < 3; c++) {
          boolean same = kept.level(x, y, c) == photo.level(x, y, c);
          assertThat(inside || same).isTrue();
          changed |= !same;
        }
      }
    }
    assertThat(changed).isTrue();
    assertThat(PngChunks.of(folder.resolve("kept.png")).text()).containsKeys("keep", "region");
  }

  @Test
  void anEmptyMaskAndOneOfEverythingAreSaid() throws IOException {
    CommandRun none = decode("o.png", "--keep photo.png --mask none.png").exits(0);
    assertThat(none.err()).contains("leaves nothing to decode");
    assertThat(read("o.png")).isEqualTo(photo);
    CommandRun all = decode("o.png", "--keep photo.png --mask all.png --steps 1").exits(0);
    assertThat(all.err()).contains("no known pixel is kept");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--keep photo.png|2|--keep and --mask are needed together",
        "--feather 3|2|with them",
        "--keep photo.png --mask small.png|2|the mask has 8x8 pixels",
        "--keep small.png --mask small.png|4|320x320",
        "--keep photo.png --mask mask.png --feather 999|2|feather is 0 to 256",
        "--keep photo.png --mask mask.png --region most|2|auto or whole",
        "--start small.png|4|320x320",
        "--start consistency|2|of the same kind",
        "--start nowhere.png|2|neither noise nor a file",
      })
  void badInputIsASentence(String options, int code, String sentence) {
    assertThat(decode("bad.png", options).exits(code).err()).contains(sentence);
    assertThat(folder.resolve("bad.png")).doesNotExist();
  }

  @Test
  void timestepsAtWhichAStartIsOfNoUseAreWarnedAbout() {
    assertThat(decode("o.png", "--start preview --schedule 1008").exits(0).err())
        .contains("forgotten");
    assertThat(decode("o.png", "--start preview --schedule 200").exits(0).err()).contains("blend");
  }

  @Test
  void picturesOfFloatsAreWritten() throws IOException {
    decode("o.npy", "--start preview --keep photo.png --mask mask.png").exits(0);
    assertThat(Files.size(folder.resolve("o.npy"))).isGreaterThan(12L * SIDE * SIDE);
    assertThat(Pixels.ofRgb8(photo.rgb(), 1, SIDE, SIDE).height()).isEqualTo(SIDE);
  }
}
