package io.github.consistencydecoder.compare;

import io.github.consistencydecoder.compare.metrics.Measurements;
import io.github.consistencydecoder.compare.metrics.Measuring;
import io.github.consistencydecoder.compare.metrics.PictureDistance;
import io.github.consistencydecoder.compare.report.ColumnResult;
import io.github.consistencydecoder.compare.report.DifferenceMap;
import io.github.consistencydecoder.compare.report.InputResult;
import io.github.consistencydecoder.formats.io.SystemMemory;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.plugin.Decoded;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.Latents;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Compares one input: decodes it, measures the pictures and writes them into its folder. */
final class InputComparison {
  private final List<Comparison.Column> columns;
  private final List<? extends PictureDistance> distances;
  private final CropChoice crops;
  private final ComparisonListener listener;

  InputComparison(
      List<Comparison.Column> columns,
      List<? extends PictureDistance> distances,
      CropChoice crops,
      ComparisonListener listener) {
    this.columns = columns;
    this.distances = distances;
    this.crops = crops;
    this.listener = listener;
  }

  /** A picture of a column, and how it came about. */
  private record Made(
      Picture picture,
      Map<String, String> about,
      List<String> warnings,
      OptionalDouble seconds,
      OptionalLong peakBytes,
      OptionalLong estimatedBytes) {}

  InputResult run(String name, String key, ComparisonInput.Loaded loaded, ResultFolder folder)
      throws IOException, InputProblem {
    List<Made> made = new ArrayList<>();
    for (Comparison.Column column : columns) {
      made.add(column.decodes() ? decode(name, column, loaded) : given(column, loaded));
    }
    checkSizes(made, loaded.truth());
    folder.begin();

    Picture first = made.get(0).picture;
    List<String> notes = new ArrayList<>(loaded.notes());
    Map<String, Region> regions = new LinkedHashMap<>();
    regions.put(InputResult.WHOLE, new Region(0, 0, first.width(), first.height()));
    Map<String, Region> found = crops.of(forCrops(made, loaded.truth()), notes);
    regions.putAll(found);

    Picture reference = loaded.truth().orElse(first);
    List<DifferenceMap> maps = new ArrayList<>();
    for (Made one : made) {
      maps.add(DifferenceMap.of(one.picture, reference));
    }
    int scale = DifferenceMap.scaleFor(maps);
    List<ColumnResult> results = new ArrayList<>();
    for (int i = 0; i < made.size(); i++) {
      boolean isReference = loaded.truth().isEmpty() && i == 0;
      Optional<DifferenceMap> map = isReference ? Optional.empty() : Optional.of(maps.get(i));
      results.add(
          result(
              i,
              made.get(i),
              map.map(m -> m.picture(scale)),
              isReference
                  ? alone(first, regions)
                  : measured(made.get(i).picture, loaded.truth(), first, regions),
              folder));
    }
    Optional<String> truthFile = loaded.truth().map(truth -> "truth.png");
    if (truthFile.isPresent()) {
      folder.write(truthFile.get(), loaded.truth().get());
    }
    InputResult result =
        new InputResult(
            name,
            key,
            folder.relative(),
            first.width(),
            first.height(),
            truthFile,
            loaded.truth().map(truth -> alone(truth, regions)).orElse(Map.of()),
            truthFile.isPresent() ? InputResult.TRUTH : columns.get(0).name(),
            scale,
            found,
            results,
            notes);
    folder.finish(result);
    return result;
  }

