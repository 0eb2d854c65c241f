package io.github.consistencydecoder.compare.report;

import io.github.consistencydecoder.formats.io.AtomicFiles;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * {@code report.html}: one file that needs no other and asks for none. Pictures are data URIs;
 * script and style are inside, and a content security policy forbids everything else. All texts are
 * escaped. Written input by input, so that memory does not grow with their number.
 */
public final class HtmlReport {
  /** Around an input's pictures: its tables and figures, generously. */
  private static final long TEXT_BYTES = 24_000;

  private HtmlReport() {}

  /**
   * Writes the report.
   *
   * @param target replaced at the end, when all is written
   * @param maxBytes pictures are put in as exactly as this allows: as PNG, as JPEG of falling
   *     quality, at half size, or at last not at all
   */
  public static void write(ReportData data, Path target, long maxBytes) throws IOException {
    String style =
        Resources.viewerStyle()
            + Resources.text("report.css")
            + "\n:root{--heat:"
            + ColourScale.css()
            + "}\n";
    String script = Resources.viewerScript() + Resources.text("report.js");
    AtomicFiles.write(
        target,
        channel -> {
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
          print(out, head(data, style, script));
          OverviewHtml overview = new OverviewHtml(data);
          print(out, overview.verdict());
          inputs(data, out, maxBytes);
          print(out, overview.html());
          print(out, "</main>\n<script>" + script + "</script>\n</body>\n</html>\n");
          out.flush();
        });
  }

  private static void inputs(ReportData data, OutputStream out, long maxBytes) throws IOException {
    int n = data.inputs().size();
    double pixelsLeft = 0;
    for (InputResult input : data.inputs()) {
      pixelsLeft += pixels(input);
    }
    double bytesLeft = maxBytes - (n + 2) * TEXT_BYTES;
    for (int i = 0; i < n; i++) {
      InputResult input = data.inputs().get(i);
      long allowance = (long) (bytesLeft * pixels(input) / pixelsLeft);
      EmbeddedPictures pictures =
          EmbeddedPictures.fitting(InputPictures.of(data, input), input, allowance).orElse(null);
      pixelsLeft -= pixels(input);
      bytesLeft -= pictures == null ? 0 : pictures.size();
      print(out, new InputHtml(input, i + 1, pictures).html());
    }
  }

  private static double pixels(InputResult input) {
    return (double) input.width() * input.height() * (2 * input.columns().size() + 1);
  }

  private static String head(ReportData data, String style, String script) {
    int compared = data.inputs().size();
    String count = compared == 1 ? "1 picture" : compared + " pictures";
    String decoders =
        data.columns().size() == 1 ? "1 decoder" : data.columns().size() + " decoders";
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
        + " img-src data:; style-src 'sha256-"
        + sha256(style)
        + "'; script-src 'sha256-"
        + sha256(script)
        + "'; base-uri 'none'; form-action 'none'\">\n"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        + "<meta name=\"color-scheme\" content=\"light dark\">\n"
        + "<link rel=\"icon\" href=\"data:,\">\n<title>"
        + Html.text(data.title())
        + "</title>\n<style>"
        + style
        + "</style>\n</head>\n<body>\n<header><div><h1>"
        + Html.text(data.title())
        + "</h1>\n<p class=\"soft\">"
        + count
        + " through "
        + decoders
        + (data.failures().isEmpty() ? "" : ", " + data.failures().size() + " not compared")
        + ". "
        + data.created().toString().replace('T', ' ').replace("Z", " UTC")
        + "</p></div>\n<button type=\"button\" id=\"theme\" hidden>Light or dark</button>"
        + "</header>\n<main>\n";
  }

  private static String sha256(String text) {
    try {
      return Base64.getEncoder()
          .encodeToString(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java has SHA-256", e);
    }
  }

  private static void print(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
