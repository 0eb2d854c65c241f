package io.github.consistencydecoder.models;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Brings one file: from each of its addresses in turn, trying again where that may help, going on
 * where an earlier attempt ended, and giving the file its name only when it is complete and its
 * checksum right. For one thread.
 */
final class Downloader {
  /** An attempt that brought this much counts as progress: the retries are counted anew. */
  private static final long PROGRESS_BYTES = 1 << 20;

  private static final int BUFFER_BYTES = 1 << 16;
  private static final long TELL_NANOS = 100_000_000L;
  private static final int MOST_DOUBLINGS = 6;

  private final HttpFetcher fetcher;
  private final NetworkSettings network;
  private final PullOptions options;
  private final PullListener listener;
  private final DiskSpace space;

  Downloader(NetworkSettings network, PullOptions options, PullListener listener, DiskSpace space) {
    this.fetcher = new HttpFetcher(network.proxies(), options);
    this.network = network;
    this.options = options;
    this.listener = listener;
    this.space = space;
  }

  /**
   * A file that has come and has been checked.
   *
   * @param from the address that it was asked from
   */
  record Fetched(long bytes, Checksum checksum, URI from) {}

  /**
   * @param target where to put it; the caller holds the model's lock
   * @param failed makes the exception for when no address works, from the reasons
   */
  Fetched download(CatalogueFile file, Path target, Function<Set<String>, IOException> failed)
      throws IOException {
    Set<String> reasons = new LinkedHashSet<>();
    Set<String> unreachable = new LinkedHashSet<>();
    try (PartialFile part = PartialFile.open(target, listener)) {
      for (URI published : file.addresses()) {
        String host = network.rewrite(published).getRawAuthority();
        if (unreachable.contains(host)) {
          continue;
        }
        try {
          return fromAddress(file, published, part);
        } catch (FetchException e) {
          reasons.add(e.getMessage());
          if (e.unreachable()) {
            unreachable.add(host);
          }
        }
      }
    }
    throw failed.apply(reasons);
  }

  private Fetched fromAddress(CatalogueFile file, URI published, PartialFile part)
      throws IOException {
    int failures = 0;
    while (true) {
      long before = part.bytes();
      try {
        return attempt(file, published, part);
      } catch (FetchException e) {
        failures = part.bytes() - before >= PROGRESS_BYTES ? 1 : failures + 1;
        int retries = e.unreachable() ? Math.min(options.retries(), 2) : options.retries();
        if (!e.worthRetrying() || failures > retries) {
          throw e;
        }
        Duration own = options.backoff().multipliedBy(1L << Math.min(failures - 1, MOST_DOUBLINGS));
        Duration wait = e.serverWait().filter(asked -> asked.compareTo(own) > 0).orElse(own);
        listener.retrying(file.name(), e.getMessage(), wait);
        pause(wait);
      }
    }
  }

  private Fetched attempt(CatalogueFile file, URI published, PartialFile part) throws IOException {
    URI address = network.rewrite(published);
    Map<String, String> headers = resumption(file, published, part);
    boolean whole = file.bytes().isPresent() && part.bytes() == file.bytes().getAsLong();
    if (whole && file.checksum().isPresent()) {
      return complete(file, address, part, HttpFetcher.Announced.NOTHING);
    }
    HttpFetcher.Answer answer = fetcher.get(address, headers);
    try (InputStream body = answer.body()) {
      AnswerCheck check = new AnswerCheck(file, published, answer);
      long total = check.accept(part);
      space.need(part.folder(), Math.max(total - part.bytes(), 0), file.name());
      transfer(file, answer, part, body, total);
    }
    return complete(file, address, part, answer.announced());
  }

  /** The headers that ask for the rest of a file, none if it has to be asked for as a whole. */
  private Map<String, String> resumption(CatalogueFile file, URI published, PartialFile part)
      throws IOException {
    if (part.bytes() == 0) {
      return Map.of();
    }
    Optional<String> validator =
        part.origin()
            .filter(origin -> origin.address().equals(published.toString()))
            .map(PartialFile.Origin::validator);
    boolean tooLong = file.bytes().isPresent() && part.bytes() > file.bytes().getAsLong();
    // Without a mark of the file's state only a checksum can tell that two halves fit.
    if (tooLong || validator.isEmpty() && file.checksum().isEmpty()) {
      part.restart();
      return Map.of();
    }
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Range", "bytes=" + part.bytes() + "-");
    validator.ifPresent(mark -> headers.put("If-Range", mark));
    return headers;
  }

