package io.github.consistencydecoder.cli;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;

/** Writes picture files, sound and bad ones. */
public final class TestPictures {
  private TestPictures() {}

  /** A file of this repository. */
  public static Path inRepository(String path) {
    return Path.of(System.getProperty("project.root")).resolve(path);
  }

  /** A file that the tests of the picture reader use. */
  public static byte[] sample(String name) throws IOException {
    return Files.readAllBytes(inRepository("formats/src/test/resources/pictures/" + name));
  }

  /** Blocks of 8x8 in random colours, which the fake encoder and decoder keep. */
  public static Picture blocks(int width, int height, long seed) {
    Random random = new Random(seed);
    byte[] colours = new byte[3 * ((width + 7) / 8) * ((height + 7) / 8)];
    random.nextBytes(colours);
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        System.arraycopy(
            colours, 3 * (y / 8 * ((width + 7) / 8) + x / 8), rgb, 3 * (y * width + x), 3);
      }
    }
    return Picture.takeOver(width, height, rgb);
  }

  public static Picture read(Path file) throws IOException {
    return new PictureReader().read(file).picture();
  }

  public static Path png(Path file, Picture picture) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    return Files.write(file, PictureWriter.png(picture));
  }

  public static Path png(Path file, int width, int height, long seed) throws IOException {
    return png(file, blocks(width, height, seed));
  }

  /**
   * Fills a folder with pictures that cannot be read.
   *
   * @return what each is answered with, by its name
   */
  public static Map<String, String> writeBad(Path folder) throws IOException {
    Files.createDirectories(folder);
    Map<String, String> bad = new LinkedHashMap<>();
    Files.write(folder.resolve("arithmetic-jpeg.jpg"), sample("arithmetic.jpg"));
    bad.put("arithmetic-jpeg.jpg", "the JPEG is of a rare kind");
    Files.write(folder.resolve("cmyk-tiff.tif"), sample("cmyk.tif"));
    bad.put("cmyk-tiff.tif", "the TIFF is in CMYK, the colours of print; convert it to RGB first");
    byte[] huge = sample("rgb.png");
    // Width and height of the header, and the checksum that goes with them.
    ByteBuffer header = ByteBuffer.wrap(huge).putInt(16, 2_000_000).putInt(20, 2_000_000);
    CRC32 crc = new CRC32();
    crc.update(huge, 12, 17);
    header.putInt(29, (int) crc.getValue());
    Files.write(folder.resolve("huge.png"), huge);
    bad.put("huge.png", "it says to be 2000000x2000000 pixels, more than the limit of");
    Files.writeString(folder.resolve("letter.png"), "Dear reader, this is no picture.");
    bad.put("letter.png", "this is no picture of a known kind; PNG, JPEG, WebP, TIFF, GIF and BMP");
    byte[] whole = sample("full.jpg");
    Files.write(folder.resolve("truncated-jpeg.jpg"), Arrays.copyOf(whole, whole.length / 2));
    bad.put("truncated-jpeg.jpg", "the JPEG is cut off");
    byte[] png = sample("rgb16.png");
    Files.write(folder.resolve("truncated-png.png"), Arrays.copyOf(png, png.length / 2));
    bad.put("truncated-png.png", "the PNG is cut off");
    Files.write(folder.resolve("wavelet.jpg"), sample("jpeg-2000.jp2"));
    bad.put(
        "wavelet.jpg", "this is a JPEG 2000 picture; PNG, JPEG, WebP, TIFF, GIF and BMP are read");
    Files.write(folder.resolve("zero.png"), new byte[0]);
    bad.put("zero.png", "the file is empty");
    return bad;
  }

  /**
   * Fills a folder with pictures that are unusual and can be read, each of 37x26 pixels.
   *
   * @return what is said about each, by its name; empty if there is nothing to say
   */
  public static Map<String, String> writeUnusual(Path folder) throws IOException {
    Files.createDirectories(folder);
    Map<String, String> unusual = new LinkedHashMap<>();
    for (String line :
        List.of(
            "animated.gif=it is animated; only the first picture is used",
            "animated.png=it is animated; only the first picture is used",
            "cmyk.jpg=it is in CMYK, the colours of print, and no profile was used: they are"
                + " estimated",
            "grey16.tif=its 16 bits a channel were reduced to 8",
            "lossless.webp=",
            "palette.bmp=",
            "palette.png=",
            "rgb16.png=its 16 bits a channel were reduced to 8")) {
      String sample = line.substring(0, line.indexOf('='));
      // With a stem of its own.
      String name = sample.replace('.', '-') + sample.substring(sample.indexOf('.'));
      Files.write(folder.resolve(name), sample(sample));
      unusual.put(name, line.substring(line.indexOf('=') + 1));
    }
    Files.write(folder.resolve("mislabelled.png"), sample("full.jpg"));
    unusual.put("mislabelled.png", "in spite of its name it is a JPEG");
    return unusual;
  }
}
