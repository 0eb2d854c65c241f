package io.github.consistencydecoder.formats.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.formats.io.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files and expectations are made by make_picture_files.py, with Pillow. */
class PictureReaderTest {
  private static final PictureReader READER = new PictureReader();

  private static byte[] file(String name) throws IOException {
    try (InputStream in = PictureReaderTest.class.getResourceAsStream("/pictures/" + name)) {
      assertThat(in).as(name).isNotNull();
      return in.readAllBytes();
    }
  }

  /** Names of an ending, for example {@code png: rgb grey}. */
  private static Stream<String> files(String... rows) {
    return Stream.of(rows)
        .flatMap(
            row -> {
              String ending = row.substring(0, row.indexOf(':'));
              return Stream.of(row.substring(ending.length() + 2).split(" ", -1))
                  .map(name -> name + "." + ending);
            });
  }

  private static ThrowableAssertAlternative<FormatException> refused(String name, byte[] bytes) {
    return refused(READER, name, bytes);
  }

  private static ThrowableAssertAlternative<FormatException> refused(
      PictureReader reader, String name, byte[] bytes) {
    return assertThatExceptionOfType(FormatException.class)
        .isThrownBy(() -> reader.read(name, bytes));
  }

  private static Picture expected(String name) throws IOException {
    byte[] bytes = file(name + ".rgb");
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return Picture.of(
        buffer.getShort(0), buffer.getShort(2), Arrays.copyOfRange(bytes, 4, bytes.length));
  }

  private static LoadedPicture check(String name, int tolerance) throws IOException {
    LoadedPicture loaded = READER.read(name, file(name));
    Picture expected = expected(name);
    assertThat(loaded.picture().toString()).isEqualTo(expected.toString());
    int largest = 0;
    for (int y = 0; y < expected.height(); y++) {
      for (int x = 0; x < expected.width(); x++) {
        for (int c = 0; c < 3; c++) {
          largest =
              Math.max(
                  largest, Math.abs(loaded.picture().level(x, y, c) - expected.level(x, y, c)));
        }
      }
    }
    assertThat(largest).as("largest difference of " + name).isLessThanOrEqualTo(tolerance);
    return loaded;
  }

  static Stream<String> lossless() {
    return files(
        "png: rgb grey grey1 grey2 grey4 alpha grey-alpha palette palette-transparent"
            + " key-transparent interlaced profile-srgb turned text-bomb",
        "tif: rgb-plain rgb-lzw rgb-deflate rgb-packbits grey bits bits-fax palette alpha turned",
        "webp: lossless lossless-alpha",
        "gif: plain interlaced transparent part",
        "bmp: rgb palette bits rgbx top-down");
  }

  @ParameterizedTest
  @MethodSource("lossless")
  void picturesWithoutLossAreReadExactly(String name) throws IOException {
    assertThat(check(name, 0).notes())
        .isEqualTo(
            name.matches(".*(alpha|transparent).*")
                ? List.of("its transparent parts were laid on white")
                : List.of());
  }

  @ParameterizedTest
  @CsvSource({"lossy.webp, 9", "lossy-alpha.webp, 9"})
  void webpWithLossIsNearlyWhatPillowReads(String name, int tolerance) throws IOException {
    assertThat(check(name, tolerance).format()).isEqualTo("WEBP");
  }

  @ParameterizedTest
  @CsvSource({
    "cmyk.jpg, 3, 'it is in CMYK, the colours of print, and no profile was used: they are"
        + " estimated'",
    "cmyk-profile.jpg, 4, its colours were converted from its own profile to sRGB"
  })
  void inksBecomeLight(String name, int tolerance, String note) throws IOException {
    assertThat(check(name, tolerance).notes()).containsExactly(note);
  }

  @Test
  void aDamagedWebpIsRefused() throws IOException {
    byte[] whole = file("lossless.webp");
    refused("a.webp", Arrays.copyOf(whole, whole.length / 2))
        .withMessageContaining("the WebP is damaged: it has ");
    byte[] long1 = whole.clone();
    long1[19] = 1;
    refused("a.webp", long1).withMessageContaining("is longer than the file");
    byte[] other = whole.clone();
    other[15] = 'x';
    refused("a.webp", other).withMessageContaining("it has no picture in it");
  }

  @ParameterizedTest
  @CsvSource({
    "heic, this is a HEIC picture",
    "avif, this is an AVIF picture",
    "hevc, this is a HEIC picture"
  })
  void whatNoPluginReadsIsRefusedByName(String brand, String sentence) {
    refused("a.x", ("\0\0\0\u0018ftyp" + brand).getBytes(StandardCharsets.ISO_8859_1))
        .withMessageContaining(sentence + "; PNG, JPEG, WebP, TIFF, GIF and BMP are read");
  }

