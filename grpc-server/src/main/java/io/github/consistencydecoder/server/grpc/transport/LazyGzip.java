package io.github.consistencydecoder.server.grpc.transport;

import io.grpc.Decompressor;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/**
 * Gzip that looks at its input only when it is read. gRPC's own reads the header on the event loop,
 * where a wrong one ends as UNKNOWN.
 */
final class LazyGzip implements Decompressor {
  @Override
  public String getMessageEncoding() {
    return "gzip";
  }

  @Override
  public InputStream decompress(InputStream compressed) {
    return new InputStream() {
      private InputStream plain;

      private InputStream plain() throws IOException {
        if (plain == null) {
          plain = new GZIPInputStream(compressed, 8192);
        }
        return plain;
      }

      @Override
      public int read() throws IOException {
        return plain().read();
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        return plain().read(into, offset, length);
      }

      @Override
      public void close() throws IOException {
        compressed.close();
      }
    };
  }
}
