package io.github.consistencydecoder.server.hostile;

import java.util.stream.Stream;

/**
 * What a {@link HostedServer} says of itself.
 *
 * @param heap bytes that are used after a collection
 * @param direct bytes of buffers outside the heap
 * @param connections of the gRPC endpoint
 * @param held bytes of messages under way at both endpoints
 * @param accepted calls
 * @param ended of them
 * @param cancelled of them
 * @param inside decodes that run
 */
record ServerLook(
    long heap,
    long direct,
    long connections,
    long held,
    long accepted,
    long ended,
    long cancelled,
    long inside) {
  private static final String START = "look";

  String line() {
    return String.join(
        " ",
        START,
        "" + heap,
        "" + direct,
        "" + connections,
        "" + held,
        "" + accepted,
        "" + ended,
        "" + cancelled,
        "" + inside);
  }

  static ServerLook of(String line) {
    if (!line.startsWith(START)) {
      throw new IllegalArgumentException("not a look: " + line);
    }
    long[] n = Stream.of(line.split(" ")).skip(1).mapToLong(Long::parseLong).toArray();
    return new ServerLook(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
  }

  /** Whether nothing is under way. */
  boolean atRest() {
    return held == 0 && accepted == ended && inside == 0;
  }
}