  private Made decode(String name, Comparison.Column column, ComparisonInput.Loaded loaded)
      throws InputProblem {
    if (loaded.latents().isEmpty()) {
      throw new InputProblem("decoder '" + column.name() + "' needs latents, the input has none");
    }
    Latents latents = loaded.latents().get();
    if (latents.batch() != 1) {
      throw new InputProblem(
          "the latents are a batch of " + latents.batch() + "; an input is one picture");
    }
    boolean measurable = SystemMemory.here().resetPeak();
    long estimate;
    Decoded decoded;
    try {
      estimate =
          column
              .decoder()
              .estimate(1, latents.height(), latents.width(), column.options())
              .peakBytes();
      decoded = column.decoder().decode(latents, column.options());
    } catch (DecoderException e) {
      if (e.code() == DecoderErrorCode.CANCELLED) {
        throw e;
      }
      throw new InputProblem("decoder '" + column.name() + "': " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw InputProblem.unexpected("decoder '" + column.name() + "'", e);
    }
    OptionalLong peak = measurable ? SystemMemory.here().peak() : OptionalLong.empty();
    listener.decoded(name, column.name(), decoded.totalNanos());
    return new Made(
        Picture.of(decoded.pixels(), 0),
        about(column, decoded),
        decoded.warnings(),
        OptionalDouble.of(decoded.totalNanos() / 1e9),
        peak,
        OptionalLong.of(estimate));
  }

  private static Map<String, String> about(Comparison.Column column, Decoded decoded) {
    DecoderInfo info = column.decoder().info();
    Map<String, String> about = new TreeMap<>(decoded.metadata());
    about.put("provider", info.provider());
    about.putIfAbsent("model", info.model());
    about.put("device", info.device());
    if (!info.digest().isEmpty()) {
      about.put("digest", info.digest());
    }
    return about;
  }

  private static Made given(Comparison.Column column, ComparisonInput.Loaded loaded)
      throws InputProblem {
    Picture picture = loaded.pictures().get(column.name());
    if (picture == null) {
      throw new InputProblem("there is no picture of it in '" + column.name() + "'");
    }
    return new Made(
        picture,
        Map.of(),
        List.of(),
        OptionalDouble.empty(),
        OptionalLong.empty(),
        OptionalLong.empty());
  }

  private void checkSizes(List<Made> made, Optional<Picture> truth) throws InputProblem {
    Picture first = made.get(0).picture;
    for (int i = 1; i < made.size(); i++) {
      checkSize(columns.get(i).name(), made.get(i).picture, first);
    }
    if (truth.isPresent()) {
      checkSize(InputResult.TRUTH, truth.get(), first);
    }
  }

  private void checkSize(String name, Picture picture, Picture first) throws InputProblem {
    if (!picture.sameSizeAs(first)) {
      throw new InputProblem(
          "'%s' is %sx%s pixels, '%s' is %sx%s; they must have one size"
              .formatted(
                  columns.get(0).name(),
                  first.width(),
                  first.height(),
                  name,
                  picture.width(),
                  picture.height()));
    }
  }

  /** Where the decoders differ from each other; a single one, from the truth. */
  private static List<Picture> forCrops(List<Made> made, Optional<Picture> truth) {
    List<Picture> pictures = new ArrayList<>();
    made.forEach(one -> pictures.add(one.picture));
    if (pictures.size() == 1) {
      truth.ifPresent(pictures::add);
    }
    return pictures;
  }

  private Map<String, Measurements> measured(
      Picture picture, Optional<Picture> truth, Picture first, Map<String, Region> regions)
      throws InputProblem {
    Map<String, Measurements> byRegion = new LinkedHashMap<>();
    for (Map.Entry<String, Region> entry : regions.entrySet()) {
      // A crop is cut first and measured then.
      Region region = entry.getValue();
      Picture part = picture.crop(region);
      Picture reference = truth.orElse(first).crop(region);
      try {
        byRegion.put(
            entry.getKey(),
            truth.isPresent()
                ? Measuring.fidelity(part, reference, distances)
                : Measuring.difference(part, reference, distances));
      } catch (DecoderException e) {
        throw new InputProblem("measuring it: " + e.getMessage(), e);
      } catch (RuntimeException e) {
        throw InputProblem.unexpected("measuring it", e);
      }
    }
    return byRegion;
  }

  private static Map<String, Measurements> alone(Picture picture, Map<String, Region> regions) {
    Map<String, Measurements> byRegion = new LinkedHashMap<>();
    regions.forEach((name, region) -> byRegion.put(name, Measuring.alone(picture.crop(region))));
    return byRegion;
  }

  private ColumnResult result(
      int index,
      Made made,
      Optional<Picture> difference,
      Map<String, Measurements> measurements,
      ResultFolder folder)
      throws IOException {
    String name = columns.get(index).name();
    String stem = (index + 1) + "-" + ResultFolder.fileName(name);
    folder.write(stem + ".png", made.picture);
    if (difference.isPresent()) {
      folder.write(stem + "-difference.png", difference.get());
    }
    return new ColumnResult(
        name,
        made.about,
        made.warnings,
        stem + ".png",
        difference.map(map -> stem + "-difference.png"),
        made.seconds,
        made.peakBytes,
        made.estimatedBytes,
        measurements);
  }

  /** An input that cannot be compared, in one sentence. */
  static final class InputProblem extends Exception {
    private static final long serialVersionUID = 1L;

    InputProblem(String sentence) {
      this(sentence, null);
    }

    InputProblem(String sentence, Throwable cause) {
      super(sentence.strip().replaceAll("\\s+", " "), cause);
    }

    /** Of something that broke a promise: what it was is all there is to say. */
    static InputProblem unexpected(String where, RuntimeException e) {
      String message = e.getMessage() == null ? "" : ": " + e.getMessage();
      return new InputProblem(
          where + " failed unexpectedly, " + e.getClass().getSimpleName() + message, e);
    }
  }
}
