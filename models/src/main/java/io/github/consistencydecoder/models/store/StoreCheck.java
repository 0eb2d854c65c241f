package io.github.consistencydecoder.models.store;

import io.github.consistencydecoder.models.store.catalogue.CatalogueFile;
import io.github.consistencydecoder.models.store.catalogue.Checksum;
import io.github.consistencydecoder.models.store.catalogue.Checksum.Trust;
import io.github.consistencydecoder.models.store.catalogue.FileRecords;
import io.github.consistencydecoder.models.store.catalogue.FileRecords.FileRecord;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.download.ContentSniffer;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PulledFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Reads a stored file and compares it with what is known of it. */
final class StoreCheck {
  private final ModelFolder home;
  private final FileRecords records;
  private final PullListener listener;

  StoreCheck(ModelFolder home, FileRecords records, PullListener listener) {
    this.home = home;
    this.records = records;
    this.listener = listener;
  }

  static Verification.FileCheck sound(String name, Checksum checksum) {
    return new Verification.FileCheck(
        name,
        Verification.FileCheck.Finding.SOUND,
        "sha256 " + checksum.sha256() + ", " + origin(checksum.trust()));
  }

  Verification.FileCheck check(CatalogueFile file) throws IOException {
    Path path = home.file(file);
    if (!Files.isRegularFile(path)) {
      return new Verification.FileCheck(
          file.name(), Verification.FileCheck.Finding.MISSING, "not there");
    }
    Optional<FileRecord> fileRecord = records.find(file.name());
    long bytes = Files.size(path);
    if (file.bytes().isPresent() && file.bytes().getAsLong() != bytes) {
      return wrong(file, bytes + " bytes, needed " + file.bytes().getAsLong());
    }
    String sha256 = Sha256.of(path, done -> listener.checking(file.name(), done, bytes));
    Optional<Checksum> needed = file.checksum().or(() -> fileRecord.map(FileRecord::checksum));
    if (needed.isEmpty()) {
      Optional<String> complaint = ContentSniffer.complaint(file.name(), path);
      if (complaint.isPresent()) {
        return wrong(file, complaint.get());
      }
      Checksum first = new Checksum(sha256, Trust.FIRST_USE);
      records.put(file.name(), new FileRecord(bytes, first, "found in the store"));
      return new Verification.FileCheck(
          file.name(),
          Verification.FileCheck.Finding.RECORDED,
          "sha256 " + sha256 + ", " + Trust.FIRST_USE.sentence());
    }
    if (!needed.get().sha256().equals(sha256)) {
      return wrong(
          file,
          "sha256 %s, needed %s (%s)"
              .formatted(sha256, needed.get().sha256(), origin(needed.get().trust())));
    }
    if (fileRecord.isEmpty()) {
      records.put(file.name(), new FileRecord(bytes, needed.get(), "found in the store"));
    }
    return sound(file.name(), needed.get());
  }

  /** A file that is there: recorded and of that size, or found sound now. */
  Optional<PulledFile> present(CatalogueFile file) throws IOException {
    Path path = home.file(file);
    if (!Files.isRegularFile(path)) {
      return Optional.empty();
    }
    Optional<FileRecord> fileRecord = records.find(file.name());
    boolean agrees =
        fileRecord.isPresent()
            && fileRecord.get().bytes() == Files.size(path)
            && file.checksum()
                .map(sum -> sum.sha256().equals(fileRecord.get().checksum().sha256()))
                .orElse(true);
    if (!agrees && !check(file).sound()) {
      return Optional.empty();
    }
    return records
        .find(file.name())
        .map(known -> new PulledFile(file.name(), known.bytes(), known.checksum(), true));
  }

  private static Verification.FileCheck wrong(CatalogueFile file, String detail) {
    return new Verification.FileCheck(file.name(), Verification.FileCheck.Finding.WRONG, detail);
  }

  private static String origin(Trust trust) {
    return switch (trust) {
      case PUBLISHER -> "as published";
      case THIRD_PARTY -> "as several third parties report";
      case ANNOUNCED -> "as the server announced when the file came";
      case BUNDLED -> "as in the program";
      case FIRST_USE -> "as recorded when the file came";
    };
  }
}
