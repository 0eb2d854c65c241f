package io.github.consistencydecoder.compare;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.compare.metrics.Measuring;
import io.github.consistencydecoder.compare.metrics.PictureDistance;
import io.github.consistencydecoder.compare.report.ContactSheet;
import io.github.consistencydecoder.compare.report.Failure;
import io.github.consistencydecoder.compare.report.HtmlReport;
import io.github.consistencydecoder.compare.report.InputResult;
import io.github.consistencydecoder.compare.report.MetricsFiles;
import io.github.consistencydecoder.compare.report.ReportData;
import io.github.consistencydecoder.formats.pictures.Region;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.LatentDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the same inputs through several decoders and writes what differs into a folder.
 *
 * <pre>{@code
 * Comparison comparison =
 *     Comparison.builder()
 *         .decoder("vae", vae, DecodeOptions.defaults())
 *         .decoder("consistency", consistency, DecodeOptions.defaults())
 *         .build();
 * comparison.run(inputs, Path.of("out"), ComparisonListener.NONE);
 * }</pre>
 *
 * <p>The folder gets {@code report.html}, {@code sheet.png}, {@code metrics.json} and {@code
 * metrics.csv}, and a folder below {@code results} for each input with its pictures as PNG. An
 * input's result is on disk before the next one begins, and only one input's pictures are in memory
 * at a time. Running again in the same folder does only what is missing or has changed: an input is
 * done if its content, the decoders, their settings and options, the crops and the measures are
 * what they were.
 *
 * <p>Borrows the decoders, which the caller closes after the last run. One run at a time.
 */
public final class Comparison {
  private static final Logger LOG = LoggerFactory.getLogger(Comparison.class);
  private static final long DEFAULT_REPORT_BYTES = 36L << 20;

  private final String title;
  private final List<Column> columns;
  private final List<PictureDistance> distances;
  private final CropChoice crops;
  private final long reportBytes;

  private Comparison(Builder b) {
    this.title = b.title;
    this.columns = List.copyOf(b.columns);
    this.distances = List.copyOf(b.distances);
    this.crops = new CropChoice(b.regions, b.cropCount, b.cropSide);
    this.reportBytes = b.reportBytes;
  }

  /** Begins without a decoder, with two crops found automatically. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Compares all inputs. One that fails is recorded and the others go on.
   *
   * @param inputs loaded one after the other
   * @param folder made if it is not there
   * @param listener told of progress
   * @throws IOException if the folder cannot be written
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED} if a decode was cancelled; what was
   *     done until then stays, and {@code metrics.json} and {@code metrics.csv} show it
   */
  public ComparisonSummary run(
      List<? extends ComparisonInput> inputs, Path folder, ComparisonListener listener)
      throws IOException {
    checkNames(inputs);
    requireNonNull(listener, "listener");
    Files.createDirectories(folder);
    List<InputResult> results = new ArrayList<>();
    List<Failure> failures = new ArrayList<>();
    int reused = 0;
    for (int i = 0; i < inputs.size(); i++) {
      ComparisonInput input = inputs.get(i);
      listener.inputStarted(i, inputs.size(), input.name());
      try {
        Outcome outcome = compare(input, new ResultFolder(folder, input.name()), listener);
        results.add(outcome.result);
        reused += outcome.reused ? 1 : 0;
        listener.inputFinished(i, inputs.size(), input.name(), outcome.reused);
      } catch (InputComparison.InputProblem e) {
        LOG.debug("input '{}' cannot be compared", input.name(), e);
        failures.add(new Failure(input.name(), e.getMessage()));
        listener.inputFailed(i, inputs.size(), input.name(), e.getMessage(), e.getCause());
      }
      MetricsFiles.write(data(folder, results, failures));
    }
    ReportData data = data(folder, results, failures);
    listener.writing("sheet.png");
    ContactSheet.write(data, folder.resolve("sheet.png"));
    listener.writing("report.html");
    Path report = folder.resolve("report.html");
    HtmlReport.write(data, report, reportBytes);
    return new ComparisonSummary(results, reused, failures, report);
  }

  private static void checkNames(List<? extends ComparisonInput> inputs) {
    Set<String> names = new HashSet<>();
    for (ComparisonInput input : inputs) {
      if (!names.add(input.name())) {
        throw new IllegalArgumentException("two inputs are called '" + input.name() + "'");
      }
    }
  }

  private ReportData data(Path folder, List<InputResult> results, List<Failure> failures) {
    return new ReportData(
        title,
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        folder,
        columns.stream().map(Column::name).toList(),
        results,
        failures);
  }

  private record Outcome(InputResult result, boolean reused) {}

  private Outcome compare(ComparisonInput input, ResultFolder folder, ComparisonListener listener)
      throws IOException, InputComparison.InputProblem {
    Optional<String> fingerprint = input.fingerprint();
    if (fingerprint.isPresent()) {
      Optional<InputResult> earlier = folder.read(key().add(fingerprint.get()).finish());
      if (earlier.isPresent()) {
        return new Outcome(earlier.get(), true);
      }
    }
    try {
      ComparisonInput.Loaded loaded = load(input);
      String key =
          fingerprint.isPresent()
              ? key().add(fingerprint.get()).finish()
              : key().add(loaded).finish();
      Optional<InputResult> earlier = fingerprint.isPresent() ? Optional.empty() : folder.read(key);
      if (earlier.isPresent()) {
        return new Outcome(earlier.get(), true);
      }
      return new Outcome(
          new InputComparison(columns, distances, crops, listener)
              .run(input.name(), key, loaded, folder),
          false);
    } catch (OutOfMemoryError e) {
      throw new InputComparison.InputProblem(
          "there is not enough memory for it (" + e.getMessage() + ")", e);
    }
  }

