package io.github.consistencydecoder.cli.export;

import io.github.consistencydecoder.cli.shell.CliException;
import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.cli.shell.ExitCode;
import io.github.consistencydecoder.cli.shell.Progress;
import io.github.consistencydecoder.cli.shell.Version;
import io.github.consistencydecoder.core.export.ExportCheck;
import io.github.consistencydecoder.core.export.ExportRequest;
import io.github.consistencydecoder.core.export.ModelExport;
import io.github.consistencydecoder.models.network.export.PreparedFolder;
import io.github.consistencydecoder.plugin.Cancellation;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Exports one after the other; the folders get their names when all are written and, if that is
 * wanted, checked.
 *
 * <p>Owns what has no name yet. One thread.
 */
final class ExportRun implements AutoCloseable {
  private static final long MEBIBYTE = 1 << 20;

  private final Console console;
  private final Path output;
  private final boolean overwrite;
  private final boolean check;
  private final Cancellation cancellation;
  private final List<PreparedFolder> prepared = new ArrayList<>();

  ExportRun(
      Console console, Path output, boolean overwrite, boolean check, Cancellation cancellation) {
    this.console = console;
    this.output = output;
    this.overwrite = overwrite;
    this.check = check;
    this.cancellation = cancellation;
  }

  /** Returns the exit code. */
  int of(List<ExportRequest> requests) throws IOException {
    // All names are claimed first, so that what cannot be written fails at once.
    for (ExportRequest request : requests) {
      prepared.add(prepare(output.resolve(request.part().folder())));
    }
    List<Map<String, Object>> exports = new ArrayList<>();
    boolean passed = true;
    for (int k = 0; k < requests.size(); k++) {
      Map<String, Object> export = write(requests.get(k), prepared.get(k));
      exports.add(export);
      if (check) {
        List<ExportCheck.Finding> findings = check(requests.get(k), prepared.get(k));
        export.put("check", findings.stream().map(ExportRun::asMap).toList());
        passed &= findings.stream().allMatch(ExportCheck.Finding::passed);
      }
    }
    for (PreparedFolder folder : passed ? prepared : List.<PreparedFolder>of()) {
      folder.install();
      console.result("wrote " + folder.target());
    }
    if (!passed) {
      console.result("the export is NOT right; nothing was written");
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("software", Version.software());
    document.put("written", passed);
    document.put("exports", exports);
    console.document(document);
    return passed ? ExitCode.OK : ExitCode.FAILED;
  }

  private PreparedFolder prepare(Path target) throws IOException {
    try {
      return PreparedFolder.beside(target, overwrite);
    } catch (FileAlreadyExistsException e) {
      throw new CliException(
          ExitCode.FAILED,
          target
              + ": "
              + e.getReason()
              + (overwrite ? "" : "; --overwrite replaces it, -o writes elsewhere"),
          e);
    }
  }

  private Map<String, Object> write(ExportRequest request, PreparedFolder folder)
      throws IOException {
    ModelExport.Exported exported;
    try (ExportProgress progress = new ExportProgress(console, request.part().folder())) {
      exported = ModelExport.write(request, folder.folder(), cancellation, progress);
    }
    Map<String, Object> export = new LinkedHashMap<>();
    export.put("folder", folder.target().toString());
    export.put("model", exported.model());
    export.put("digest", exported.digest());
    Map<String, Object> files = new LinkedHashMap<>();
    try (Stream<Path> all = Files.list(folder.folder())) {
      for (Path file : all.sorted().toList()) {
        files.put(file.getFileName().toString(), Files.size(file));
      }
    }
    export.put("files", files);
    return export;
  }

  private List<ExportCheck.Finding> check(ExportRequest request, PreparedFolder folder)
      throws IOException {
    return ExportCheck.run(
        request,
        folder.folder(),
        cancellation,
        f ->
            console.result(
                String.format(
                    Locale.ROOT,
                    "%s %s %dx%d: largest difference %.2g, at most %.0e is right; a second run gave"
                        + " %s",
                    f.passed() ? "ok     " : "FAILED ",
                    request.part().folder(),
                    f.width(),
                    f.height(),
                    f.worst(),
                    f.tolerance(),
                    f.repeatable() ? "the same bits" : "OTHER bits")));
  }

  private static Map<String, Object> asMap(ExportCheck.Finding f) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("size", List.of(f.width(), f.height()));
    map.put("largest_difference", f.worst());
    map.put("tolerance", f.tolerance());
    map.put("repeatable", f.repeatable());
    map.put("passed", f.passed());
    return map;
  }

  @Override
  public void close() throws IOException {
    for (PreparedFolder folder : prepared) {
      folder.close();
    }
  }

  /** A bar that begins when its length is known. */
  private static final class ExportProgress implements ModelExport.Listener, AutoCloseable {
    private final Console console;
    private final String task;
    private Progress bar;

    ExportProgress(Console console, String task) {
      this.console = console;
      this.task = task;
    }

    @Override
    public void written(long done, long total) {
      if (bar == null) {
        bar = console.progress(task, total, " MiB", MEBIBYTE);
      }
      bar.reached(done);
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
