package example.spring;

import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.latents.LatentsFile;
import io.github.consistencydecoder.formats.latents.ScaleChoice;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Pixels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** A host with a decoder: in its process or on a service, as application.properties says. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class DecoderApplication {
  public static void main(String[] arguments) {
    SpringApplication.run(DecoderApplication.class, arguments);
  }

  /** {@code decoder.name} and {@code decoder.settings.*}. */
  @ConfigurationProperties("decoder")
  public record DecoderProperties(String name, Map<String, String> settings) {}

  /** Spring closes it when the host ends. */
  @Bean
  LatentDecoder decoder(DecoderProperties properties) {
    DecoderConfig config = DecoderConfig.empty();
    for (Map.Entry<String, String> setting : properties.settings().entrySet()) {
      config = config.with(setting.getKey(), setting.getValue());
    }
    return Decoders.open(properties.name(), config);
  }

  /** Latents in any form that can be read, as the body; a PNG file comes back. */
  @RestController
  public record Pictures(LatentDecoder decoder) {
    @PostMapping(path = "/decode", produces = "image/png")
    byte[] decode(InputStream body, @RequestParam(defaultValue = "42") long seed)
        throws IOException {
      var latents = LatentsFile.read(Path.of("body"), body, ScaleChoice.AUTO, null, null).latents();
      Pixels pixels = decoder.decode(latents, DecodeOptions.builder().seed(seed).build()).pixels();
      return PictureWriter.png(Picture.of(pixels, 0));
    }

    /** The library's own sentence. */
    @ExceptionHandler({DecoderException.class, FormatException.class})
    ResponseEntity<String> refused(Exception e) {
      return ResponseEntity.unprocessableEntity().body(e.getMessage());
    }
  }
}
