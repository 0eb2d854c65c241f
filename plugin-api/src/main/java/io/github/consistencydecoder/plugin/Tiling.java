package io.github.consistencydecoder.plugin;

/** The ways in which a decoder may divide a picture that is large for its memory. */
public enum Tiling {
  /**
   * {@link #EXACT} where the memory suffices for it; {@link #OVERLAPPED}, with a warning, where it
   * does not. The default.
   */
  AUTO("auto"),

  /** Never: the picture is decoded whole, or refused. */
  WHOLE("whole"),

  /**
   * Whole where that takes little memory, or else layer by layer in bands of rows with the norms'
   * statistics taken over the whole picture: the same picture to rounding. Refused where neither
   * fits.
   */
  EXACT("exact"),

  /**
   * Overlapping tiles that share one field of noise and the norms' statistics: the memory of one
   * tile at any size, and nearly the same picture. A picture no larger than a tile is decoded
   * whole.
   */
  OVERLAPPED("overlapped");

  private final String id;

  Tiling(String id) {
    this.id = id;
  }

  /** The spelling on the command line and in metadata. */
  public String id() {
    return id;
  }

  /**
   * @param id {@code auto}, {@code whole}, {@code exact} or {@code overlapped}
   */
  public static Tiling parse(String id) {
    for (Tiling tiling : values()) {
      if (tiling.id.equals(id)) {
        return tiling;
      }
    }
    throw new IllegalArgumentException(
        "tiling '" + id + "' is unknown; auto, whole, exact and overlapped exist");
  }
}
