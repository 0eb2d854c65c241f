package io.github.consistencydecoder.models.store.download;

import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides whether a server's answer is the file, or the rest of it, before a byte of it is stored.
 * Checked in this order: the range could be served; nothing is compressed; it is no web page; the
 * range begins where we are; the size is the one that is needed, or no more than such a file has.
 */
final class DownloadResponseCheck {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\\*)");

  private final CatalogueFile file;
  private final URI published;
  private final HttpFetcher.Answer answer;

  DownloadResponseCheck(CatalogueFile file, URI published, HttpFetcher.Answer answer) {
    this.file = file;
    this.published = published;
    this.answer = answer;
  }

  /**
   * Prepares the partial file for the body, from the start or where it ends.
   *
   * @return the size of the whole file in bytes, -1 if unknown
   */
  long accept(PartialFile part) throws IOException {
    if (answer.status() == 416) {
      part.restart();
      throw FetchException.passing(answer.address(), "cannot go on from there", null);
    }
    String encoding = lower("Content-Encoding");
    if (!encoding.isEmpty() && !encoding.equals("identity")) {
      throw refused("sends the file compressed as '" + encoding + "'");
    }
    if (lower("Content-Type").startsWith("text/html")) {
      throw refused("sends a web page in place of the file");
    }
    long total = answer.status() == 206 ? range(part) : fresh();
    OptionalLong needed = file.bytes().isPresent() ? file.bytes() : answer.announced().bytes();
    if (total >= 0 && needed.isPresent() && total != needed.getAsLong()) {
      throw refused("announces " + total + " bytes, needed " + needed.getAsLong());
    }
    long known = total >= 0 ? total : needed.orElse(-1);
    if (known > file.mostBytes()) {
      throw refused(
          "announces " + known + " bytes, at most " + file.mostBytes() + " are due of such a file");
    }
    if (answer.status() == 200) {
      part.begin(published, validator());
    }
    return known;
  }

  private long fresh() {
    return HttpFetcher.count(answer.header("Content-Length")).orElse(-1);
  }

  private long range(PartialFile part) throws IOException {
    String text = answer.header("Content-Range").orElse("nothing");
    Matcher matcher = CONTENT_RANGE.matcher(text);
    boolean fits = matcher.matches() && Long.parseLong(matcher.group(1)) == part.bytes();
    if (!fits) {
      long asked = part.bytes();
      part.restart();
      throw FetchException.passing(
          answer.address(), "sends range '" + text + "', asked for bytes " + asked + "-", null);
    }
    long end = Long.parseLong(matcher.group(2)) + 1;
    return matcher.group(3).equals("*") ? end : Long.parseLong(matcher.group(3));
  }

  /** A strong entity tag, else the time of the last change, else nothing. */
  private String validator() {
    Optional<String> tag = answer.header("ETag").filter(text -> text.startsWith("\""));
    return tag.or(() -> answer.header("Last-Modified")).orElse("");
  }

  private String lower(String header) {
    return answer.header(header).orElse("").strip().toLowerCase(Locale.ROOT);
  }

  private FetchException refused(String reason) {
    return FetchException.refused(answer.address(), reason, null);
  }
}
