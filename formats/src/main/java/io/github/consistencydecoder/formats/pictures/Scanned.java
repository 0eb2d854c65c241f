package io.github.consistencydecoder.formats.pictures;

import java.util.List;

/**
 * A picture file as it leaves the header check: only what is needed for the pixels, and what was
 * found beside them.
 *
 * @param clean the same picture without anything a decoder does not need
 * @param orientation EXIF's, 1 to 8; 1 is upright
 * @param profile an ICC profile, or empty
 * @param notes sentences for a person
 */
record Scanned(byte[] clean, int orientation, byte[] profile, List<String> notes) {
  static final byte[] NO_PROFILE = {};
}
