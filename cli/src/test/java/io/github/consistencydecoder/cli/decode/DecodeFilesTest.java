package io.github.consistencydecoder.cli.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.cli.CommandRun;
import io.github.consistencydecoder.testing.SharedData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where latents come from and where pictures go: folders, files of one name, streams. */
final class DecodeFilesTest {
  private static final Path LATENTS = SharedData.inRepository("formats/src/test/resources/latents");

  @TempDir private Path folder;

  private Path decoded(String name, Object... more) throws IOException {
    Path out = folder.resolve("expected.png");
    Object[] all = new Object[more.length + 4];
    System.arraycopy(new Object[] {LATENTS.resolve(name), "-o", out, "--force"}, 0, all, 0, 4);
    System.arraycopy(more, 0, all, 4, more.length);
    CommandRun.decode(all).exits(0);
    return out;
  }

  @Test
  void promptAndWorkflowTravelIntoThePicture() throws IOException {
    PngChunks chunks = PngChunks.of(decoded("workflow.latent"));
    assertThat(chunks.text()).containsEntry("workflow", "{\"nodes\": []}").containsKey("prompt");
    assertThat(PngChunks.of(decoded("workflow.latent", "--no-metadata")).text()).isEmpty();
  }

  @Test
  void filesOfAFolderAreDecodedAndTheOthersNamed() throws IOException {
    Path in = Files.createDirectory(folder.resolve("in"));
    for (String name : new String[] {"new.latent", "tensor.pt", "first.npz", "expected.txt"}) {
      Files.copy(LATENTS.resolve(name), in.resolve(name));
    }

    CommandRun run = CommandRun.decode(in, "-o", folder.resolve("out")).exits(0);

    assertThat(folder.resolve("out"))
        .isDirectoryContaining("glob:**new.png")
        .isDirectoryContaining("glob:**tensor.png")
        .isDirectoryContaining("glob:**first.png");
    assertThat(run.err()).contains("left out 1 file of another kind (expected.txt)");
  }

  @Test
  void inputsOfOneStemKeepTheirEndingsAndIfNeedBeTheirFolders() throws IOException {
    Path a = Files.createDirectories(folder.resolve("x/a"));
    Files.copy(LATENTS.resolve("frame.pt"), a.resolve("frame.pt"));
    Path out = folder.resolve("out");
    CommandRun.decode(LATENTS.resolve("frame.pt"), LATENTS.resolve("frame.npy"), "-o", out)
        .exits(0);
    assertThat(out)
        .isDirectoryContaining("glob:**frame.pt.png")
        .isDirectoryContaining("glob:**frame.npy.png");

    CommandRun.decode(LATENTS.resolve("frame.pt"), a.resolve("frame.pt"), "-o", out).exits(0);

    assertThat(out).isDirectoryContaining("glob:**x-a-frame.pt.png");
  }

  @Test
  void standardInputAndOutputAreFiles() throws IOException {
    byte[] expected = Files.readAllBytes(decoded("new.latent"));
    InputStream in = System.in;
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (InputStream file = Files.newInputStream(LATENTS.resolve("new.latent"));
        PrintStream captured = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
      System.setIn(file);
      System.setOut(captured);
      CommandRun.decode("-", "-o", "-").exits(0);
    } finally {
      System.setIn(in);
      System.setOut(out);
    }
    assertThat(bytes.toByteArray()).isEqualTo(expected);
    CommandRun two = CommandRun.decode(LATENTS.resolve("frames.npy"), "-o", "-").exits(4);
    assertThat(two.err()).contains("2 latents found, -o - takes one picture");
  }
}
