package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.graph.BandTensor;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a picture is decoded in bands: how many rows a band has, and which tensors wait in a
 * temporary file for the stage that needs them.
 *
 * @param height of the picture in pixels
 * @param width of the picture in pixels
 * @param bandRows of a band at full resolution
 * @param spilled numbers of the tensors that go to the file
 * @param peakBytes of native memory that one evaluation holds at most, beyond the open network
 * @param spillBytes of the file
 * @param spillFolder where the file is made
 */
public record BandPlan(
    int height,
    int width,
    int bandRows,
    Set<Integer> spilled,
    long peakBytes,
    long spillBytes,
    Path spillFolder) {
  /** Rows that a band may have, best first: the more, the fewer times weights are read. */
  private static final List<Integer> BAND_ROWS = List.of(256, 128, 64, 32, 16, 8);

  /** Weights from this size on are read from memory again for every band, so bands are high. */
  private static final long LARGE_WEIGHTS = 64L << 20;

  /** Bytes of a band of the widest tensor at most, where weights are small: caches hold it. */
  private static final long LOW_BAND_BYTES = 17L << 20;

  /** The same where weights are large. */
  private static final long HIGH_BAND_BYTES = 96L << 20;

  /** How many times as long a byte takes to go to the file and back as a weight's to be read. */
  private static final long FILE_COST = 16;

  /** How many times as much the transformed weights of Winograd's form are. */
  private static final long TRANSFORMED = 4;

  /** Copies the set. */
  public BandPlan {
    spilled = Set.copyOf(spilled);
  }

  /**
   * The plan that should be fastest among those that keep to a limit: writing less to the file and
   * reading the weights less often, in fewer bands.
   *
   * @param tiled whether convolutions are in Winograd's form
   * @param height of the picture in pixels, a multiple of 8
   * @param width of the picture in pixels, a multiple of 8
   * @param memoryBytes that the evaluation may take beyond the open network
   * @return empty if not even a plan that spills every tensor does; the file goes to the system's
   *     folder for temporary files
   */
  public static Optional<BandPlan> of(
      ConsistencyNetwork network, boolean tiled, int height, int width, long memoryBytes) {
    BandSchedule schedule = new BandSchedule(network);
    long weights = 4 * network.parameters() * (tiled ? TRANSFORMED : 1);
    long most = weights >= LARGE_WEIGHTS ? HIGH_BAND_BYTES : LOW_BAND_BYTES;
    int lowest = BAND_ROWS.get(BAND_ROWS.size() - 1);
    return BAND_ROWS.stream()
        .filter(rows -> rows == lowest || bandBytes(schedule, height, width, rows) <= most)
        .map(rows -> new BandLayout(height, width, rows))
        .flatMap(layout -> fitting(schedule, layout, tiled, memoryBytes).stream())
        // The first of equals stays first.
        .min(
            Comparator.comparingLong(
                p -> FILE_COST * p.spillBytes() + p.layout().bands() * weights));
  }

  /** A plan of that many rows a band with that much memory, for measurements. */
  static Optional<BandPlan> of(
      ConsistencyNetwork network, boolean tiled, BandLayout layout, long memoryBytes) {
    return fitting(new BandSchedule(network), layout, tiled, memoryBytes);
  }

  private static long bandBytes(BandSchedule schedule, int height, int width, int rows) {
    BandLayout layout = new BandLayout(height, width, rows);
    return schedule.tensors().stream().mapToLong(t -> layout.bandBytes(t, 0)).max().orElseThrow();
  }

  private static Optional<BandPlan> fitting(
      BandSchedule schedule, BandLayout layout, boolean tiled, long memoryBytes) {
    Set<Integer> spilled = new HashSet<>();
    while (true) {
      BandMemory memory = BandMemory.of(schedule, layout, tiled, spilled);
      if (memory.peakBytes() <= memoryBytes) {
        return Optional.of(plan(layout, spilled, memory));
      }
      Optional<BandTensor> longest =
          schedule.tensors().stream()
              .filter(t -> !spilled.contains(t.id()) && schedule.live(t, memory.peakStage()))
              .max(
                  Comparator.comparingInt(schedule::lifetime)
                      .thenComparingLong(t -> layout.bytes(t, layout.height() >> t.level())));
      if (longest.isEmpty()) {
        return Optional.empty();
      }
      spilled.add(longest.get().id());
    }
  }

  /** The plan that keeps no tensor in memory. */
  static BandPlan spillingEverything(ConsistencyNetwork network, boolean tiled, BandLayout layout) {
    BandSchedule schedule = new BandSchedule(network);
    Set<Integer> all =
        schedule.tensors().stream().map(BandTensor::id).collect(Collectors.toUnmodifiableSet());
    return plan(layout, all, BandMemory.of(schedule, layout, tiled, all));
  }

  private static BandPlan plan(BandLayout layout, Set<Integer> spilled, BandMemory memory) {
    return new BandPlan(
        layout.height(),
        layout.width(),
        layout.bandRows(),
        spilled,
        memory.peakBytes(),
        memory.spillBytes(),
        Path.of(System.getProperty("java.io.tmpdir")));
  }

  /** The same plan with its file in another folder. */
  public BandPlan withSpillFolder(Path folder) {
    return new BandPlan(height, width, bandRows, spilled, peakBytes, spillBytes, folder);
  }

  BandLayout layout() {
    return new BandLayout(height, width, bandRows);
  }

  boolean spills(BandTensor t) {
    return spilled.contains(t.id());
  }
}
