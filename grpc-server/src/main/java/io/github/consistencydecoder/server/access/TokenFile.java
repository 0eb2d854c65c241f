package io.github.consistencydecoder.server.access;

import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bearer token in a file of one line. The file is read again when it has changed; as long as the
 * new one is unusable, the old token stays valid and the log says so. Only the token's digest is
 * kept. Safe for use by several threads.
 */
public final class TokenFile {
  /** Shorter ones can be guessed. */
  public static final int SHORTEST = 16;

  private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);
  private static final int LONGEST = 4096;
  private static final String SCHEME = "bearer ";

  private final Path file;
  private volatile byte[] digest;
  private volatile FileLook look;

  private TokenFile(Path file, FileLook look, byte[] digest) {
    this.file = file;
    this.look = look;
    this.digest = digest;
  }

  /**
   * Reads a token.
   *
   * @throws AccessException if the file cannot be read or has no token of {@value #SHORTEST} to
   *     4096 visible ASCII characters
   */
  public static TokenFile open(Path file) throws AccessException {
    try {
      FileLook look = FileLook.at(file);
      return new TokenFile(file, look, read(file));
    } catch (IOException e) {
      throw FileLook.unreadable("token file", file, e);
    }
  }

  private static byte[] read(Path file) throws AccessException {
    FileLook.warnOfOthers("token file", file);
    byte[] content = FileLook.content("token file", file, LONGEST + 2);
    String token = new String(content, StandardCharsets.US_ASCII).strip();
    boolean visible = token.chars().allMatch(c -> c > ' ' && c < 0x7f);
    if (token.length() < SHORTEST || token.length() > LONGEST || !visible) {
      throw unusable(file);
    }
    return sha256(token);
  }

  private static AccessException unusable(Path file) {
    return new AccessException(
        "the token file %s must hold one line of %s to %s visible ASCII characters"
            .formatted(file, SHORTEST, LONGEST));
  }

  /**
   * Checks what a caller sent.
   *
   * @param authorization value of the header or metadata {@code authorization}, or null
   * @throws ServiceException {@code UNAUTHENTICATED} if there is no token in it, {@code FORBIDDEN}
   *     if it is another one
   */
  public void check(String authorization) throws ServiceException {
    if (authorization == null
        || !authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)
        || authorization.length() == SCHEME.length()) {
      throw ServiceException.of(
          ServiceError.UNAUTHENTICATED,
          "this service wants an authorization of 'Bearer' and a token");
    }
    renew();
    String token = authorization.substring(SCHEME.length()).strip();
    // Equal lengths, compared in constant time: how much of a guess is right does not show.
    if (!MessageDigest.isEqual(sha256(token), digest)) {
      throw ServiceException.of(ServiceError.FORBIDDEN, "the token is not the one of this service");
    }
  }

  private void renew() {
    try {
      FileLook now = FileLook.at(file);
      if (now.equals(look)) {
        return;
      }
      synchronized (this) {
        if (now.equals(look)) {
          return;
        }
        look = now;
        digest = read(file);
      }
      LOG.info("the token was read again");
    } catch (IOException e) {
      if (look != null) {
        LOG.warn("the token file {} cannot be read; the token before stays valid", file);
      }
      look = null;
    } catch (AccessException e) {
      LOG.warn("{}; the token before stays valid", e.getMessage());
    }
  }

  private static byte[] sha256(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
