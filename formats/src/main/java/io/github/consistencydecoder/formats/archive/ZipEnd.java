package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * The end of a zip archive, which says where its central directory lies.
 *
 * <ol>
 *   <li>the end record is the file's last 22 bytes: no comment, nothing after it; one disk
 *   <li>with a Zip64 locator, the Zip64 end record lies right before it and contradicts nothing
 *   <li>the central directory ends where the end records begin, and is within the limits
 * </ol>
 *
 * @param count entries of the directory
 * @param offset of the directory, from the start of the file
 * @param size of the directory, bytes
 */
record ZipEnd(long count, long offset, long size) {
  private static final int END_BYTES = 22;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int LOCATOR_BYTES = 20;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int END64_BYTES = 56;
  private static final int END64_SIGNATURE = 0x06064b50;
  private static final int ELSEWHERE_16 = 0xffff;

  /** Reads and checks the end records. */
  static ZipEnd read(Path file, ByteSource bytes, CheckpointLimits limits) throws IOException {
    long endAt = bytes.size() - END_BYTES;
    if (endAt < 0) {
      throw wrong(file, 0, "the archive has " + bytes.size() + " bytes, the shortest has 22");
    }
    ByteBuffer end = buffer(bytes, endAt, END_BYTES);
    if (end.getInt(0) != END_SIGNATURE || end.getShort(20) != 0) {
      throw wrong(
          file,
          endAt,
          "no end record in the last 22 bytes; the archive has been cut short, or has a comment or"
              + " other bytes after its end");
    }
    int disk = u16(end, 4) | u16(end, 6);
    long count = u16(end, 10);
    if ((disk != 0 && disk != ELSEWHERE_16) || count != u16(end, 8)) {
      throw wrong(file, endAt, "an archive on several disks");
    }
    ZipEnd directory = new ZipEnd(count, u32(end, 16), u32(end, 12));
    long directoryEnd = endAt;
    long locatorAt = endAt - LOCATOR_BYTES;
    ByteBuffer locator = locatorAt < 0 ? null : buffer(bytes, locatorAt, LOCATOR_BYTES);
    if (locator != null && locator.getInt(0) == LOCATOR_SIGNATURE) {
      directoryEnd = locatorAt - END64_BYTES;
      directory = read64(file, bytes, directory, locator, directoryEnd);
    }
    directory.requirePlausible(file, limits, endAt, directoryEnd);
    return directory;
  }

  private static ZipEnd read64(
      Path file, ByteSource bytes, ZipEnd small, ByteBuffer locator, long at) throws IOException {
    if (at < 0 || locator.getLong(8) != at || locator.getInt(4) != 0 || locator.getInt(16) > 1) {
      throw wrong(
          file,
          Math.max(0, at),
          "the Zip64 locator does not point to the end record right before it");
    }
    ByteBuffer end = buffer(bytes, at, END64_BYTES);
    if (end.getInt(0) != END64_SIGNATURE
        || end.getLong(4) != END64_BYTES - 12
        || end.getInt(16) != 0
        || end.getInt(20) != 0
        || end.getLong(24) != end.getLong(32)) {
      throw wrong(file, at, "not the Zip64 end record of an archive on one disk");
    }
    ZipEnd large = new ZipEnd(end.getLong(32), end.getLong(48), end.getLong(40));
    if (large.count() < 0 || large.offset() < 0 || large.size() < 0) {
      throw wrong(file, at, "a number in the Zip64 end record is above 2^63");
    }
    if ((small.count() != ELSEWHERE_16 && small.count() != large.count())
        || (small.offset() != ZipDirectory.ELSEWHERE_32 && small.offset() != large.offset())
        || (small.size() != ZipDirectory.ELSEWHERE_32 && small.size() != large.size())) {
      throw wrong(file, at, "the Zip64 end record contradicts the end record");
    }
    return large;
  }

  private void requirePlausible(Path file, CheckpointLimits limits, long endAt, long directoryEnd)
      throws FormatException {
    if (size() > limits.maxZipDirectoryBytes()) {
      throw wrong(
          file,
          endAt,
          "a central directory of %s bytes, at most %s are read"
              .formatted(Long.toUnsignedString(size()), limits.maxZipDirectoryBytes()));
    }
    if (count() > limits.maxZipEntries()) {
      throw wrong(
          file,
          endAt,
          "%s entries, at most %s are read"
              .formatted(Long.toUnsignedString(count()), limits.maxZipEntries()));
    }
    if (size() > directoryEnd || offset() != directoryEnd - size()) {
      throw wrong(
          file,
          endAt,
          "a central directory of %s bytes at %s does not end at the end record at %s"
              .formatted(size(), Long.toUnsignedString(offset()), directoryEnd));
    }
  }

  /** Part of a file, little-endian. */
  static ByteBuffer buffer(ByteSource bytes, long position, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.read(position, buffer);
    return buffer.flip();
  }

  static int u16(ByteBuffer bytes, int at) {
    return Short.toUnsignedInt(bytes.getShort(at));
  }

  static long u32(ByteBuffer bytes, int at) {
    return Integer.toUnsignedLong(bytes.getInt(at));
  }

  private static FormatException wrong(Path file, long at, String reason) {
    return new FormatException(file, "", at, reason);
  }
}
