package io.github.consistencydecoder.models.network.graph;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.tensors.DType;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * Looks for NaN and infinity in a tensor. Reads in pieces rather than through a mapping, so that
 * looking through a checkpoint of gigabytes leaves nothing of it in the process.
 */
final class FiniteCheck {
  private static final int CHUNK = 1 << 18;

  private FiniteCheck() {}

  static boolean finite(Checkpoint checkpoint, TensorInfo t) throws IOException {
    if (!t.contiguous() || t.dtype() == DType.F64) {
      for (float v : checkpoint.floats(t)) {
        if (!Float.isFinite(v)) {
          return false;
        }
      }
      return true;
    }
    try (FileChannel channel = FileChannel.open(t.file(), StandardOpenOption.READ)) {
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
      int[] words = new int[CHUNK / 4];
      long end = t.offset() + t.byteLength();
      for (long at = t.offset(); at < end; at += CHUNK) {
        int n = (int) Math.min(CHUNK, end - at);
        chunk.clear().limit(n);
        while (chunk.hasRemaining()) {
          if (channel.read(chunk, at + chunk.position()) < 0) {
            throw new IOException(t.file().getFileName() + " has become shorter while it was read");
          }
        }
        chunk.rewind();
        if (!finite(chunk, words, t.dtype())) {
          return false;
        }
      }
      return true;
    }
  }

  private static boolean finite(ByteBuffer chunk, int[] words, DType dtype) {
    int n = chunk.remaining() / 4;
    chunk.asIntBuffer().get(words, 0, n);
    int tail = chunk.remaining() % 4 == 0 ? 0 : chunk.getShort(4 * n);
    return switch (dtype) {
      case F32 -> singles(words, n);
      case F16 -> pairs(words, n, 0x7c00) && (tail & 0x7c00) != 0x7c00;
      case BF16 -> pairs(words, n, 0x7f80) && (tail & 0x7f80) != 0x7f80;
      case F64, C64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
          throw new IllegalArgumentException("not checked here: " + dtype);
    };
  }

  // Counted rather than left early: a loop without a branch is one the compiler makes wide.
  private static boolean singles(int[] words, int n) {
    int bad = 0;
    for (int i = 0; i < n; i++) {
      bad += (words[i] & 0x7f800000) == 0x7f800000 ? 1 : 0;
    }
    return bad == 0;
  }

  private static boolean pairs(int[] words, int n, int exponent) {
    int high = exponent << 16;
    int bad = 0;
    for (int i = 0; i < n; i++) {
      bad += (words[i] & exponent) == exponent ? 1 : 0;
      bad += (words[i] & high) == high ? 1 : 0;
    }
    return bad == 0;
  }
}
