package io.github.consistencydecoder.formats.archive;

import io.github.consistencydecoder.formats.io.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The bytes of a pickle, read in order: opcodes and their arguments. */
final class PickleInput {
  private static final int MAX_NAME_BYTES = 1024;

  private final Path file;
  private final ByteBuffer pickle;
  private final long offsetInFile;

  /** Where the current opcode is. */
  private int at;

  /**
   * @param file for messages
   * @param offsetInFile where the pickle starts there, bytes
   */
  PickleInput(Path file, byte[] pickle, long offsetInFile) {
    this.file = file;
    this.pickle = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    this.offsetInFile = offsetInFile;
  }

  /** The next opcode. */
  int opcode() throws FormatException {
    at = pickle.position();
    return uint8();
  }

  int uint8() throws FormatException {
    return need(1).get() & 0xff;
  }

  int uint16() throws FormatException {
    return need(2).getShort() & 0xffff;
  }

  int int32() throws FormatException {
    return need(4).getInt();
  }

  long uint32() throws FormatException {
    return Integer.toUnsignedLong(int32());
  }

  /** A double, which alone is big-endian in a pickle. */
  double float64() throws FormatException {
    return Double.longBitsToDouble(Long.reverseBytes(need(8).getLong()));
  }

  /** An integer with its length before it; opaque if it fits 64 bits only without a sign. */
  Object long1() throws FormatException {
    int length = uint8();
    if (length > 9) {
      throw wrong("an integer of " + length + " bytes, needs at most 9");
    }
    if (length == 9) {
      skip(9);
      return PickleValue.OPAQUE;
    }
    ByteBuffer bytes = need(length);
    long value = 0;
    for (int i = 0; i < length; i++) {
      long b = bytes.get();
      // the last byte brings the sign
      value |= (i == length - 1 ? b : b & 0xff) << (8 * i);
    }
    return value;
  }

  /** An unsigned number of 64 bits, as which no length can be too long. */
  long length64() throws FormatException {
    long length = need(8).getLong();
    return length < 0 ? Long.MAX_VALUE : length;
  }

  /** Steps over bytes, a bytes object's for one. */
  PickleValue skip(long length) throws FormatException {
    requireLeft("a bytes object", length);
    pickle.position(pickle.position() + (int) length);
    return PickleValue.OPAQUE;
  }

  /** Checks that a frame, which means nothing else to a reader of memory, ends in the pickle. */
  void frame() throws FormatException {
    requireLeft("a frame", length64());
  }

  private void requireLeft(String what, long length) throws FormatException {
    if (length > pickle.remaining()) {
      throw wrong(what + " of " + length + " bytes, " + pickle.remaining() + " are left");
    }
  }

  /** A string of so many bytes. */
  String string(long length) throws FormatException {
    requireLeft("a string", length);
    ByteBuffer bytes = pickle.slice(pickle.position(), (int) length);
    pickle.position(pickle.position() + (int) length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw wrong("a string that is not UTF-8");
    }
  }

  /** A name up to the end of its line. */
  String line() throws FormatException {
    int start = pickle.position();
    while (need(1).get() != '\n') {
      if (pickle.position() - start > MAX_NAME_BYTES) {
        throw wrong("a name longer than " + MAX_NAME_BYTES + " bytes");
      }
    }
    return new String(
        pickle.array(), start, pickle.position() - 1 - start, StandardCharsets.ISO_8859_1);
  }

  /** Bytes not read yet. */
  int remaining() {
    return pickle.remaining();
  }

  /** An exception for the current opcode. */
  FormatException wrong(String reason) {
    return new FormatException(file, "", offsetInFile + at, reason);
  }

  private ByteBuffer need(int bytes) throws FormatException {
    if (pickle.remaining() < bytes) {
      throw wrong("the pickle ends inside an instruction");
    }
    return pickle;
  }
}
