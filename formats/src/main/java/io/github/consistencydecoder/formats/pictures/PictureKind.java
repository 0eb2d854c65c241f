package io.github.consistencydecoder.formats.pictures;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

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
