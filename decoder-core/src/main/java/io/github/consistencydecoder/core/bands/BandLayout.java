package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.graph.BandTensor;

/**
 * How a picture is cut into bands of rows. A band covers the same part of the picture at every
 * level; the last one may have fewer rows.
 *
 * @param height of the picture in pixels, a multiple of 8
 * @param width of the picture in pixels, a multiple of 8
 * @param bandRows of a band at full resolution, a multiple of 8
 */
record BandLayout(int height, int width, int bandRows) {
  /** Rows at a band's ends that its neighbours may ask for. */
  static final int EDGE_ROWS = 2;

  BandLayout {
    int multiple = 1 << (ConsistencyNetwork.LEVELS - 1);
    check("the height", height, multiple);
    check("the width", width, multiple);
    check("the rows of a band", bandRows, multiple);
  }

  private static void check(String thing, int n, int multiple) {
    if (n <= 0 || n % multiple != 0) {
      throw new IllegalArgumentException(
          thing + " must be a positive multiple of " + multiple + ", not " + n);
    }
  }

  int bands() {
    return (height + bandRows - 1) / bandRows;
  }

  int width(int level) {
    return width >> level;
  }

  /** Rows of a band. */
  int rows(int level, int band) {
    return Math.min(bandRows, height - band * bandRows) >> level;
  }

  /** Bytes of rows of a tensor. */
  long bytes(BandTensor t, int rows) {
    return 4L * t.channels() * rows * width(t.level());
  }

  /** Bytes of a band. */
  long bandBytes(BandTensor t, int band) {
    return bytes(t, rows(t.level(), band));
  }

  /** Rows of one edge of a band. */
  int edgeRows(BandTensor t, int band) {
    return Math.min(EDGE_ROWS, rows(t.level(), band));
  }

  /** Bytes of a band's record in a file: upper edge, band, lower edge. */
  long recordBytes(BandTensor t, int band) {
    return bandBytes(t, band) + 2 * bytes(t, edgeRows(t, band));
  }
}
