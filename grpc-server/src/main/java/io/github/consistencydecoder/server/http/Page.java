package io.github.consistencydecoder.server.http;

import io.github.consistencydecoder.compare.report.Resources;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * The page for browsers, one answer without anything from elsewhere; the viewer of its pictures is
 * the report's. Its script and its style are named by their hashes, so that nothing else can run in
 * it.
 */
final class Page {
  private final byte[] html;
  private final Map<String, String> headers;

  private Page(String html) {
    this.html = html.getBytes(StandardCharsets.UTF_8);
    this.headers =
        Map.of(
            "content-security-policy",
            ("default-src 'none'; script-src %s; style-src %s; img-src 'self' blob: data:;"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors"
                    + " 'none'")
                .formatted(hash(html, "script"), hash(html, "style")),
            "referrer-policy",
            "no-referrer");
  }

  static Page load() {
    return new Page(
        text("page.html")
            .replace("{style}", Resources.viewerStyle() + text("page.css"))
            .replace("{script}", Resources.viewerScript() + text("page.js")));
  }

  private static String text(String file) {
    try (InputStream in = Page.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hash(String html, String element) {
    String open = "<" + element + ">";
    int begin = html.indexOf(open) + open.length();
    String text = html.substring(begin, html.indexOf("</" + element + ">", begin));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the client is a browser that wants a page; all others get the protocol's answer. */
  static boolean wanted(Request request) {
    String accept = request.getHeaders().get(HttpHeader.ACCEPT);
    return accept != null && accept.contains("text/html");
  }

  void answer(Exchange exchange) {
    exchange.answer(new Exchange.Answer("text/html; charset=utf-8", headers, html), () -> {});
  }
}
