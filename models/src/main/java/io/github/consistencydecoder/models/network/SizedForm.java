package io.github.consistencydecoder.models.network;

import java.util.List;

/**
 * One of the ways to write the graph for a picture of one size. They give the same picture and
 * differ in the memory that a run takes, by how its tensors fit into what others have left.
 *
 * @param bandBytes that the intermediate tensors of one band of rows may take: smaller bands read
 *     the weights more often
 * @param lateShortcuts whether a block that doubles its input makes its shortcut when it is added,
 *     instead of before its convolutions
 */
public record SizedForm(long bandBytes, boolean lateShortcuts) {
  /** The usual one. */
  public static final SizedForm USUAL = new SizedForm(TiledConvolutions.BAND_BYTES, true);

  /** Those that take the same time. */
  public static final List<SizedForm> ALL = List.of(USUAL, new SizedForm(USUAL.bandBytes(), false));
}
