package io.github.consistencydecoder.models.network.graph;

import java.util.List;

/**
 * One of the ways to write the graph for a picture of one size. They give the same picture and
 * differ in the memory that a run takes, by how its tensors fit into what others have left.
 *
 * @param bandBytes that the intermediate tensors of one band of rows may take: smaller bands read
 *     the weights more often
 * @param addedFirst whether what is added to a band is cut out before the band is computed, or when
 *     it is added
 */
public record SizedForm(long bandBytes, boolean addedFirst) {
  private static final long MEGABYTE = 1 << 20;

  /** The usual one. */
  public static final SizedForm USUAL = new SizedForm(112 * MEGABYTE, false);

  /** Those that take the same time. */
  private static final List<SizedForm> ALL =
      List.of(
          USUAL,
          new SizedForm(112 * MEGABYTE, true),
          new SizedForm(160 * MEGABYTE, false),
          new SizedForm(160 * MEGABYTE, true),
          new SizedForm(192 * MEGABYTE, false));

  /** From as many pixels on, foretelling the memory of all takes little of a decode's time. */
  private static final long WORTH_CHOOSING_FROM = 160 * 160;

  /**
   * What there is to choose from for a size. How large the holes are that the runtime's allocator
   * is left with is a matter of chance (docs/adr).
   */
  public static List<SizedForm> of(ConsistencyGraph.Size size) {
    long pixels = (long) size.height() * size.width();
    return pixels < WORTH_CHOOSING_FROM ? List.of(USUAL) : ALL;
  }
}