  @ParameterizedTest
  @CsvSource({
    "rgb16.png, its 16 bits a channel were reduced to 8",
    "grey16.png, its 16 bits a channel were reduced to 8",
    "grey16.tif, its 16 bits a channel were reduced to 8",
    "grey16-big-endian.tif, its 16 bits a channel were reduced to 8",
    "animated.png, it is animated; only the first picture is used",
    "animated.gif, it is animated; only the first picture is used",
    "pages.tif, it has several pages; only the first is used",
    "profile-damaged.png, its colour profile is damaged and was ignored",
    "profile-bomb.png, its colour profile is damaged or too large and was ignored",
    "gamma.png, its gamma of 1.0 is not applied"
  })
  void whatIsLeftOutIsSaid(String name, String note) throws IOException {
    assertThat(check(name, 0).notes()).containsExactly(note);
  }

  /**
   * Decoders may differ by a level where they turn YCbCr into RGB, by more where colour is halved.
   */
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          full.jpg, 2
          grey.jpg, 1
          rgb.jpg, 1
          progressive.jpg, 6
          half.jpg, 6
          restart.jpg, 6
          """)
  void jpegsAreReadAsPillowReadsThem(String name, int tolerance) throws IOException {
    assertThat(check(name, tolerance).notes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void jpegsAreTurnedAsTheySay(int orientation) throws IOException {
    assertThat(check("orientation" + orientation + ".jpg", 6).notes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"profile.png", "profile.tif", "profile.jpg", "profile-grey.jpg"})
  void coloursOfAnotherProfileBecomeSrgb(String name) throws IOException {
    assertThat(check(name, 3).notes())
        .containsExactly("its colours were converted from its own profile to sRGB");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cmyk.tif | the TIFF is in CMYK, the colours of print; convert it to RGB first
          float.tif | the TIFF has floating-point or signed values; only unsigned ones are read
          jpeg.tif | the TIFF is compressed by method 7 (JPEG); save it with LZW, Deflate or without compression
          arithmetic.jpg | the JPEG is of a rare kind (frame type 9, 8 bits); only baseline and progressive ones of 8 bits are read
          jpeg-2000.jp2 | this is a JPEG 2000 picture; PNG, JPEG, WebP, TIFF, GIF and BMP are read
          hole.jpg | the JPEG is damaged: a part of its pixels is missing or wrong
          """)
  void whatCannotBeReadIsRefusedByName(String name, String message) throws IOException {
    refused(name, file(name)).withMessage(name + ": " + message);
  }

  @Test
  void anEmptyFileIsRefused() {
    refused("a.png", new byte[0]).withMessage("a.png: the file is empty");
  }

  @Test
  void anythingElseIsRefused() {
    refused("a.png", new byte[] {104, 101, 108, 108, 111})
        .withMessage(
            "a.png: this is no picture of a known kind; PNG, JPEG, WebP, TIFF, GIF and BMP are"
                + " read");
  }

  @Test
  void theContentDecidesNotTheName() throws IOException {
    LoadedPicture loaded = READER.read("photo.png", file("full.jpg"));
    assertThat(loaded.format()).isEqualTo("JPEG");
    assertThat(loaded.notes()).containsExactly("in spite of its name it is a JPEG");
    assertThat(loaded.picture()).isEqualTo(READER.read("photo.jpg", file("full.jpg")).picture());
  }

  @Test
  void aFolderAndAMissingFileAreToldApart(@TempDir Path folder) {
    assertThatExceptionOfType(FormatException.class)
        .isThrownBy(() -> READER.read(folder))
        .withMessageEndingWith("this is a folder, not a picture");
    assertThatThrownBy(() -> READER.read(folder.resolve("none.png")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aFileIsReadByItsPath(@TempDir Path folder) throws IOException {
    Path path = Files.write(folder.resolve("a.png"), file("rgb.png"));
    assertThat(READER.read(path).picture()).isEqualTo(expected("rgb.png"));
  }

  @Test
  void aFileBeyondTheLimitIsNotReadWhole(@TempDir Path folder) throws IOException {
    Path path = Files.write(folder.resolve("a.png"), file("rgb.png"));
    PictureReader reader = new PictureReader(new PictureLimits(100, 1000, 100, false));
    assertThatExceptionOfType(FormatException.class)
        .isThrownBy(() -> reader.read(path))
        .withMessage("a.png: the file has more than the limit of 100 bytes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"rgb.png", "full.jpg", "plain.gif", "rgb.bmp", "rgb-plain.tif", "top-down.bmp"})
  void tooManyPixelsAreRefusedFromTheHeader(String name) throws IOException {
    byte[] bytes = file(name);
    PictureReader reader = new PictureReader(new PictureLimits(1 << 20, 900, 40, false));
    refused(reader, name, bytes)
        .withMessage(
            name
                + ": it says to be 37x26 pixels, more than the limit of 40 a side and 900"
                + " altogether; scale it down first");
  }

  @Test
  void anAbsurdSizeCostsNoMemory() throws IOException {
    byte[] bytes = file("rgb.bmp");
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(18, 32768).putInt(22, 32768);
    refused("a.bmp", bytes)
        .withMessageStartingWith("a.bmp: it says to be 32768x32768 pixels, more than");
  }

  @Test
  void aPictureOfNoSizeIsRefused() throws IOException {
    byte[] bytes = file("plain.gif");
    bytes[6] = 0;
    refused("a.gif", bytes).withMessage("a.gif: it says to be 0x26 pixels, which is no picture");
  }

  @ParameterizedTest
  @CsvSource({
    "rgb.png, the PNG is cut off: ",
    "full.jpg, the JPEG is cut off: ",
    "progressive.jpg, the JPEG is cut off: ",
    "no-end.jpg, the JPEG is cut off: ",
    "plain.gif, the GIF is cut off: ",
    "rgb.bmp, the BMP is cut off: ",
    "rgb-plain.tif, the TIFF is cut off",
    "rgb-lzw.tif, the TIFF is cut off"
  })
  void whatIsCutOffAnywhereIsRefused(String name, String reason) throws IOException {
    byte[] whole = file(name);
    for (int length = whole.length / 8; length < whole.length - 20; length += 97) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatExceptionOfType(FormatException.class)
          .as(name + " of " + length + " bytes")
          .isThrownBy(() -> READER.read(name, part))
          .withMessageStartingWith(name + ": " + reason);
    }
  }

  @Test
  void aDamagedPngIsNoticedByItsChecksum() throws IOException {
    byte[] bytes = file("rgb.png");
    bytes[60] ^= 1;
    refused("a.png", bytes)
        .withMessage(
            "a.png: the PNG is damaged: the checksum of chunk IDAT at byte 33 does not fit");
  }

  static Stream<String> damaged() {
    return files(
        "png: rgb palette interlaced",
        "jpg: full progressive profile orientation6",
        "tif: rgb-plain rgb-lzw rgb-packbits bits-fax palette profile",
        "gif: plain animated part",
        "bmp: rgb palette rgbx");
  }

  /** Whatever is in a file, the outcome is a picture or a sentence of one line. */
  @ParameterizedTest
  @MethodSource("damaged")
  void damageGivesAPictureOrOneSentence(String name) throws IOException {
    byte[] whole = file(name);
    Random random = new Random(name.hashCode());
    for (int round = 0; round < 150; round++) {
      byte[] bytes = whole.clone();
      for (int k = 0; k <= random.nextInt(4); k++) {
        // The beginning, where the headers are, gets half of the hits.
        int reach = random.nextBoolean() ? Math.min(200, bytes.length) : bytes.length;
        bytes[random.nextInt(reach)] = (byte) random.nextInt();
      }
      try {
        READER.read(name, bytes);
      } catch (FormatException e) {
        assertThat(e.getMessage())
            .startsWith(name + ": ")
            .doesNotContain("\n")
            .hasSizeLessThan(400);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rgb.png", "palette.png", "grey.png"})
  void whatIsWrittenAsPngIsReadBack(String name) throws IOException {
    Picture picture = expected(name);
    assertThat(READER.read("a.png", PictureWriter.png(picture)).picture()).isEqualTo(picture);
  }

  @Test
  void jpegsAreWrittenWithColourAtFullResolution() throws IOException {
    byte[] jpeg = PictureWriter.jpeg(expected("rgb.png"), 95);
    int frame = 0;
    while ((jpeg[frame] & 0xff) != 0xff || (jpeg[frame + 1] & 0xff) != 0xc0) {
      frame++;
    }
    // Sampling factors of the three components: 1 by 1.
    assertThat(new int[] {jpeg[frame + 11], jpeg[frame + 14], jpeg[frame + 17]})
        .containsExactly(0x11, 0x11, 0x11);
    Picture back = READER.read("a.jpg", jpeg).picture();
    assertThat(back.sameSizeAs(expected("rgb.png"))).isTrue();
  }
}
