package io.github.consistencydecoder.cli.models;

import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.formats.io.ByteSizes;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PulledFile;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;

/** Shows one bar at a time: a file that comes, or one that is being checked. */
final class FetchProgress implements PullListener, AutoCloseable {
  private static final long MEBIBYTE = 1 << 20;

  private final Console console;
  private Progress bar = Progress.silent();
  private String shown = "";

  FetchProgress(Console console) {
    this.console = console;
  }

  @Override
  public void waiting(String id) {
    console.note("another process is changing " + id + "; waiting for it");
  }

  @Override
  public void started(String file, URI from, long doneBytes, long totalBytes) {
    close();
    console.note(
        file
            + ": from "
            + from.getHost()
            + (totalBytes < 0 ? "" : ", " + ByteSizes.text(totalBytes))
            + (doneBytes > 0 ? ", " + ByteSizes.text(doneBytes) + " are here already" : ""));
    show(file, doneBytes, totalBytes);
  }

  @Override
  public void progress(String file, long doneBytes, long totalBytes, double bytesPerSecond) {
    show(file, doneBytes, totalBytes);
    bar.doing(String.format(Locale.ROOT, "%.1f MB/s", bytesPerSecond / 1e6));
  }

  @Override
  public void retrying(String file, String reason, Duration wait) {
    close();
    console.note(
        String.format(
            Locale.ROOT, "%s: %s; trying again in %.1f s", file, reason, wait.toMillis() / 1e3));
  }

  @Override
  public void checking(String file, long doneBytes, long totalBytes) {
    show("checking " + file, doneBytes, totalBytes);
  }

  @Override
  public void finished(PulledFile file) {
    close();
  }

  private void show(String task, long doneBytes, long totalBytes) {
    if (!shown.equals(task)) {
      close();
      bar = console.progress(task, totalBytes, " MiB", MEBIBYTE);
      shown = task;
    }
    bar.reached(doneBytes);
  }

  @Override
  public void close() {
    bar.close();
    bar = Progress.silent();
    shown = "";
  }
}
