package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.formats.pictures.Scaling;
import java.io.IOException;
import java.nio.file.Files;

/** How pictures are put into the report, from the most faithful to the smallest. */
enum Encoding {
  PNG(100, false, "Pictures are exact (PNG)."),
  JPEG_95(95, false, "Whole pictures are JPEG of quality 95; crops are exact (PNG)."),
  JPEG_90(90, false, "Pictures are JPEG of quality 90."),
  JPEG_80(80, false, "Pictures are JPEG of quality 80."),
  JPEG_65(65, false, "Pictures are JPEG of quality 65."),
  HALF_65(65, true, "Pictures are JPEG of quality 65 at half size.");

  private final int quality;
  private final boolean half;
  private final String note;

  Encoding(int quality, boolean half, String note) {
    this.quality = quality;
    this.half = half;
    this.note = note;
  }

  /** A sentence about it. */
  String note() {
    return note;
  }

  /** A whole picture as a data URI. */
  String whole(InputPictures.Shown shown) throws IOException {
    if (this == PNG) {
      return uri("png", Files.readAllBytes(shown.file()));
    }
    Picture picture = shown.picture();
    int longer = Math.max(picture.width(), picture.height());
    return uri(
        "jpeg",
        PictureWriter.jpeg(
            half ? Scaling.fitted(picture, Math.max(1, longer / 2)) : picture, quality));
  }

  /** A crop as a data URI. */
  String crop(Picture crop) throws IOException {
    return quality >= 95
        ? uri("png", PictureWriter.png(crop))
        : uri("jpeg", PictureWriter.jpeg(crop, quality));
  }

  private static String uri(String type, byte[] bytes) {
    return "data:image/" + type + ";base64," + java.util.Base64.getEncoder().encodeToString(bytes);
  }
}
