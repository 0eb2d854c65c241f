package io.github.consistencydecoder.models.store.download;

import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.catalogue.Checksum;
import io.github.consistencydecoder.models.store.catalogue.Checksum.Trust;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Brings one file: from each of its addresses in turn, trying again where that may help, going on
 * where an earlier attempt ended, and giving the file its name only when it is complete and its
 * checksum right. For one thread.
 */
public final class Downloader {
  /** An attempt that brought this much counts as progress: the retries are counted anew. */
  private static final long PROGRESS_BYTES = 1 << 20;

  private static final long TELL_NANOS = 100_000_000L;
  private static final int MOST_DOUBLINGS = 6;

  private final HttpFetcher fetcher;
  private final NetworkSettings network;
  private final PullOptions options;
  private final PullListener listener;
  private final DiskSpace space;

  public Downloader(
      NetworkSettings network, PullOptions options, PullListener listener, DiskSpace space) {
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
  public record Fetched(long bytes, Checksum checksum, URI from) {}

  /**
   * @param target where to put it; the caller holds the model's lock
   * @param failed makes the exception for when no address works, from the reasons
   */
  public Fetched download(
      CatalogueFile file, Path target, Function<Set<String>, IOException> failed)
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
    } catch (ClosedByInterruptException e) {
      throw interrupted(e);
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
    try (HttpFetcher.Answer answer = fetcher.get(address, headers)) {
      long total = new DownloadResponseCheck(file, published, answer).accept(part);
      space.need(part.folder(), Math.max(total - part.bytes(), 0), file.name());
      transfer(file, answer, part, total);
      return complete(file, address, part, answer.announced());
    }
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
    if (tooLong || (validator.isEmpty() && file.checksum().isEmpty())) {
      part.restart();
      return Map.of();
    }
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Range", "bytes=" + part.bytes() + "-");
    validator.ifPresent(mark -> headers.put("If-Range", mark));
    return headers;
  }

  private void transfer(CatalogueFile file, HttpFetcher.Answer answer, PartialFile part, long total)
      throws IOException {
    listener.started(file.name(), answer.address(), part.bytes(), total);
    Progress progress = new Progress(file.name(), part, total);
    StallDetector clock = new StallDetector(options, answer.address());
    long most = total >= 0 ? total : file.mostBytes();
    for (List<ByteBuffer> piece = next(answer, clock);
        !piece.isEmpty();
        piece = next(answer, clock)) {
      for (ByteBuffer bytes : piece) {
        if (part.bytes() + bytes.remaining() > most) {
          part.restart();
          String whose = total >= 0 ? " bytes it announced" : " bytes that are due of such a file";
          throw FetchException.refused(
              answer.address(), "sends more than the " + most + whose, null);
        }
        clock.came(bytes.remaining());
        write(part, bytes);
      }
      progress.tellSometimes();
    }
    progress.tell();
    if (total >= 0 && part.bytes() < total) {
      throw FetchException.passing(
          answer.address(), "ends after " + part.bytes() + " of " + total + " bytes", null);
    }
  }

  private static List<ByteBuffer> next(HttpFetcher.Answer answer, StallDetector clock)
      throws IOException {
    try {
      while (true) {
        Optional<List<ByteBuffer>> piece = answer.body().take(clock.leftNanos());
        if (piece.isPresent()) {
          return piece.get();
        }
        clock.check();
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (FetchException e) {
      throw e;
    } catch (IOException e) {
      throw FetchException.passing(answer.address(), HttpFetcher.ConnectionProblem.phrase(e), e);
    }
  }

  private static void write(PartialFile part, ByteBuffer bytes) throws IOException {
    try {
      part.write(bytes);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      // A full disk must not stay full because of us.
      part.restart();
      throw new IOException(
          part.path() + " cannot be written and has been removed: " + e.getMessage(), e);
    }
  }

  /** Tells the listener how far a file has come, a few times a second. */
  private final class Progress {
    private final String file;
    private final PartialFile part;
    private final long total;
    private final long startBytes;
    private final long startNanos = System.nanoTime();
    private long toldNanos = startNanos;

    Progress(String file, PartialFile part, long total) {
      this.file = file;
      this.part = part;
      this.total = total;
      this.startBytes = part.bytes();
    }

    void tellSometimes() {
      if (System.nanoTime() - toldNanos >= TELL_NANOS) {
        tell();
      }
    }

    void tell() {
      toldNanos = System.nanoTime();
      double rate = (part.bytes() - startBytes) * 1e9 / Math.max(toldNanos - startNanos, 1);
      listener.progress(file, part.bytes(), total, rate);
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
        file.checksum().isEmpty()
            ? ContentSniffer.complaint(file.name(), part.path())
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

  /**
   * Tells a slow download from a dead one: in every stretch of the stall time-out at least so many
   * bytes must arrive. For one thread.
   */
  static final class StallDetector {
    /** So many bytes must arrive in each stretch. */
    private static final long LEAST_BYTES = 4096;

    private final URI address;
    private final Duration stretch;
    private long startNanos = System.nanoTime();
    private long bytes;

    StallDetector(PullOptions options, URI address) {
      this.address = address;
      this.stretch = options.stallTimeout();
    }

    /** How long to wait for more before the next {@link #check}. */
    long leftNanos() {
      return stretch.toNanos() - (System.nanoTime() - startNanos);
    }

    /** So many more bytes have come. */
    void came(long count) throws FetchException {
      bytes += count;
      check();
    }

    /**
     * @throws FetchException if the stretch is over and too little has come in it
     */
    void check() throws FetchException {
      if (leftNanos() > 0) {
        return;
      }
      if (bytes < LEAST_BYTES) {
        throw FetchException.passing(
            address,
            "sends fewer than " + LEAST_BYTES + " bytes in " + stretch.toMillis() + " ms",
            null);
      }
      startNanos = System.nanoTime();
      bytes = 0;
    }
  }
}