  private static ComparisonInput.Loaded load(ComparisonInput input)
      throws InputComparison.InputProblem {
    try {
      return input.load();
    } catch (DecoderException e) {
      if (e.code() == DecoderErrorCode.CANCELLED) {
        throw e;
      }
      throw new InputComparison.InputProblem(e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new InputComparison.InputProblem("there is no file " + e.getFile(), e);
    } catch (IOException e) {
      throw new InputComparison.InputProblem(
          e.getMessage() == null ? "it cannot be read" : e.getMessage(), e);
    } catch (RuntimeException e) {
      throw InputComparison.InputProblem.unexpected("reading it", e);
    }
  }

  /** What every result of this comparison depends on. */
  private ContentKey key() {
    ContentKey key = ContentKey.begin().add("measures " + Measuring.VERSION, crops.toString());
    distances.forEach(distance -> key.add("distance", distance.name(), distance.identity()));
    columns.forEach(key::add);
    return key;
  }

  /** Collects what to compare and how; not for use by several threads. */
  public static final class Builder {
    private String title = "Before and after";
    private final List<Column> columns = new ArrayList<>();
    private final List<PictureDistance> distances = new ArrayList<>();
    private List<Region> regions = List.of();
    private int cropCount = 2;
    private int cropSide;
    private long reportBytes = DEFAULT_REPORT_BYTES;

    private Builder() {}

    /** The report's heading. */
    public Builder title(String title) {
      this.title = requireNonNull(title, "title");
      return this;
    }

    /**
     * A column of the comparison. The first is what others are measured against where there is no
     * truth.
     *
     * @param name in headings and files, unique
     * @param decoder borrowed until the last run
     * @param options of each decode; the same seed for all makes a fair comparison
     */
    public Builder decoder(String name, LatentDecoder decoder, DecodeOptions options) {
      return decoder(name, decoder, DecoderConfig.empty(), options);
    }

    /**
     * As the other.
     *
     * @param config that the decoder was opened with: an earlier result counts only with the same
     */
    public Builder decoder(
        String name, LatentDecoder decoder, DecoderConfig config, DecodeOptions options) {
      return column(
          new Column(
              name,
              requireNonNull(decoder, "decoder"),
              requireNonNull(config, "config"),
              requireNonNull(options, "options")));
    }

    /**
     * A column of pictures that were decoded elsewhere; {@link ComparisonInput.Loaded#pictures()}
     * has them under this name.
     */
    public Builder pictures(String name) {
      return column(new Column(name, null, DecoderConfig.empty(), null));
    }

    private Builder column(Column column) {
      requireNonNull(column.name(), "name");
      if (column.name().isBlank() || column.name().equals(InputResult.TRUTH)) {
        throw new IllegalArgumentException(
            "'" + column.name() + "' cannot be the name of a decoder here");
      }
      if (columns.stream().anyMatch(c -> c.name().equals(column.name()))) {
        throw new IllegalArgumentException("two decoders are called '" + column.name() + "'");
      }
      columns.add(column);
      return this;
    }

    /** A further measure, for example LPIPS; borrowed until the last run. */
    public Builder distance(PictureDistance distance) {
      distances.add(requireNonNull(distance, "distance"));
      return this;
    }

    /** These crops, instead of those found automatically. */
    public Builder crops(List<Region> regions) {
      this.regions = List.copyOf(regions);
      return this;
    }

    /**
     * Crops where the decoders differ most.
     *
     * @param count how many; 0 for none
     * @param side in pixels; 0 for one that suits the picture
     */
    public Builder automaticCrops(int count, int side) {
      if (count < 0 || side < 0) {
        throw new IllegalArgumentException(count + " crops of side " + side);
      }
      this.regions = List.of();
      this.cropCount = count;
      this.cropSide = side;
      return this;
    }

    /** How large the HTML report may become, in bytes; 36 MiB by default. */
    public Builder reportBytes(long bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("a report of " + bytes + " bytes");
      }
      this.reportBytes = bytes;
      return this;
    }

    /**
     * @throws IllegalArgumentException without a single column
     */
    public Comparison build() {
      if (columns.isEmpty()) {
        throw new IllegalArgumentException("nothing to compare: no decoder was given");
      }
      return new Comparison(this);
    }
  }

  /**
   * A column of the comparison.
   *
   * @param name in files and headings
   * @param decoder borrowed; null for pictures that come with the input
   * @param config that the decoder was opened with, as far as it is known
   * @param options for each decode; null without a decoder
   */
  record Column(String name, LatentDecoder decoder, DecoderConfig config, DecodeOptions options) {
    boolean decodes() {
      return decoder != null;
    }
  }
}
