package io.github.consistencydecoder.formats.pictures;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * The first directory of a TIFF structure (TIFF 6.0, section 2): byte order ({@code II} or {@code
 * MM}), 42, offset of the directory; there a u16 count of entries of 12 bytes (u16 tag, u16 type,
 * u32 count, value or its offset), then the offset of the next directory. Only whole numbers and
 * plain bytes are of interest here; entries of other types are left out.
 */
final class TiffDirectory {
  private static final int BYTE = 1;
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int UNDEFINED = 7;

  private final byte[] bytes;
  private final Map<Integer, Entry> entries = new HashMap<>();
  private boolean more;

  private record Entry(int type, int count, int offset) {}

  private final ByteOrder order;

  private TiffDirectory(byte[] bytes, ByteOrder order) {
    this.bytes = bytes;
    this.order = order;
  }

  /** Null if it is not such a structure or ends before its first directory does. */
  static TiffDirectory parse(byte[] tiff) {
    if (tiff.length < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) {
      return null;
    }
    ByteOrder order = tiff[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    ByteBuffer buffer = ByteBuffer.wrap(tiff).order(order);
    long start = buffer.getInt(4) & 0xffffffffL;
    if (buffer.getShort(2) != 42 || start < 8 || start > tiff.length - 2) {
      return null;
    }
    TiffDirectory directory = new TiffDirectory(tiff, order);
    try {
      buffer.position((int) start);
      int n = buffer.getShort() & 0xffff;
      for (int i = 0; i < n; i++) {
        directory.read(buffer);
      }
      directory.more = buffer.remaining() >= 4 && buffer.getInt() != 0;
      return directory;
    } catch (BufferUnderflowException e) {
      return null;
    }
  }

  private void read(ByteBuffer buffer) {
    int tag = buffer.getShort() & 0xffff;
    int type = buffer.getShort() & 0xffff;
    long count = buffer.getInt() & 0xffffffffL;
    int at = buffer.position();
    long value = buffer.getInt() & 0xffffffffL;
    int size = sizeOf(type);
    if (size == 0 || count == 0) {
      return;
    }
    long offset = size * count <= 4 ? at : value;
    if (offset + size * count <= bytes.length) {
      entries.putIfAbsent(tag, new Entry(type, (int) count, (int) offset));
    }
  }

  private static int sizeOf(int type) {
    return switch (type) {
      case BYTE, UNDEFINED -> 1;
      case SHORT -> 2;
      case LONG -> 4;
      default -> 0;
    };
  }

  /** Whether another directory, that is another page, follows. */
  boolean hasMore() {
    return more;
  }

  boolean has(int tag) {
    return entries.containsKey(tag);
  }

  /** How many values a tag has; 0 if it is absent. */
  int count(int tag) {
    Entry entry = entries.get(tag);
    return entry == null ? 0 : entry.count;
  }

  /** The first value of a tag. */
  long number(int tag, long absent) {
    return has(tag) ? number(tag, 0, absent) : absent;
  }

  /** One value of a tag. */
  long number(int tag, int index, long absent) {
    Entry entry = entries.get(tag);
    if (entry == null || index >= entry.count) {
      return absent;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(order);
    int at = entry.offset + index * sizeOf(entry.type);
    return switch (entry.type) {
      case SHORT -> buffer.getShort(at) & 0xffff;
      case LONG -> buffer.getInt(at) & 0xffffffffL;
      default -> buffer.get(at) & 0xff;
    };
  }

  /** The plain bytes of a tag; empty if it is absent or of another type. */
  byte[] bytes(int tag) {
    Entry entry = entries.get(tag);
    return entry == null || sizeOf(entry.type) != 1
        ? new byte[0]
        : java.util.Arrays.copyOfRange(bytes, entry.offset, entry.offset + entry.count);
  }
}
