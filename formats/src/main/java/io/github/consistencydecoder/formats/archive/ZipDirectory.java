package io.github.consistencydecoder.formats.archive;

import static io.github.consistencydecoder.formats.archive.ZipEnd.u16;
import static io.github.consistencydecoder.formats.archive.ZipEnd.u32;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import io.github.consistencydecoder.formats.tensors.StrictJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * The entries of a zip archive, from its central directory. Only {@link #source} inflates: for the
 * others, entries that are not stored may be there (PyTorch deflates its source code) but cannot be
 * read.
 *
 * <p>Stricter than zip, so that no two readers can see two different archives in one file:
 *
 * <ol>
 *   <li>what {@link ZipEnd} checks of the end records
 *   <li>names: UTF-8, relative, no backslash, no empty, {@code .} or {@code ..} part, not twice
 *   <li>not encrypted; stored or deflated; stored means equal sizes
 *   <li>every local header lies inside the file and repeats name, method and, unless it leaves them
 *       to a descriptor, sizes
 *   <li>the first entry starts at byte 0, entries do not overlap each other or the directory
 * </ol>
 */
final class ZipDirectory {
  private static final int CENTRAL_BYTES = 46;
  private static final int CENTRAL_SIGNATURE = 0x02014b50;
  private static final int LOCAL_BYTES = 30;
  private static final int LOCAL_SIGNATURE = 0x04034b50;

  private static final int ZIP64_EXTRA = 1;
  static final long ELSEWHERE_32 = 0xffffffffL;

  /** What deflating can shrink something by at most. */
  private static final long MAX_DEFLATION = 1_032;

  /** How much larger than the file an entry may be, unless it is small. */
  private static final int MAX_INFLATION = 64;

  private static final int SMALL_BYTES = 70_000;
  private static final int LARGEST_BYTES = 1 << 30;

  private static final int METHOD_STORED = 0;
  private static final int METHOD_DEFLATED = 8;

  /** Deflate speed (1, 2), sizes in a descriptor (3), names in UTF-8 (11). */
  private static final int KNOWN_FLAGS = 0b1000_0000_1110;

  private static final int FLAG_DESCRIPTOR = 0b1000;

  private final Path file;
  private final ByteSource bytes;
  private final CheckpointLimits limits;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private ZipDirectory(Path file, ByteSource bytes, CheckpointLimits limits) {
    this.file = file;
    this.bytes = bytes;
    this.limits = limits;
  }

  /**
   * One entry.
   *
   * @param size uncompressed, bytes
   * @param crc of the uncompressed bytes
   * @param headerOffset of the local header, from the start of the file
   * @param dataOffset of the first byte of the content
   * @param dataEnd one past the last byte of the content, compressed or not
   */
  record Entry(
      String name,
      boolean stored,
      long size,
      int crc,
      long headerOffset,
      long dataOffset,
      long dataEnd) {}

  /** Reads and checks the directory and every local header. */
  static ZipDirectory read(Path file, ByteSource bytes, CheckpointLimits limits)
      throws IOException {
    ZipDirectory zip = new ZipDirectory(file, bytes, limits);
    zip.readEntries(ZipEnd.read(file, bytes, limits));
    return zip;
  }

  /** All entries by name, in the directory's order. */
  Map<String, Entry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /**
   * The content of a stored entry, checksum verified.
   *
   * @param limit most bytes to read
   */
  byte[] content(Entry entry, long limit) throws IOException {
    requireStored(entry);
    if (entry.size() > limit) {
      throw wrong(
          entry.headerOffset(),
          "entry '%s' has %s bytes, at most %s are read"
              .formatted(entry.name(), entry.size(), limit));
    }
    byte[] content = new byte[(int) entry.size()];
    bytes.read(entry.dataOffset(), ByteBuffer.wrap(content));
    CRC32 crc = new CRC32();
    crc.update(content);
    if ((int) crc.getValue() != entry.crc()) {
      throw wrong(
          entry.dataOffset(), "entry '" + entry.name() + "' is damaged, its checksum is wrong");
    }
    return content;
  }

  /**
   * The content of an entry, stored or deflated, its checksum verified only where it is inflated. A
   * view of the archive, inflated while it is read; an entry that would grow out of proportion is
   * refused.
   */
  ByteSource source(Entry entry) throws FormatException {
    if (entry.stored()) {
      return bytes.slice(entry.dataOffset(), entry.size());
    }
    long most = Math.min(Math.max(SMALL_BYTES, MAX_INFLATION * bytes.size()), LARGEST_BYTES);
    if (entry.size() > most) {
      throw wrong(
          entry.headerOffset(),
          ("entry '%s' would inflate to %s bytes, at most %s are read; save it" + " uncompressed")
              .formatted(entry.name(), entry.size(), most));
    }
    return new InflatedEntry(file, bytes, entry);
  }

  /** Refuses an entry that is compressed. */
  void requireStored(Entry entry) throws FormatException {
    if (!entry.stored()) {
      throw wrong(
          entry.headerOffset(),
          "entry '" + entry.name() + "' is compressed, PyTorch stores it as it is");
    }
  }

  private void readEntries(ZipEnd directory) throws IOException {
    ByteBuffer central = buffer(directory.offset(), (int) directory.size());
    for (long i = 0; i < directory.count(); i++) {
      long at = directory.offset() + central.position();
      if (central.remaining() < CENTRAL_BYTES
          || central.getInt(central.position()) != CENTRAL_SIGNATURE) {
        throw wrong(at, "the directory ends after " + i + " entries of " + directory.count());
      }
      Entry entry = readEntry(central, at, directory.offset());
      if (entries.put(entry.name(), entry) != null) {
        throw wrong(at, "entry '" + entry.name() + "' is there twice");
      }
    }
    if (central.hasRemaining()) {
      throw wrong(
          directory.offset() + central.position(),
          central.remaining() + " bytes follow the last of " + directory.count() + " entries");
    }
    requireDisjoint(directory.offset());
  }

  /** Reads the entry at the buffer's position and moves behind it. */
  private Entry readEntry(ByteBuffer central, long at, long directoryOffset) throws IOException {
    int p = central.position();
    int flags = u16(central, p + 8);
    int method = u16(central, p + 10);
    int nameBytes = u16(central, p + 28);
    int extraBytes = u16(central, p + 30);
    int next = p + CENTRAL_BYTES + nameBytes + extraBytes + u16(central, p + 32);
    if (next > central.limit()) {
      throw wrong(at, "an entry reaches beyond the directory");
    }
    String name = name(at, central.slice(p + CENTRAL_BYTES, nameBytes));
    ByteBuffer extra = central.slice(p + CENTRAL_BYTES + nameBytes, extraBytes);
    long[] values = {u32(central, p + 24), u32(central, p + 20), u32(central, p + 42)};
    readZip64(at, name, extra.order(ByteOrder.LITTLE_ENDIAN), values);
    long size = values[0];
    long compressed = values[1];
    if ((flags & ~KNOWN_FLAGS) != 0) {
      throw wrong(
          at,
          "entry '" + name + "' is encrypted or has unknown flags 0x" + Integer.toHexString(flags));
    }
    if (method != METHOD_STORED && method != METHOD_DEFLATED) {
      throw wrong(at, "entry '" + name + "' has compression method " + method);
    }
    if (method == METHOD_STORED && size != compressed) {
      throw wrong(at, "entry '" + name + "' is stored in " + compressed + " bytes but has " + size);
    }
    if (u16(central, p + 34) != 0) {
      throw wrong(at, "entry '" + name + "' lies on another disk");
    }
    long dataOffset = readLocal(name, flags, method, values, directoryOffset);
    int crc = central.getInt(p + 16);
    central.position(next);
    return new Entry(
        name, method == METHOD_STORED, size, crc, values[2], dataOffset, dataOffset + compressed);
  }

  private String name(long at, ByteBuffer raw) throws FormatException {
    String name;
    try {
      name = StandardCharsets.UTF_8.newDecoder().decode(raw).toString();
    } catch (CharacterCodingException e) {
      throw wrong(at, "an entry's name is not UTF-8");
    }
    String shown = StrictJson.shortened(name);
    if (name.isEmpty() || name.length() > limits.maxNameChars()) {
      throw wrong(
          at,
          "an entry's name has %s characters, needs 1 to %s"
              .formatted(name.length(), limits.maxNameChars()));
    }
    if (name.startsWith("/") || name.indexOf('\\') >= 0 || name.indexOf(':') >= 0) {
      throw wrong(at, "entry '" + shown + "' has an absolute or foreign path");
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        throw wrong(at, "entry '" + shown + "' has an empty part, '.' or '..' in its path");
      }
    }
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw wrong(at, "entry '" + shown + "' has a control character in its name");
    }
    return name;
  }

  /** Replaces those of size, compressed size and offset that are given in the Zip64 field. */
  private void readZip64(long at, String name, ByteBuffer extra, long[] values)
      throws FormatException {
    boolean found = false;
    while (extra.remaining() >= 4) {
      int id = u16(extra, extra.position());
      int length = u16(extra, extra.position() + 2);
      extra.position(extra.position() + 4);
      if (length > extra.remaining()) {
        throw wrong(at, "entry '" + name + "' has an extra field beyond its end");
      }
      ByteBuffer field = extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      extra.position(extra.position() + length);
      if (id != ZIP64_EXTRA) {
        continue;
      }
      if (found) {
        throw wrong(at, "entry '" + name + "' has two Zip64 fields");
      }
      found = true;
      for (int i = 0; i < values.length; i++) {
        if (values[i] == ELSEWHERE_32 && field.remaining() >= 8) {
          values[i] = field.getLong();
        }
      }
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0 || values[i] > bytes.size() * (i == 0 ? MAX_DEFLATION : 1)) {
        throw wrong(
            at,
            "entry '%s' declares %s as size or place in a file of %s bytes"
                .formatted(name, Long.toUnsignedString(values[i]), bytes.size()));
      }
    }
  }

  /** Checks the local header; returns where the content starts. */
  private long readLocal(String name, int flags, int method, long[] values, long directoryOffset)
      throws IOException {
    long at = values[2];
    byte[] expected = name.getBytes(StandardCharsets.UTF_8);
    if (at > directoryOffset - LOCAL_BYTES - expected.length) {
      throw wrong(at, "entry '" + name + "' lies in or behind the directory");
    }
    ByteBuffer local = buffer(at, LOCAL_BYTES + expected.length);
    boolean sameName =
        u16(local, 26) == expected.length
            && local.slice(LOCAL_BYTES, expected.length).equals(ByteBuffer.wrap(expected));
    if (local.getInt(0) != LOCAL_SIGNATURE || !sameName) {
      throw wrong(at, "entry '" + name + "' has no local header of that name here");
    }
    if (u16(local, 8) != method || u16(local, 6) != flags) {
      throw wrong(at, "entry '" + name + "': local header and directory differ in method or flags");
    }
    boolean later = (flags & FLAG_DESCRIPTOR) != 0 && u32(local, 18) == 0 && u32(local, 22) == 0;
    boolean same =
        (u32(local, 18) == values[1] || u32(local, 18) == ELSEWHERE_32)
            && (u32(local, 22) == values[0] || u32(local, 22) == ELSEWHERE_32);
    if (!later && !same) {
      throw wrong(at, "entry '" + name + "': local header and directory differ in size");
    }
    return at + LOCAL_BYTES + expected.length + u16(local, 28);
  }

  private void requireDisjoint(long directoryOffset) throws FormatException {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::headerOffset));
    long end = 0;
    for (Entry entry : sorted) {
      if (end == 0 && entry.headerOffset() != 0) {
        throw wrong(0, "other bytes lie before the first entry");
      }
      if (entry.headerOffset() < end) {
        throw wrong(entry.headerOffset(), "entry '" + entry.name() + "' overlaps another one");
      }
      end = entry.dataEnd();
      if (end > directoryOffset) {
        throw wrong(
            entry.headerOffset(), "entry '" + entry.name() + "' reaches into the directory");
      }
    }
  }

  private ByteBuffer buffer(long position, int length) throws IOException {
    return ZipEnd.buffer(bytes, position, length);
  }

  private FormatException wrong(long at, String reason) {
    return new FormatException(file, "", at, reason);
  }
}
