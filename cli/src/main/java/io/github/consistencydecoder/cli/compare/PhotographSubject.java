package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.cli.encode.OpenEncoder;
import io.github.consistencydecoder.cli.photographs.Photographs;
import io.github.consistencydecoder.formats.pictures.PictureFit;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A photograph, which is encoded; as it was fitted it is the truth.
 *
 * @param path the file
 * @param fit how it gets its size
 * @param encoding borrowed; absent if no decoder takes part
 */
record PhotographSubject(Path path, PictureFit fit, Optional<Encoding> encoding)
    implements Subject {
  /**
   * How photographs are encoded.
   *
   * @param encoder borrowed
   * @param cancellation stops it
   */
  record Encoding(OpenEncoder encoder, Cancellation cancellation) {}

  @Override
  public Content load() throws IOException {
    PictureFit.Fitted fitted = Photographs.read(path, fit);
    if (encoding.isEmpty()) {
      return new Content(Optional.empty(), Optional.of(fitted.picture()), fitted.notes());
    }
    OpenEncoder encoder = encoding.get().encoder();
    List<String> notes = new ArrayList<>(fitted.notes());
    encoder.memoryWarning(fitted.picture()).ifPresent(notes::add);
    Latents latents = encoder.encode(fitted.picture(), encoding.get().cancellation());
    return new Content(Optional.of(latents), Optional.of(fitted.picture()), notes);
  }

  @Override
  public String identity() {
    return "photograph " + fit.identity() + encoding.map(e -> " " + e.encoder().text()).orElse("");
  }

  @Override
  public Optional<Path> file() {
    return Optional.of(path);
  }

  @Override
  public Optional<String> origin() {
    return encoding
        .map(e -> e.encoder().info())
        .map(
            info ->
                "its latents were made by the encoder '"
                    + info.provider()
                    + "' with the model '"
                    + info.model()
                    + "'");
  }
}
