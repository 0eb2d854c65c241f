package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.models.network.FoldedNorms;

/** Where the group norms of a graph have mean and variance from. */
public enum NormStatistics {
  /** Each image's own. */
  OWN,
  /** One image's own, which are also what the graph gives, instead of the picture. */
  MEASURED,
  /** Given from outside, folded with the conditioning ({@link FoldedNorms}). */
  GIVEN
}
