package io.github.consistencydecoder.core.bands;

import io.github.consistencydecoder.models.network.ConsistencyNetwork;
import io.github.consistencydecoder.models.network.graph.BandGraphs;
import io.github.consistencydecoder.models.network.graph.BandStage;
import io.github.consistencydecoder.models.network.graph.BandTensor;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Direct buffers of one evaluation, used again for every band: for bands that come from a file or
 * go to it, and for what is small. Not for use by several threads.
 */
final class Staging {
  static final String RESULT = "result";
  static final String RESULT_TOP = "result.top";
  static final String RESULT_BOTTOM = "result.bottom";
  static final String ZEROS = "zeros";
  static final String MEAN = "mean";
  static final String SQUARES = "squares";

  private final Map<String, ByteBuffer> buffers = new HashMap<>();

  /**
   * Makes room.
   *
   * @param sizes bytes of each buffer at least
   */
  void grow(Map<String, Long> sizes) {
    for (Map.Entry<String, Long> size : sizes.entrySet()) {
      ByteBuffer present = buffers.get(size.getKey());
      if (present == null || present.capacity() < size.getValue()) {
        buffers.remove(size.getKey());
        buffers.put(size.getKey(), allocate(Math.toIntExact(size.getValue())));
      }
    }
  }

  private static ByteBuffer allocate(int bytes) {
    try {
      return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    } catch (OutOfMemoryError e) {
      throw new DecoderException(
          DecoderErrorCode.OUT_OF_MEMORY,
          "Java gives no direct buffer of "
              + bytes
              + " bytes for decoding in bands: allow it more with -XX:MaxDirectMemorySize",
          e);
    }
  }

  /** The beginning of a buffer; its order is the machine's. */
  ByteBuffer bytes(String slot, long bytes) {
    ByteBuffer whole = buffers.get(slot).duplicate();
    return whole.limit(Math.toIntExact(bytes)).slice().order(ByteOrder.nativeOrder());
  }

  /** The beginning of a buffer. */
  FloatBuffer floats(String slot, long values) {
    return bytes(slot, 4 * values).asFloatBuffer();
  }

  /** Bytes of each buffer that an evaluation needs. */
  static Map<String, Long> sizes(BandSchedule schedule, BandLayout layout, Set<Integer> spilled) {
    Map<String, Long> sizes = new HashMap<>();
    int rows = layout.rows(0, 0);
    int width = layout.width(0);
    grow(sizes, BandGraphs.INPUT, 4L * ConsistencyNetwork.INPUT_CHANNELS * (rows + 2) * width);
    for (BandStage stage : schedule.stages()) {
      BandTensor result = stage.result();
      if (stage.kind() == BandStage.Kind.OUT || spilled.contains(result.id())) {
        grow(sizes, RESULT, layout.bandBytes(result, 0));
        grow(sizes, RESULT_TOP, layout.bytes(result, BandLayout.EDGE_ROWS));
        grow(sizes, RESULT_BOTTOM, layout.bytes(result, BandLayout.EDGE_ROWS));
      }
      grow(sizes, MEAN, 4L * result.channels());
      grow(sizes, SQUARES, 4L * result.channels());
      grow(sizes, BandGraphs.SCALE, 4L * stage.in());
      grow(sizes, BandGraphs.SHIFT, 4L * stage.in());
      long zeros = 0;
      for (int i = 0; i < stage.sources().size(); i++) {
        BandTensor t = stage.sources().get(i);
        zeros += layout.bytes(t, stage.halo());
        if (spilled.contains(t.id())) {
          grow(sizes, BandGraphs.BODY + i, layout.bandBytes(t, 0));
          grow(sizes, BandGraphs.ABOVE + i, layout.bytes(t, BandLayout.EDGE_ROWS));
          grow(sizes, BandGraphs.BELOW + i, layout.bytes(t, BandLayout.EDGE_ROWS));
        }
      }
      grow(sizes, ZEROS, zeros);
      for (int i = 0; i < stage.shortcut().size(); i++) {
        BandTensor t = stage.shortcut().get(i);
        if (spilled.contains(t.id())) {
          grow(sizes, BandGraphs.SHORTCUT + i, layout.bandBytes(t, 0));
        }
      }
    }
    return sizes;
  }

  private static void grow(Map<String, Long> sizes, String slot, long bytes) {
    sizes.merge(slot, bytes, Math::max);
  }
}
