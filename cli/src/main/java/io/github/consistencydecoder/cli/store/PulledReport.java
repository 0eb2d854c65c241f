package io.github.consistencydecoder.cli.store;

import io.github.consistencydecoder.cli.shell.Console;
import io.github.consistencydecoder.models.store.Pulled;
import io.github.consistencydecoder.models.store.download.PulledFile;
import java.util.LinkedHashMap;
import java.util.Map;

/** Says what a pull or an import has brought. */
final class PulledReport {
  private PulledReport() {}

  static void print(Console console, Pulled pulled) {
    pulled.sentences().forEach(console::note);
    if (!pulled.missing().isEmpty()) {
      console.warning(
          pulled.id() + ": still to be imported: " + String.join(", ", pulled.missing()));
    }
    console.result(pulled.path().toString());
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("id", pulled.id());
    document.put("path", pulled.path().toString());
    document.put("files", pulled.files().stream().map(PulledReport::asMap).toList());
    document.put("missing", pulled.missing());
    console.document(document);
  }

  private static Map<String, Object> asMap(PulledFile file) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", file.name());
    map.put("bytes", file.bytes());
    map.put("sha256", file.checksum().sha256());
    map.put("trust", file.checksum().trust().toString());
    map.put("already_there", file.alreadyThere());
    return map;
  }
}
