package io.github.consistencydecoder.cli.compare;

import io.github.consistencydecoder.compare.Comparison;
import io.github.consistencydecoder.compare.ComparisonInput;
import io.github.consistencydecoder.compare.ComparisonListener;
import io.github.consistencydecoder.compare.ComparisonSummary;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureReader;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Decoders;
import io.github.consistencydecoder.plugin.Encoders;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Schedule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A process of its own that compares 24 photographs of 512x512 and prints, after each, the bytes
 * that it has in memory and those of live objects in its heap.
 *
 * <p>{@code ManyPhotographs PHOTOGRAPHS OUT tiny|preview none|heap|native}: the folder that has
 * those of Kodak and scikit-image below it, where the comparison goes, which decoders, and what is
 * kept of each input on purpose.
 */
final class ManyPhotographs {
  private static final int SIDE = 512;
  private static final List<Object> KEPT = new ArrayList<>();

  private ManyPhotographs() {}

  public static void main(String[] arguments) throws IOException {
    DecoderConfig config = DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu");
    String second = arguments[2];
    try (LatentEncoder encoder = Encoders.open("vaelight", DecoderConfig.empty());
        LatentDecoder decoder =
            second.equals("tiny")
                ? Decoders.open("consistency", config.with(DecoderConfig.MODEL, "tiny"))
                : Decoders.open("preview", config)) {
      Set<Picture> pictures = new HashSet<>();
      List<Photograph> inputs = photographs(Path.of(arguments[0]), encoder, arguments[3]);
      for (Photograph input : inputs) {
        pictures.add(input.truth());
      }
      if (pictures.size() != 24) {
        throw new IllegalStateException(pictures.size() + " different photographs");
      }
      pictures.clear();
      ComparisonSummary summary =
          Comparison.builder()
              .decoder("one", decoder, options(Schedule.ONE_STEP))
              .decoder("two", decoder, options(Schedule.TWO_STEPS))
              .build()
              .run(inputs, Path.of(arguments[1]), new Printer());
      System.out.println("compared " + summary.compared() + " kept " + KEPT.size());
      System.out.println("report " + Files.size(summary.report()));
    }
  }

  private static DecodeOptions options(Schedule schedule) {
    return DecodeOptions.builder().schedule(schedule).build();
  }

  /** Eleven from Kodak from both ends, those from the far end mirrored, and two whole ones. */
  private static List<Photograph> photographs(Path folder, LatentEncoder encoder, String keep) {
    List<Photograph> all = new ArrayList<>();
    for (int n = 1; n <= 11; n++) {
      Path file = folder.resolve(String.format("photos-kodak/kodim%02d.png", n));
      all.add(new Photograph(file, false, encoder, keep));
      all.add(new Photograph(file, true, encoder, keep));
    }
    for (String name : List.of("astronaut", "camera")) {
      Path file = folder.resolve("photos-skimage/" + name + ".png");
      all.add(new Photograph(file, false, encoder, keep));
    }
    return all;
  }

  private record Photograph(Path file, boolean mirrored, LatentEncoder encoder, String keep)
      implements ComparisonInput {
    @Override
    public String name() {
      return file.getFileName() + (mirrored ? ", mirrored" : "");
    }

    Picture truth() throws IOException {
      Picture whole = new PictureReader().read(file).picture();
      int x = mirrored ? whole.width() - SIDE : 0;
      int y = mirrored ? whole.height() - SIDE : 0;
      Picture square = whole.crop(new Region(x, y, SIDE, SIDE));
      return mirrored ? mirror(square) : square;
    }

    @Override
    public Loaded load() throws IOException {
      Picture truth = truth();
      switch (keep) {
        case "heap" -> KEPT.add(truth);
        case "native" -> KEPT.add(ByteBuffer.allocateDirect(3 * SIDE * SIDE).put(truth.rgb()));
        default -> {}
      }
      return new Loaded(
          Optional.of(encoder.encode(truth.toPixels())), Optional.of(truth), Map.of(), List.of());
    }
  }

  private static Picture mirror(Picture picture) {
    int w = picture.width();
    byte[] from = picture.rgb();
    byte[] to = new byte[from.length];
    for (int i = 0; i < from.length; i++) {
      int pixel = i / 3;
      to[3 * (pixel - pixel % w + w - 1 - pixel % w) + i % 3] = from[i];
    }
    return Picture.takeOver(w, picture.height(), to);
  }

  private static final class Printer implements ComparisonListener {
    @Override
    public void inputFinished(int index, int count, String name, boolean reused) {
      Runtime runtime = Runtime.getRuntime();
      // Twice, and a moment for the thread that frees the memory of direct buffers.
      for (int i = 0; i < 2; i++) {
        System.gc();
        try {
          Thread.sleep(100);
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      System.out.println(
          "memory " + resident() + " " + (runtime.totalMemory() - runtime.freeMemory()));
    }

    private static long resident() {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
          if (line.startsWith("VmRSS:")) {
            return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
          }
        }
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
      throw new IllegalStateException("this system does not say what is resident");
    }
  }
}
