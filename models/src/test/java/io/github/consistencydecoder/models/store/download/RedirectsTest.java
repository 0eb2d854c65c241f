package io.github.consistencydecoder.models.store.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedirectsTest {
  private static final URI FROM = URI.create("https://a.example/b/c");

  @ParameterizedTest
  @CsvSource({
    "/d, https://a.example/d",
    "d, https://a.example/b/d",
    "//e.example/f, https://e.example/f",
    "https://e.example/f?g=h, https://e.example/f?g=h"
  })
  void relativeAndAbsoluteTargetsAreFollowed(String location, URI expected) throws FetchException {
    assertThat(HttpFetcher.Redirects.next(FROM, location)).isEqualTo(expected);
  }

  @Test
  void plainHttpMayBecomeSecure() throws FetchException {
    assertThat(HttpFetcher.Redirects.next(URI.create("http://a.example/"), "https://a.example/"))
        .isEqualTo(URI.create("https://a.example/"));
  }

  @Test
  void secureDoesNotBecomePlain() {
    assertThatThrownBy(() -> HttpFetcher.Redirects.next(FROM, "http://a.example/b/c"))
        .isInstanceOf(FetchException.class)
        .hasMessage("a.example redirects from https to http (a.example), which is not followed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "ftp://a.example/x", "jar:https://a.example/x!/y"})
  void otherSchemesAreRefused(String location) {
    assertThatThrownBy(() -> HttpFetcher.Redirects.next(FROM, location))
        .isInstanceOf(FetchException.class)
        .hasMessage("a.example redirects to '" + location + "', needed http or https");
  }

  @Test
  void aTargetThatIsNoAddressIsRefused() {
    assertThatThrownBy(() -> HttpFetcher.Redirects.next(FROM, "https://a b/"))
        .isInstanceOf(FetchException.class)
        .hasMessageContaining("which is no address");
  }
}
