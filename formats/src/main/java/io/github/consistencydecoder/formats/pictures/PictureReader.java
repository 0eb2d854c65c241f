package io.github.consistencydecoder.formats.pictures;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.FormatException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.imaging.common.RgbBufferedImageFactory;
import org.apache.commons.imaging.formats.bmp.BmpImageParser;
import org.apache.commons.imaging.formats.gif.GifImageParser;
import org.apache.commons.imaging.formats.png.PngImageParser;
import org.apache.commons.imaging.formats.png.PngImagingParameters;
import org.apache.commons.imaging.formats.tiff.TiffImageParser;

/**
 * Reads photographs and drawings: PNG, TIFF, BMP and GIF with Commons Imaging, JPEG and WebP with
 * ImageIO. The file's content decides what it is, not its name.
 *
 * <p>What comes out is 8 bits a channel, RGB, upright and in sRGB:
 *
 * <ul>
 *   <li>an embedded ICC profile is converted; without one the picture is taken for sRGB
 *   <li>EXIF's and TIFF's orientation is applied
 *   <li>16 bits a channel keep their upper 8; grey and palettes become RGB
 *   <li>transparent pixels are laid over white, as on a page, and a note says so
 *   <li>a JPEG in CMYK is converted by its profile, without one by an estimate
 *   <li>of an animation or several pages the first is used
 *   <li>HEIC, AVIF, JPEG XL and others that no library here can read are refused by name
 * </ul>
 *
 * <p>Size limits are checked on the header, before anything is decoded. Holds nothing; safe for use
 * by several threads.
 */
public final class PictureReader {
  /** Note of a picture that had transparent parts. */
  public static final String ON_WHITE = "its transparent parts were laid on white";

  private final PictureLimits limits;

  /** A reader with the default limits. */
  public PictureReader() {
    this(PictureLimits.DEFAULTS);
  }

  /** A reader with these limits. */
  public PictureReader(PictureLimits limits) {
    this.limits = requireNonNull(limits, "limits");
  }

  /**
   * @throws FormatException if the file is not a picture that can be read; the message is a
   *     sentence that begins with the file's name
   * @throws IOException if the file cannot be read at all
   */
  public LoadedPicture read(Path path) throws IOException {
    Path fileName = path.getFileName();
    String file = fileName == null ? path.toString() : fileName.toString();
    if (Files.isDirectory(path)) {
      throw new FormatException(file, "this is a folder, not a picture");
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes((int) limits.fileBytes() + 1);
    }
    return read(file, bytes);
  }

  /**
   * @param file a name for messages, and for noticing a wrong extension
   * @param bytes a whole file; borrowed
   * @throws FormatException if it is not a picture that can be read
   */
  public LoadedPicture read(String file, byte[] bytes) throws FormatException {
    if (bytes.length == 0) {
      throw new FormatException(file, "the file is empty");
    }
    if (bytes.length > limits.fileBytes()) {
      throw new FormatException(
          file, "the file has more than the limit of " + limits.fileBytes() + " bytes");
    }
    PictureKind kind = PictureKind.of(bytes);
    boolean taken = kind == PictureKind.PNG || kind == PictureKind.JPEG || !limits.untrusted();
    if (!kind.readable() || !taken) {
      throw new FormatException(
          file,
          "this is "
              + (kind.phrase().isEmpty() ? "no picture of a known kind" : kind.phrase())
              + (limits.untrusted()
                  ? "; PNG and JPEG are read"
                  : "; PNG, JPEG, WebP, TIFF, GIF and BMP are read"));
    }
    List<String> notes = new ArrayList<>();
    if (kind.contradicts(file)) {
      notes.add("in spite of its name it is a " + kind);
    }
    try {
      return new LoadedPicture(decode(kind, file, bytes, notes), kind.name(), notes);
    } catch (FormatException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Commons Imaging answers some damage with an IndexOutOfBoundsException and its like.
      throw new FormatException(file, "the " + kind + " is damaged: " + reason(e), e);
    }
  }

  private static String reason(Exception e) {
    String message = e.getMessage();
    return message == null || message.isBlank()
        ? "its pixels cannot be decoded"
        : message.strip().replaceAll("\\s+", " ");
  }

