package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.FormatException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * The content of a deflated entry. It is inflated as it is read, never as a whole: reading on costs
 * what is read, reading back starts again. Who reads the last byte has the checksum verified.
 */
final class InflatedEntry implements ByteSource {
  private final Path file;
  private final ByteSource archive;
  private final ZipDirectory.Entry entry;
  private final CRC32 crc = new CRC32();
  private Inflater inflater;
  private InputStream content;
  private long at;

  InflatedEntry(Path file, ByteSource archive, ZipDirectory.Entry entry) {
    this.file = file;
    this.archive = archive;
    this.entry = entry;
  }

  @Override
  public long size() {
    return entry.size();
  }

  @Override
  public synchronized void read(long position, ByteBuffer target) throws IOException {
    if (position < 0 || position > size() - target.remaining()) {
      throw new EOFException(target.remaining() + " bytes at " + position + " of " + size());
    }
    try {
      if (content == null || position < at) {
        restart();
      }
      content.skipNBytes(position - at);
      byte[] bytes = content.readNBytes(target.remaining());
      at = position + bytes.length;
      if (bytes.length < target.remaining()) {
        throw damaged(null);
      }
      target.put(bytes);
      if (at == size() && (content.read() >= 0 || (int) crc.getValue() != entry.crc())) {
        throw damaged(null);
      }
    } catch (ZipException | EOFException e) {
      throw damaged(e);
    }
  }

  private void restart() throws IOException {
    close();
    long length = entry.dataEnd() - entry.dataOffset();
    // What deflating cannot shrink grows by a few bytes a block.
    if (length > size() + size() / 8 + 64) {
      throw damaged(null);
    }
    byte[] deflated = new byte[(int) length];
    archive.read(entry.dataOffset(), ByteBuffer.wrap(deflated));
    inflater = new Inflater(true);
    crc.reset();
    content =
        new CheckedInputStream(
            new InflaterInputStream(new ByteArrayInputStream(deflated), inflater), crc);
    at = 0;
  }

  private FormatException damaged(IOException cause) {
    return new FormatException(
        String.valueOf(file.getFileName()),
        "entry '" + entry.name() + "' is damaged, save the file again",
        cause);
  }

  @Override
  public ByteBuffer view(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    read(position, bytes);
    return bytes.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public synchronized void close() {
    if (inflater != null) {
      inflater.end();
    }
    content = null;
  }
}