  private void transfer(
      CatalogueFile file, HttpFetcher.Answer answer, PartialFile part, InputStream body, long total)
      throws IOException {
    long start = part.bytes();
    listener.started(file.name(), answer.address(), start, total);
    long startNanos = System.nanoTime();
    long toldNanos = startNanos;
    byte[] buffer = new byte[BUFFER_BYTES];
    try (StallGuard guard = new StallGuard(body, options)) {
      for (int read = read(body, buffer, answer.address(), guard);
          read >= 0;
          read = read(body, buffer, answer.address(), guard)) {
        guard.came(read);
        if (total >= 0 && part.bytes() + read > total) {
          part.restart();
          throw FetchException.refused(
              answer.address(), "sends more than the " + total + " bytes it announced", null);
        }
        write(part, buffer, read);
        long now = System.nanoTime();
        if (now - toldNanos >= TELL_NANOS) {
          toldNanos = now;
          tell(file, part, start, total, now - startNanos);
        }
      }
    }
    tell(file, part, start, total, System.nanoTime() - startNanos);
    if (total >= 0 && part.bytes() < total) {
      throw FetchException.passing(
          answer.address(), "ends after " + part.bytes() + " of " + total + " bytes", null);
    }
  }

  private void tell(CatalogueFile file, PartialFile part, long start, long total, long nanos) {
    double rate = (part.bytes() - start) * 1e9 / Math.max(nanos, 1);
    listener.progress(file.name(), part.bytes(), total, rate);
  }

  private int read(InputStream body, byte[] buffer, URI address, StallGuard guard)
      throws IOException {
    try {
      int read = body.read(buffer);
      if (!guard.stalled()) {
        return read;
      }
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted(e);
      }
      if (!guard.stalled()) {
        throw FetchException.passing(address, ConnectionProblem.phrase(e), e);
      }
    }
    throw FetchException.passing(
        address,
        "sends fewer than "
            + options.stallBytes()
            + " bytes in "
            + options.stallTimeout().toMillis()
            + " ms",
        null);
  }

  private static void write(PartialFile part, byte[] buffer, int length) throws IOException {
    try {
      part.write(buffer, length);
    } catch (IOException e) {
      // A full disk must not stay full because of us.
      part.restart();
      throw new IOException(
          part.path() + " cannot be written and has been removed: " + e.getMessage(), e);
    }
  }

  private Fetched complete(
      CatalogueFile file, URI address, PartialFile part, HttpFetcher.Announced announced)
      throws IOException {
    long bytes = part.bytes();
    if (file.bytes().isPresent() && bytes != file.bytes().getAsLong()) {
      part.restart();
      throw FetchException.refused(
          address, "sends " + bytes + " bytes, needed " + file.bytes().getAsLong(), null);
    }
    String sha256 = part.sha256();
    Checksum checksum =
        file.checksum()
            .or(() -> announced.sha256().map(text -> new Checksum(text, Trust.ANNOUNCED)))
            .orElse(new Checksum(sha256, Trust.FIRST_USE));
    if (!checksum.sha256().equals(sha256)) {
      boolean mixed = part.fromEarlierRun();
      part.restart();
      String reason =
          "sends a file whose SHA-256 is " + sha256 + ", needed " + checksum.sha256() + "; deleted";
      throw mixed
          ? FetchException.passing(address, reason, null)
          : FetchException.refused(address, reason, null);
    }
    Optional<String> complaint =
        checksum.trust() == Trust.FIRST_USE
            ? FileLooks.complaint(file.name(), part.path())
            : Optional.empty();
    if (complaint.isPresent()) {
      part.restart();
      throw FetchException.refused(
          address, "sends a file that " + complaint.get() + "; deleted", null);
    }
    part.install();
    return new Fetched(bytes, checksum, address);
  }

  private static void pause(Duration wait) throws InterruptedIOException {
    try {
      Thread.sleep(wait.toMillis());
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static InterruptedIOException interrupted(Exception cause) {
    Thread.currentThread().interrupt();
    InterruptedIOException interrupted =
        new InterruptedIOException("interrupted; what has come is kept for the next attempt");
    interrupted.initCause(cause);
    return interrupted;
  }
}
