package io.github.consistencydecoder.models.network.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedFolderTest {
  @TempDir Path parent;

  @Test
  void theNameLeadsToACompleteFolderOrToNothing() throws IOException {
    Path target = parent.resolve("a/b/vae_decoder");
    try (PreparedFolder prepared = PreparedFolder.beside(target, false)) {
      Files.writeString(prepared.folder().resolve("model.onnx"), "whole");
      assertThat(target).doesNotExist();
      prepared.install();
    }
    assertThat(target.resolve("model.onnx")).hasContent("whole");
    assertThat(names(target.getParent())).containsExactly("vae_decoder");
  }

  @Test
  void whatIsNotInstalledLeavesNothing() throws IOException {
    try (PreparedFolder prepared = PreparedFolder.beside(parent.resolve("vae_decoder"), false)) {
      Files.writeString(prepared.folder().resolve("model.onnx"), "half");
    }
    assertThat(names(parent)).isEmpty();
  }

  @Test
  void anExistingFolderIsKept() throws IOException {
    Path target = folder("model.onnx");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> PreparedFolder.beside(target, false))
        .withMessageContaining("exists already");
    assertThat(target.resolve("model.onnx")).hasContent("old");
    assertThat(names(parent)).containsExactly("vae_decoder");
  }

  @Test
  void anExistingModelIsReplacedWhole() throws IOException {
    Path target = folder("model.onnx", "weights.pb", "config.json");
    try (PreparedFolder prepared = PreparedFolder.beside(target, true)) {
      Files.writeString(prepared.folder().resolve("model.onnx"), "new");
      prepared.install();
    }
    assertThat(names(target)).containsExactly("model.onnx");
    assertThat(target.resolve("model.onnx")).hasContent("new");
    assertThat(names(parent)).containsExactly("vae_decoder");
  }

  @Test
  void aFolderWithAnythingElseIsNotReplaced() throws IOException {
    Path target = folder("model.onnx", "notes.txt");
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> PreparedFolder.beside(target, true))
        .withMessageContaining("holds 'notes.txt'");
    assertThat(names(target)).containsExactly("model.onnx", "notes.txt");
  }

  @Test
  void aFileIsNotReplaced() throws IOException {
    Path target = Files.writeString(parent.resolve("vae_decoder"), "mine");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> PreparedFolder.beside(target, true))
        .withMessageContaining("is not a folder");
    assertThat(target).hasContent("mine");
  }

  @Test
  void aNameTakenMeanwhileIsKept() throws IOException {
    Path target = parent.resolve("vae_decoder");
    try (PreparedFolder prepared = PreparedFolder.beside(target, false)) {
      folder("model.onnx");
      assertThatExceptionOfType(FileAlreadyExistsException.class).isThrownBy(prepared::install);
    }
    assertThat(target.resolve("model.onnx")).hasContent("old");
    assertThat(names(parent)).containsExactly("vae_decoder");
  }

  private Path folder(String... files) throws IOException {
    Path folder = Files.createDirectories(parent.resolve("vae_decoder"));
    for (String file : files) {
      Files.writeString(folder.resolve(file), "old");
    }
    return folder;
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
