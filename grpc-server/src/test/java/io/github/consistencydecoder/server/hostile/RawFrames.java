package io.github.consistencydecoder.server.hostile;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** A connection of HTTP/2 on which anything is written and nothing is minded. */
final class RawFrames implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RESET = 3;
  static final int SETTINGS = 4;
  static final int CONTINUATION = 9;
  static final int END_HEADERS = 4;
  static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  final Socket socket;

  /** Says what a connection begins with. */
  RawFrames(int port) throws IOException {
    socket = ServerAlone.socket(port);
    try {
      write(PREFACE);
      write(frame(SETTINGS, 0, 0, new byte[0]));
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  static byte[] frame(int type, int flags, int stream, byte[] payload) {
    byte[] frame = new byte[9 + payload.length];
    put(frame, 0, payload.length, 3);
    frame[3] = (byte) type;
    frame[4] = (byte) flags;
    put(frame, 5, stream, 4);
    System.arraycopy(payload, 0, frame, 9, payload.length);
    return frame;
  }

  private static void put(byte[] bytes, int at, int value, int size) {
    for (int i = 0; i < size; i++) {
      bytes[at + i] = (byte) (value >>> (8 * (size - 1 - i)));
    }
  }

  /** Of a reset: CANCEL. */
  static byte[] reset(int stream) {
    return frame(RESET, 0, stream, new byte[] {0, 0, 0, 8});
  }

  /** Reads frames until one resets the stream. */
  void awaitReset(int stream) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    boolean found = false;
    while (!found) {
      int lengthAndType = in.readInt();
      in.readByte();
      found = (lengthAndType & 0xff) == RESET && in.readInt() == stream;
      if ((lengthAndType & 0xff) != RESET) {
        in.readInt();
      }
      in.skipNBytes(lengthAndType >>> 8);
    }
  }

  /** Headers of a decode over gRPC, or of one over HTTP, and one more. */
  static byte[] call(boolean grpc, String name, String value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    literal(out, ":method", "POST");
    literal(out, ":scheme", "http");
    literal(out, ":path", grpc ? "/consistencydecoder.v1.DecoderService/Decode" : Others.QUERY);
    literal(out, ":authority", "localhost");
    literal(out, "content-type", grpc ? "application/grpc" : "tensor/binary");
    if (grpc) {
      literal(out, "te", "trailers");
    }
    literal(out, name, value);
    return out.toByteArray();
  }

  /** Headers, each as text and not kept. */
  static byte[] block(Map<String, String> headers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    headers.forEach((name, value) -> literal(out, name, value));
    return out.toByteArray();
  }

  private static void literal(ByteArrayOutputStream out, String name, String value) {
    out.write(0);
    text(out, name);
    text(out, value);
  }

  private static void text(ByteArrayOutputStream out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    int rest = bytes.length;
    if (rest < 127) {
      out.write(rest);
    } else {
      out.write(127);
      rest -= 127;
      while (rest >= 128) {
        out.write(128 | (rest & 127));
        rest >>>= 7;
      }
      out.write(rest);
    }
    out.writeBytes(bytes);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /**
   * Begins calls and resets them at once, so many a second, reconnecting whenever it is cut off.
   */
  static final class RapidReset {
    private static final int BATCH = 50;

    private final int port;
    private final byte[] headers;
    private final int perSecond;
    private long resets;
    private int ended;

    RapidReset(int port, byte[] headers, int perSecond) {
      this.port = port;
      this.headers = headers;
      this.perSecond = perSecond;
    }

    /** Calls that were begun and reset. */
    long resets() {
      return resets;
    }

    /** Connections that the server ended. */
    int ended() {
      return ended;
    }

    /**
     * Goes on until there were so many and so many connections were ended, or it takes too long.
     *
     * @return seconds that it took
     */
    double run(long least, int leastEnded, Duration most) throws InterruptedException {
      long start = System.nanoTime();
      while ((resets < least || ended < leastEnded) && System.nanoTime() - start < most.toNanos()) {
        try (RawFrames raw = new RawFrames(port)) {
          for (int stream = 1; System.nanoTime() - start < most.toNanos(); stream += 2 * BATCH) {
            raw.write(batch(stream));
            resets += BATCH;
            long ahead = resets * 1_000_000_000L / perSecond - (System.nanoTime() - start);
            if (ahead > 1_000_000) {
              Thread.sleep(ahead / 1_000_000);
            }
          }
        } catch (IOException cutOff) {
          ended++;
        }
      }
      return (System.nanoTime() - start) / 1e9;
    }

    private byte[] batch(int first) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      for (int i = 0; i < BATCH; i++) {
        int stream = first + 2 * i;
        out.writeBytes(RawFrames.frame(RawFrames.HEADERS, RawFrames.END_HEADERS, stream, headers));
        out.writeBytes(RawFrames.reset(stream));
      }
      return out.toByteArray();
    }
  }
}
