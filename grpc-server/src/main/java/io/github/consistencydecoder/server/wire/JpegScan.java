package io.github.consistencydecoder.server.wire;

import io.github.consistencydecoder.server.core.ServiceException;
import java.io.ByteArrayOutputStream;

/**
 * JPEG (ITU-T T.81): segments of 0xFF, a marker byte and, for most, a big-endian u16 length that
 * counts itself. After a start of scan (0xDA) come coded bytes up to the next marker that is
 * neither 0xFF00 nor a restart. Checked: segments are inside the file; one frame, baseline or
 * progressive, 8 bits, grey or colour, within the limits; a bounded number of scans; an end mark.
 */
final class JpegScan {
  /** A progressive JPEG has about ten; each costs a pass over the whole picture. */
  private static final int SCANS = 200;

  private final PictureFile file;
  private final byte[] bytes;
  private final ByteArrayOutputStream clean = new ByteArrayOutputStream();
  private boolean hasFrame;
  private int scans;
  private int at = 2;

  JpegScan(PictureFile file) {
    this.file = file;
    this.bytes = file.bytes();
  }

  /** The file without application segments, save those that say what the components mean. */
  byte[] clean() throws ServiceException {
    clean.write(bytes, 0, 2);
    int marker;
    do {
      marker = nextMarker();
    } while (!segment(marker));
    if (scans == 0) {
      throw file.damaged("the JPEG has no picture in it");
    }
    return clean.toByteArray();
  }

  private int nextMarker() throws ServiceException {
    need(2);
    if ((bytes[at] & 0xff) != 0xff) {
      throw file.damaged("at byte " + at + " of the JPEG a marker should begin");
    }
    while ((bytes[at] & 0xff) == 0xff) {
      at++;
      need(1);
    }
    return bytes[at++] & 0xff;
  }

  /** True at the end of the picture. */
  private boolean segment(int marker) throws ServiceException {
    if (marker == 0xd9) {
      clean.write(0xff);
      clean.write(marker);
      return true;
    }
    if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      return false;
    }
    need(2);
    int length = u16(at);
    if (length < 2) {
      throw file.damaged("a segment of the JPEG at byte " + at + " has no length");
    }
    need(length);
    int start = at;
    if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
      frame(marker, length);
    }
    at += length;
    if (marker == 0xda) {
      codedBytes();
    }
    boolean application = marker >= 0xe1 && marker <= 0xef && marker != 0xee;
    if (!application && marker != 0xfe) {
      clean.write(0xff);
      clean.write(marker);
      clean.write(bytes, start, at - start);
    }
    return false;
  }

  private void frame(int marker, int length) throws ServiceException {
    if (length < 8 || hasFrame) {
      throw file.damaged("the JPEG's frame header makes no sense");
    }
    hasFrame = true;
    file.checkSize(u16(at + 5), u16(at + 3));
    int components = bytes[at + 7] & 0xff;
    if (marker > 0xc2 || bytes[at + 2] != 8 || (components != 1 && components != 3)) {
      throw file.refused(
          "the JPEG is of a rare kind; baseline and progressive ones of 8 bits, grey or RGB, are"
              + " read");
    }
  }

  private void codedBytes() throws ServiceException {
    scans++;
    if (!hasFrame) {
      throw file.damaged("a scan of the JPEG comes before its frame");
    }
    if (scans > SCANS) {
      throw file.refused("the JPEG repeats itself more than " + SCANS + " times");
    }
    while (true) {
      need(2);
      if ((bytes[at] & 0xff) == 0xff) {
        int next = bytes[at + 1] & 0xff;
        if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) {
          return;
        }
      }
      at++;
    }
  }

  private int u16(int offset) {
    return ((bytes[offset] & 0xff) << 8) | (bytes[offset + 1] & 0xff);
  }

  private void need(int n) throws ServiceException {
    if ((long) at + n > bytes.length) {
      throw file.damaged("the JPEG is cut off, it ends without an end mark");
    }
  }
}
