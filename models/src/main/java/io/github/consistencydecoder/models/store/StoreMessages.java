package io.github.consistencydecoder.models.store;

import io.github.consistencydecoder.formats.io.ByteSizes;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.disk.StoreFolders;
import java.net.URI;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** The store's longer sentences: what is missing and which command brings it. */
final class StoreMessages {
  private static final String COMMAND = "./consistency-decoder models ";

  private StoreMessages() {}

  static String unknown(String wanted, List<String> near) {
    String hint = near.isEmpty() ? "" : "; near: " + String.join(", ", near);
    return ("no model '%s': neither an id of the catalogue nor an existing file"
            + " or folder%s; %slist shows the catalogue")
        .formatted(wanted, hint, COMMAND);
  }

  static String unknownId(String wanted, List<String> near) {
    String hint = near.isEmpty() ? "" : "; near: " + String.join(", ", near);
    return "no id '" + wanted + "' in the catalogue" + hint + "; " + COMMAND + "list shows it";
  }

  static String notInstalled(CatalogueEntry entry, Path folder, List<CatalogueFile> missing) {
    boolean some = missing.size() < entry.files().size();
    String what =
        some
            ? "of model '" + entry.id() + "' " + names(missing) + " is"
            : "model '" + entry.id() + "' is";
    String size =
        entry.likelyBytes().isPresent()
            ? " (about " + ByteSizes.text(entry.likelyBytes().getAsLong()) + ")"
            : "";
    return "%s not installed in %s; fetch it with: %spull %s%s; %s"
        .formatted(
            what,
            folder,
            COMMAND,
            entry.id(),
            size,
            byHand("where there is no network", entry, missing));
  }

  static String wrongSize(CatalogueEntry entry, String file, long found, long needed) {
    return ("%s of model '%s' has %s bytes, needed %s; fetch it again with:" + " %spull %s --force")
        .formatted(file, entry.id(), found, needed, COMMAND, entry.id());
  }

  static String downloadFailed(
      CatalogueEntry entry, CatalogueFile file, Collection<String> reasons) {
    return "cannot download %s of model '%s': %s. %s"
        .formatted(
            file.name(),
            entry.id(),
            String.join("; ", reasons),
            capital(byHand("by hand", entry, List.of(file))));
  }

  static String bundledAbsent(CatalogueEntry entry, String file) {
    return "model '%s' is not in this build of the program: %s is missing"
        .formatted(entry.id(), file);
  }

  static String bundledNotWritable(CatalogueEntry entry, Path folder, String reason) {
    return ("model '%s' cannot be unpacked to %s (%s); set %s to a folder that" + " can be written")
        .formatted(entry.id(), folder, reason, StoreFolders.HOME);
  }

  static String bundledNotImported(CatalogueEntry entry) {
    return "model '" + entry.id() + "' comes with the program and cannot be replaced";
  }

  static String importNeedsName(CatalogueEntry entry, Path found) {
    return "%s is none of the files of model '%s', needed %s"
        .formatted(found.getFileName(), entry.id(), names(entry.files()));
  }

  static String importFindsNothing(CatalogueEntry entry, Path folder) {
    return "%s holds none of the files of model '%s', needed %s"
        .formatted(folder, entry.id(), names(entry.files()));
  }

  static String importWrong(CatalogueEntry entry, CatalogueFile file, Path found, String reason) {
    return found + " is not " + file.name() + " of model '" + entry.id() + "': " + reason;
  }

  /** How to bring files by browser and command. */
  private static String byHand(String when, CatalogueEntry entry, List<CatalogueFile> files) {
    StringBuilder text = new StringBuilder(when + ", fetch ");
    for (int i = 0; i < files.size(); i++) {
      text.append(i == 0 ? "" : " and ").append(lastAddress(files.get(i)));
    }
    return text.append(" in a browser and run: ")
        .append(COMMAND)
        .append("import ")
        .append(entry.id())
        .append(files.size() == 1 ? " " + files.get(0).name() : " FOLDER")
        .append(files.size() == 1 ? "" : " (the folder they were saved in)")
        .toString();
  }

  /** The last address is the one by branch rather than by revision, and shorter. */
  private static URI lastAddress(CatalogueFile file) {
    return file.addresses().get(file.addresses().size() - 1);
  }

  private static String names(List<CatalogueFile> files) {
    return String.join(", ", files.stream().map(CatalogueFile::name).toList());
  }

  private static String capital(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