  private Picture decode(PictureKind kind, String file, byte[] bytes, List<String> notes)
      throws IOException {
    Scanned scanned;
    Picture picture;
    switch (kind) {
      case PNG -> {
        scanned = PngFile.scan(file, bytes, limits);
        PngImagingParameters parameters = new PngImagingParameters();
        parameters.setBufferedImageFactory(new RgbBufferedImageFactory());
        picture =
            overWhite(new PngImageParser().getBufferedImage(scanned.clean(), parameters), notes);
      }
      case JPEG -> {
        JpegFile.Content content = JpegFile.scan(file, bytes, limits);
        scanned = content.scanned();
        if (content.inks()) {
          JpegDecoder.Inks inks = JpegDecoder.inks(file, content);
          byte[] profile = limits.untrusted() ? Scanned.NO_PROFILE : scanned.profile();
          notes.addAll(scanned.notes());
          picture =
              ColourProfile.ofInks(inks.width(), inks.height(), inks.levels(), profile, notes);
          return Orientation.upright(picture, scanned.orientation());
        }
        picture = JpegDecoder.decode(file, scanned.clean());
      }
      case WEBP -> {
        scanned = WebpFile.scan(file, bytes, limits);
        picture = overWhite(WebpFile.decode(scanned.clean()), notes);
      }
      case GIF -> {
        GifFile.Content content = GifFile.scan(file, bytes, limits);
        scanned = content.scanned();
        picture =
            onScreen(
                overWhite(new GifImageParser().getBufferedImage(scanned.clean(), null), notes),
                content);
      }
      case BMP -> {
        scanned = BmpFile.scan(file, bytes, limits);
        picture = overWhite(new BmpImageParser().getBufferedImage(in(scanned), null), notes);
      }
      default -> {
        scanned = TiffFile.scan(file, bytes, limits);
        picture = overWhite(new TiffImageParser().getBufferedImage(scanned.clean(), null), notes);
      }
    }
    notes.addAll(scanned.notes());
    if (!limits.untrusted()) {
      picture = ColourProfile.toSrgb(picture, scanned.profile(), notes);
    } else if (scanned.profile().length > 0) {
      notes.add("its colour profile was not applied");
    }
    return Orientation.upright(picture, scanned.orientation());
  }

  private static InputStream in(Scanned scanned) {
    return new ByteArrayInputStream(scanned.clean());
  }

  /** {@code level = a v + (1 - a) 255}, rounded to nearest. */
  private static Picture overWhite(BufferedImage image, List<String> notes) {
    int w = image.getWidth();
    int h = image.getHeight();
    int[] row = new int[w];
    byte[] rgb = new byte[3 * w * h];
    int least = 255;
    for (int y = 0; y < h; y++) {
      image.getRGB(0, y, w, 1, row, 0, w);
      for (int x = 0; x < w; x++) {
        int argb = row[x];
        int alpha = argb >>> 24;
        least = Math.min(least, alpha);
        for (int c = 0; c < 3; c++) {
          int v = (argb >> (16 - 8 * c)) & 0xff;
          rgb[3 * (y * w + x) + c] = (byte) ((alpha * v + (255 - alpha) * 255 + 127) / 255);
        }
      }
    }
    if (least < 255) {
      notes.add(ON_WHITE);
    }
    return Picture.takeOver(w, h, rgb);
  }

  private static Picture onScreen(Picture first, GifFile.Content content) {
    Region frame = content.frame();
    int w = content.screenWidth();
    int h = content.screenHeight();
    if (frame.width() == w && frame.height() == h) {
      return first;
    }
    byte[] rgb = new byte[3 * w * h];
    Arrays.fill(rgb, (byte) 255);
    byte[] in = first.rgb();
    for (int y = 0; y < frame.height(); y++) {
      System.arraycopy(
          in, 3 * y * frame.width(), rgb, 3 * ((frame.y() + y) * w + frame.x()), 3 * frame.width());
    }
    return Picture.takeOver(w, h, rgb);
  }

