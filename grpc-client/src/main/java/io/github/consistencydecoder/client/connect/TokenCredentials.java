package io.github.consistencydecoder.client.connect;

import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.grpc.CallCredentials;
import io.grpc.Metadata;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the token in a file with every call. The file is read for each, so that a new token holds
 * from the next call on; as long as the new one is unusable, the old one is sent.
 */
final class TokenCredentials extends CallCredentials {
  private static final Logger LOG = LoggerFactory.getLogger(TokenCredentials.class);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final int LONGEST = 4096;

  private final Path file;
  private volatile String token;

  private TokenCredentials(Path file, String token) {
    this.file = file;
    this.token = token;
  }

  /**
   * Reads a token.
   *
   * @throws DecoderException {@link DecoderErrorCode#INVALID_OPTIONS}
   */
  static TokenCredentials open(Path file) {
    try {
      return new TokenCredentials(file, read(file));
    } catch (IOException e) {
      throw new DecoderException(
          DecoderErrorCode.INVALID_OPTIONS,
          "token-file '"
              + file
              + "' has no token, one line of at most "
              + LONGEST
              + " visible ASCII characters: "
              + e.getMessage(),
          e);
    }
  }

  private static String read(Path file) throws IOException {
    // One more than a token and a line's end may have: what is longer is no token.
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(LONGEST + 3);
    }
    String text = new String(bytes, StandardCharsets.US_ASCII).strip();
    if (text.isEmpty() || text.length() > LONGEST) {
      throw new IOException(text.isEmpty() ? "it is empty" : "it is longer");
    }
    if (!text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IOException("it has other characters");
    }
    return text;
  }

  @Override
  public void applyRequestMetadata(
      RequestInfo requestInfo, Executor appExecutor, MetadataApplier applier) {
    appExecutor.execute(
        () -> {
          Metadata headers = new Metadata();
          headers.put(AUTHORIZATION, "Bearer " + current());
          applier.apply(headers);
        });
  }

  private String current() {
    try {
      token = read(file);
    } catch (IOException e) {
      LOG.warn(
          "the token file {} cannot be used; the token before is sent: {}", file, e.getMessage());
    }
    return token;
  }
}
