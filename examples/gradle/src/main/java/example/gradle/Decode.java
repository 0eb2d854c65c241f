package example.gradle;

import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code consistency model tiny LATENTS PICTURE.png}, or {@code remote target HOST:PORT ..}. */
public final class Decode {
  public static void main(String[] arguments) throws IOException {
    DecoderConfig config = DecoderConfig.empty().with(arguments[1], arguments[2]);
    try (LatentDecoder decoder = Decoders.open(arguments[0], config)) {
      Decoded decoded =
          decoder.decode(
              LatentsFile.read(Path.of(arguments[3])).latents(),
              DecodeOptions.builder().seed(42).build());
      Files.write(Path.of(arguments[4]), PictureWriter.png(Picture.of(decoded.pixels(), 0)));
    }
  }
}