  /** Kinds of files, told by their first bytes, never by their name. */
  enum PictureKind {
    PNG("png apng", true, ""),
    JPEG("jpg jpeg jpe jfif", true, ""),
    GIF("gif", true, "a GIF picture"),
    BMP("bmp dib", true, "a BMP picture"),
    TIFF("tif tiff", true, "a TIFF picture"),
    WEBP("webp", true, "a WebP picture"),
    HEIC("heic heif", false, "a HEIC picture"),
    AVIF("avif", false, "an AVIF picture"),
    JPEG_2000("jp2 j2k", false, "a JPEG 2000 picture"),
    JPEG_XL("jxl", false, "a JPEG XL picture"),
    BIG_TIFF("", false, "a BigTIFF picture"),
    PSD("psd", false, "a Photoshop document"),
    ICO("ico", false, "an icon file"),
    EXR("exr", false, "an OpenEXR picture"),
    PDF("pdf", false, "a PDF document"),
    NUMPY("npy npz", false, "a NumPy array"),
    ZIP("zip", false, "a ZIP archive"),
    MARKUP("svg html", false, "text in angle brackets (SVG, HTML or XML)"),
    UNKNOWN("", false, "");

    private final String extensions;
    private final boolean readable;
    private final String phrase;

    PictureKind(String extensions, boolean readable, String phrase) {
      this.extensions = extensions;
      this.readable = readable;
      this.phrase = phrase;
    }

    boolean readable() {
      return readable;
    }

    /** What it is, with an article; empty if unknown. */
    String phrase() {
      return phrase;
    }

    /** Whether the file's name promises another picture kind than this. */
    boolean contradicts(String file) {
      String lower = file.toLowerCase(Locale.ROOT);
      String extension = lower.substring(lower.lastIndexOf('.') + 1);
      for (PictureKind kind : values()) {
        if (!extension.isEmpty() && (" " + kind.extensions + " ").contains(" " + extension + " ")) {
          return kind != this;
        }
      }
      return false;
    }

    static PictureKind of(byte[] b) {
      if (begins(b, 0, "\u0089PNG\r\n\u001a\n")) {
        return PNG;
      }
      if (begins(b, 0, "\u00ff\u00d8\u00ff")) {
        return JPEG;
      }
      if (begins(b, 0, "GIF87a") || begins(b, 0, "GIF89a")) {
        return GIF;
      }
      if (begins(b, 0, "II*\0") || begins(b, 0, "MM\0*")) {
        return TIFF;
      }
      if (begins(b, 0, "BM")) {
        return BMP;
      }
      if (begins(b, 0, "RIFF") && begins(b, 8, "WEBP")) {
        return WEBP;
      }
      return ofUnreadable(b);
    }

    private static PictureKind ofUnreadable(byte[] b) {
      if (begins(b, 4, "ftypavif") || begins(b, 4, "ftypavis")) {
        return AVIF;
      }
      if (begins(b, 4, "ftyphei") || begins(b, 4, "ftyphev") || begins(b, 4, "ftypmif1")) {
        return HEIC;
      }
      if (begins(b, 4, "jP  ") || begins(b, 0, "\u00ffO\u00ffQ")) {
        return JPEG_2000;
      }
      if (begins(b, 0, "\u00ff\n") || begins(b, 4, "JXL ")) {
        return JPEG_XL;
      }
      if (begins(b, 0, "II+\0") || begins(b, 0, "MM\0+")) {
        return BIG_TIFF;
      }
      if (begins(b, 0, "8BPS")) {
        return PSD;
      }
      if (begins(b, 0, "\0\0\u0001\0")) {
        return ICO;
      }
      if (begins(b, 0, "v/1\u0001")) {
        return EXR;
      }
      if (begins(b, 0, "%PDF")) {
        return PDF;
      }
      if (begins(b, 0, "\u0093NUMPY")) {
        return NUMPY;
      }
      if (begins(b, 0, "PK\u0003\u0004")) {
        return ZIP;
      }
      return begins(b, 0, "<") || begins(b, 0, "\u00ef\u00bb\u00bf<") ? MARKUP : UNKNOWN;
    }

    private static boolean begins(byte[] b, int at, String signature) {
      byte[] s = signature.getBytes(StandardCharsets.ISO_8859_1);
      if (b.length < at + s.length) {
        return false;
      }
      for (int i = 0; i < s.length; i++) {
        if (b[at + i] != s[i]) {
          return false;
        }
      }
      return true;
    }
  }
}
