package io.github.consistencydecoder.formats.archive;

/** Names of the pickle opcodes, to refuse the others in words. */
final class PickleOpcode {
  static final int PROTO = 0x80;
  static final int STOP = '.';
  static final int MARK = '(';
  static final int NONE = 'N';
  static final int NEWTRUE = 0x88;
  static final int NEWFALSE = 0x89;
  static final int BININT = 'J';
  static final int BININT1 = 'K';
  static final int BININT2 = 'M';
  static final int LONG1 = 0x8a;
  static final int BINFLOAT = 'G';
  static final int BINUNICODE = 'X';
  static final int EMPTY_DICT = '}';
  static final int EMPTY_LIST = ']';
  static final int EMPTY_TUPLE = ')';
  static final int TUPLE = 't';
  static final int TUPLE1 = 0x85;
  static final int TUPLE2 = 0x86;
  static final int TUPLE3 = 0x87;
  static final int APPEND = 'a';
  static final int APPENDS = 'e';
  static final int SETITEM = 's';
  static final int SETITEMS = 'u';
  static final int BINPUT = 'q';
  static final int LONG_BINPUT = 'r';
  static final int BINGET = 'h';
  static final int LONG_BINGET = 'j';
  static final int GLOBAL = 'c';
  static final int REDUCE = 'R';
  static final int NEWOBJ = 0x81;
  static final int BUILD = 'b';
  static final int BINPERSID = 'Q';
  static final int FRAME = 0x95;
  static final int MEMOIZE = 0x94;
  static final int STACK_GLOBAL = 0x93;
  static final int SHORT_BINUNICODE = 0x8c;
  static final int BINBYTES = 'B';
  static final int SHORT_BINBYTES = 'C';
  static final int BYTEARRAY8 = 0x96;
  static final int EMPTY_SET = 0x8f;
  static final int ADDITEMS = 0x90;
  static final int FROZENSET = 0x91;

  private PickleOpcode() {}

  /** Name of an opcode that is not read, for the message. */
  static String nameOfRefused(int opcode) {
    String name =
        switch (opcode) {
          case 'i' -> "INST";
          case 'o' -> "OBJ";
          case 'P' -> "PERSID";
          case 'I' -> "INT";
          case 'L' -> "LONG";
          case 'F' -> "FLOAT";
          case 'S' -> "STRING";
          case 'T' -> "BINSTRING";
          case 'U' -> "SHORT_BINSTRING";
          case 'V' -> "UNICODE";
          case 'd' -> "DICT";
          case 'l' -> "LIST";
          case 'p' -> "PUT";
          case 'g' -> "GET";
          case '0' -> "POP";
          case '1' -> "POP_MARK";
          case '2' -> "DUP";
          case 0x82 -> "EXT1";
          case 0x83 -> "EXT2";
          case 0x84 -> "EXT4";
          case 0x8b -> "LONG4";
          case 0x8d -> "BINUNICODE8";
          case 0x8e -> "BINBYTES8";
          case 0x92 -> "NEWOBJ_EX";
          case 0x97 -> "NEXT_BUFFER";
          case 0x98 -> "READONLY_BUFFER";
          default -> "unknown";
        };
    return name + " (0x" + Integer.toHexString(opcode) + ")";
  }
}
