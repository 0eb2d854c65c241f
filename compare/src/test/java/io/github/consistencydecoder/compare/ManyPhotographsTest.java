package io.github.consistencydecoder.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.plugin.DecodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 24 photographs of 512x512 through two decoders: memory stays flat, the report stays small. */
class ManyPhotographsTest {
  @TempDir private Path folder;

  private record Photograph(Path file, boolean end) implements ComparisonInput {
    @Override
    public String name() {
      return file.getFileName() + (end ? ", end" : ", start");
    }

    @Override
    public Loaded load() throws IOException {
      Picture whole = new PictureReader().read(file).picture();
      Region square =
          new Region(end ? whole.width() - 512 : 0, end ? whole.height() - 512 : 0, 512, 512);
      Picture truth = whole.crop(square);
      return new Loaded(
          Optional.of(BlockDecoder.encode(truth)), Optional.of(truth), Map.of(), List.of());
    }
  }

  private static long usedMemory() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void twentyFourPhotographsNeedNoMoreMemoryThanOneAndFitIntoFortyMegabytes() throws IOException {
    Path photographs = SharedData.folder("photos-kodak");
    List<ComparisonInput> inputs = new ArrayList<>();
    for (int n = 1; n <= 12; n++) {
      for (boolean end : new boolean[] {false, true}) {
        inputs.add(new Photograph(photographs.resolve(String.format("kodim%02d.png", n)), end));
      }
    }
    List<Long> used = new ArrayList<>();
    ComparisonListener listener =
        new ComparisonListener() {
          @Override
          public void inputFinished(int index, int count, String name, boolean reused) {
            if (index % 8 == 7) {
              used.add(usedMemory());
            }
          }
        };
    ComparisonSummary summary =
        Comparison.builder()
            .decoder("blocks", new BlockDecoder("blocks", false, 0.2f), DecodeOptions.defaults())
            .decoder("smooth", new BlockDecoder("smooth", true, 0.2f), DecodeOptions.defaults())
            .build()
            .run(inputs, folder, listener);
    assertThat(summary.compared()).isEqualTo(24);
    // A picture has 0.8 MB and an input five of them: sixteen inputs kept would be 64 MB.
    assertThat(used.get(2) - used.get(0)).isLessThan(12_000_000);
    assertThat(Files.size(summary.report())).isBetween(10_000_000L, 40_000_000L);
    assertThat(Files.readString(summary.report())).doesNotContain("no more room");
  }
}
