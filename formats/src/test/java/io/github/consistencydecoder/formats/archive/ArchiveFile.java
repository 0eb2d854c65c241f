package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.formats.tensors.CheckpointLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Builds zip archives byte by byte: laid out rightly first, then patched where they shall be wrong.
 */
public final class ArchiveFile {
  private record Item(byte[] name, byte[] content, byte[] extra, int local) {}

  private record Patch(Place place, int item, int field, int bytes, long value) {}

  private enum Place {
    LOCAL,
    CENTRAL,
    END,
    LOCATOR,
    END64
  }

  private final List<Item> items = new ArrayList<>();
  private final List<Patch> patches = new ArrayList<>();
  private byte[] appended = {};
  private byte[] afterDirectory = {};
  private boolean zip64;
  private int size;

  public static ArchiveFile archive() {
    return new ArchiveFile();
  }

  /** An archive with one tensor {@code w} of four float32 in storage 0 and the given pickle. */
  public static ArchiveFile torch(Pickle pickle) {
    return archive().entry("m/data.pkl", pickle.bytes()).entry("m/data/0", new byte[16]);
  }

  /** The pickles in an archive; what is no archive counts as one. */
  public static List<byte[]> pickles(byte[] archive) {
    List<byte[]> pickles = new ArrayList<>();
    try {
      ZipDirectory zip =
          ZipDirectory.read(
              Path.of("archive"),
              ByteSource.of(ByteBuffer.wrap(archive)),
              CheckpointLimits.defaults());
      for (Map.Entry<String, ZipDirectory.Entry> e : zip.entries().entrySet()) {
        if (e.getKey().endsWith(".pkl") && e.getValue().stored()) {
          pickles.add(zip.content(e.getValue(), 1 << 20));
        }
      }
    } catch (FormatException notAnArchive) {
      pickles.add(archive);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return pickles;
  }

  public ArchiveFile entry(String name, byte[] content) {
    return entry(name.getBytes(StandardCharsets.UTF_8), content, new byte[0]);
  }

  public ArchiveFile entry(byte[] name, byte[] content, byte[] extra) {
    items.add(new Item(name, content, extra, size));
    size += 30 + name.length + content.length;
    return this;
  }

  public ArchiveFile withZip64() {
    zip64 = true;
    return this;
  }

  /** Appends bytes after the end record. */
  public ArchiveFile append(byte... bytes) {
    appended = bytes;
    return this;
  }

  /** Puts bytes between the directory's last entry and the end records. */
  public ArchiveFile afterDirectory(byte... bytes) {
    afterDirectory = bytes;
    return this;
  }

  /**
   * Changes a number where it shall be wrong.
   *
   * @param patch place, item, field, bytes and value, for example {@code CENTRAL 1 32 2 5000}; or
   *     {@code zip64}
   */
  public ArchiveFile patch(String patch) {
    if (patch.equals("zip64")) {
      return withZip64();
    }
    String[] p = patch.split(" ", -1);
    patches.add(
        new Patch(
            Place.valueOf(p[0]),
            Integer.parseInt(p[1]),
            Integer.parseInt(p[2]),
            Integer.parseInt(p[3]),
            Long.decode(p[4])));
    return this;
  }

  /** Where a place like {@code CENTRAL 1} is, or the number itself. */
  long at(String place) {
    String[] p = place.split(" ", -1);
    return p.length == 1 ? Long.parseLong(place) : at(Place.valueOf(p[0]), Integer.parseInt(p[1]));
  }

  long localAt(int item) {
    return items.get(item).local;
  }

  long dataAt(int item) {
    return localAt(item) + 30 + items.get(item).name.length;
  }

  long centralAt(int item) {
    long at = size;
    for (Item i : items.subList(0, item)) {
      at += 46 + i.name.length + i.extra.length;
    }
    return at;
  }

  /** Where the first of the end records starts. */
  long directoryEnd() {
    return centralAt(items.size()) + afterDirectory.length;
  }

  long endAt() {
    return directoryEnd() + (zip64 ? 76 : 0);
  }

  public byte[] bytes() {
    ByteBuffer zip =
        ByteBuffer.allocate((int) endAt() + 22 + appended.length).order(ByteOrder.LITTLE_ENDIAN);
    for (Item item : items) {
      zip.putInt(0x04034b50).putShort((short) 10).putShort((short) 0).putShort((short) 0);
      zip.putInt(0).putInt(crc(item)).putInt(item.content.length).putInt(item.content.length);
      zip.putShort((short) item.name.length).putShort((short) 0);
      zip.put(item.name).put(item.content);
    }
    for (Item item : items) {
      zip.putInt(0x02014b50).putShort((short) 10).putShort((short) 10).putShort((short) 0);
      zip.putShort((short) 0).putInt(0).putInt(crc(item));
      zip.putInt(item.content.length).putInt(item.content.length);
      zip.putShort((short) item.name.length).putShort((short) item.extra.length);
      zip.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
      zip.putInt(item.local).put(item.name).put(item.extra);
    }
    zip.put(afterDirectory);
    int directoryBytes = zip.position() - size;
    short count = (short) items.size();
    if (zip64) {
      zip.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45);
      zip.putInt(0).putInt(0).putLong(count).putLong(count).putLong(directoryBytes).putLong(size);
      zip.putInt(0x07064b50).putInt(0).putLong(directoryEnd()).putInt(1);
    }
    zip.putInt(0x06054b50).putShort((short) 0).putShort((short) 0).putShort(count).putShort(count);
    zip.putInt(directoryBytes).putInt(size).putShort((short) 0).put(appended);
    patches.forEach(p -> patch(zip, p));
    return zip.array();
  }

  public Path writeTo(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  private long at(Place place, int item) {
    return switch (place) {
      case LOCAL -> localAt(item);
      case CENTRAL -> centralAt(item);
      case END -> endAt();
      case LOCATOR -> endAt() - 20;
      case END64 -> directoryEnd();
    };
  }

  private void patch(ByteBuffer zip, Patch p) {
    int base = (int) at(p.place(), p.item());
    for (int i = 0; i < p.bytes(); i++) {
      zip.put(base + p.field() + i, (byte) (p.value() >> (8 * i)));
    }
  }

  private static int crc(Item item) {
    CRC32 crc = new CRC32();
    crc.update(item.content);
    return (int) crc.getValue();
  }
}
