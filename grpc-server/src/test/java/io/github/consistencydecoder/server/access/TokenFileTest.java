package io.github.consistencydecoder.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenFileTest {
  private static final String TOKEN = "correct-horse-battery";

  @TempDir Path folder;

  private TokenFile token(String content) throws IOException, AccessException {
    return TokenFile.open(Files.writeString(folder.resolve("token"), content));
  }

  private static ServiceError refused(TokenFile token, String authorization) {
    return catchThrowableOfType(ServiceException.class, () -> token.check(authorization)).error();
  }

  @Test
  void tokenOpensWithAnySpellingOfTheScheme() throws Exception {
    TokenFile token = token(TOKEN + "\n");
    assertThatCode(
            () -> {
              token.check("Bearer " + TOKEN);
              token.check("bearer " + TOKEN);
              token.check("BEARER  " + TOKEN);
            })
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "Bearer", "Bearer ", "Basic correct-horse-battery", TOKEN})
  void callerWithoutATokenIsUnauthenticated(String authorization) throws Exception {
    assertThat(refused(token(TOKEN), authorization)).isEqualTo(ServiceError.UNAUTHENTICATED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "correct-horse-batter", "correct-horse-batteryy", "Correct-horse-battery"})
  void anotherTokenIsForbidden(String other) throws Exception {
    assertThat(refused(token(TOKEN), "Bearer " + other)).isEqualTo(ServiceError.FORBIDDEN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "too-short", "with a space in it", "zwölf-Boxkämpfer-jagen"})
  void fileWithoutAUsableTokenIsRefused(String content) {
    assertThatThrownBy(() -> token(content))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("16 to 4096 visible ASCII");
  }

  @Test
  void fileThatIsMissingOrHugeIsRefused() {
    assertThatThrownBy(() -> TokenFile.open(folder.resolve("none")))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("cannot be read");
    assertThatThrownBy(() -> token("x".repeat(5000))).isInstanceOf(AccessException.class);
  }

  @Test
  void deviceWithoutEndIsNotReadToIt() {
    Path zero = Path.of("/dev/zero");
    assumeTrue(Files.exists(zero), "there is no /dev/zero");
    assertThatThrownBy(() -> TokenFile.open(zero))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("the token file /dev/zero has more than");
    assertThatThrownBy(() -> TokenFile.open(folder))
        .isInstanceOf(AccessException.class)
        .hasMessageContaining("cannot be read: it is a folder");
  }

  @Test
  void newTokenCountsAndTheOldOneDoesNot() throws Exception {
    TokenFile token = token(TOKEN);
    Path file = folder.resolve("token");
    Files.writeString(file, "another-horse-battery");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
    token.check("Bearer another-horse-battery");
    assertThat(refused(token, "Bearer " + TOKEN)).isEqualTo(ServiceError.FORBIDDEN);
  }

  @Test
  void oldTokenStaysWhileTheFileIsUnusable() throws Exception {
    TokenFile token = token(TOKEN);
    Path file = folder.resolve("token");
    Files.writeString(file, "short");
    token.check("Bearer " + TOKEN);
    assertThat(refused(token, "Bearer short")).isEqualTo(ServiceError.FORBIDDEN);
    Files.delete(file);
    token.check("Bearer " + TOKEN);
    Files.writeString(file, "yet-another-battery");
    token.check("Bearer yet-another-battery");
  }
}
