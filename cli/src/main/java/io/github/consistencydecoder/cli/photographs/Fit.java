package io.github.consistencydecoder.cli.photographs;

import java.util.Locale;

/** {@code --fit}: what happens to a photograph that does not have the size that is needed. */
public enum Fit {
  /** The middle of it is taken. */
  CROP,
  /** Its edges are repeated around it. */
  PAD,
  /** It is an error. */
  REFUSE;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
