package io.github.consistencydecoder.formats.checkpoint;

import static java.util.Objects.requireNonNull;

import io.github.consistencydecoder.formats.io.ByteSource;
import io.github.consistencydecoder.formats.io.NearNames;
import io.github.consistencydecoder.formats.tensors.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint whose tensors lie uncompressed in files: every format that we read comes down to
 * that. The readers have checked each tensor against its file; this class only fetches.
 */
final class FileCheckpoint implements Checkpoint {
  /** One read; small enough for the buffer that the JDK keeps per thread. */
  private static final int CHUNK_BYTES = 1 << 18;

  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final Path path;
  private final String format;
  private final Map<Path, ByteSource> sources;
  private final Map<String, TensorInfo> tensors;
  private final Map<String, String> metadata;

  /**
   * @param sources the bytes of each real path, in order; owned from now on
   */
  FileCheckpoint(
      Path path,
      String format,
      Map<Path, ByteSource> sources,
      Map<String, TensorInfo> tensors,
      Map<String, String> metadata) {
    this.path = path;
    this.format = format;
    this.sources = Collections.unmodifiableMap(new LinkedHashMap<>(sources));
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String format() {
    return format;
  }

  @Override
  public List<Path> files() {
    return List.copyOf(sources.keySet());
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return tensors;
  }

  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public TensorInfo tensor(String name) {
    TensorInfo tensor = tensors.get(requireNonNull(name, "name"));
    if (tensor == null) {
      List<String> similar = NearNames.of(name, tensors.keySet());
      throw new MissingTensorException(
          path.getFileName()
              + ": no tensor '"
              + name
              + "' among "
              + tensors.size()
              + (similar.isEmpty() ? "" : ", nearest: " + String.join(", ", similar)));
    }
    return tensor;
  }

  @Override
  public float[] floats(TensorInfo tensor) throws IOException {
    ByteSource source = sourceOf(tensor);
    requireFloating(tensor);
    long n = tensor.elements();
    long stored = tensor.byteLength() / tensor.dtype().bytes();
    if (Math.max(n, stored) > MAX_ARRAY) {
      throw new IllegalArgumentException(
          "tensor '" + tensor.name() + "' has " + n + " elements, too many for one array");
    }
    float[] values = new float[(int) stored];
    read(source, tensor, values);
    return tensor.contiguous() ? values : rowMajor(values, tensor, (int) n);
  }

  @Override
  public ByteBuffer bytes(TensorInfo tensor) throws IOException {
    ByteSource source = sourceOf(tensor);
    requireContiguous(tensor);
    if (tensor.byteLength() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "tensor '%s' has %s bytes, at most 2147483647 can be mapped at once"
              .formatted(tensor.name(), tensor.byteLength()));
    }
    return source.view(tensor.offset(), (int) tensor.byteLength());
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (ByteSource source : sources.values()) {
      try {
        source.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private ByteSource sourceOf(TensorInfo tensor) {
    requireNonNull(tensor, "tensor");
    if (!tensor.equals(tensors.get(tensor.name()))) {
      throw new IllegalArgumentException(
          "tensor '" + tensor.name() + "' is not one of " + path.getFileName());
    }
    return sources.get(tensor.file());
  }

  private static void requireFloating(TensorInfo tensor) {
    if (!tensor.dtype().floating()) {
      throw new IllegalArgumentException(
          "tensor '" + tensor.name() + "' holds " + tensor.dtype() + ", not floating-point values");
    }
  }

  private static void requireContiguous(TensorInfo tensor) {
    if (!tensor.contiguous()) {
      throw new IllegalArgumentException(
          "tensor '" + tensor.name() + "' is not contiguous, strides " + tensor.strides());
    }
  }

  /** Reads stored elements in the order in which they lie. */
  private static void read(ByteSource source, TensorInfo tensor, float[] target)
      throws IOException {
    int size = tensor.dtype().bytes();
    int chunkElements = Math.min(target.length, CHUNK_BYTES / size);
    ByteBuffer chunk = ByteBuffer.allocate(chunkElements * size);
    for (int done = 0; done < target.length; ) {
      int n = Math.min(chunkElements, target.length - done);
      source.read(tensor.offset() + (long) done * size, chunk.clear().limit(n * size));
      tensor.dtype().read(chunk.flip(), FloatBuffer.wrap(target, done, n));
      done += n;
    }
  }

  /** Brings stored elements into row-major order. */
  private static float[] rowMajor(float[] stored, TensorInfo tensor, int n) {
    int rank = tensor.shape().size();
    long[] index = new long[rank];
    long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
    long[] strides = tensor.strides().stream().mapToLong(Long::longValue).toArray();
    float[] values = new float[n];
    long from = 0;
    for (int i = 0; i < n; i++) {
      values[i] = stored[(int) from];
      for (int d = rank - 1; d >= 0; d--) {
        from += strides[d];
        if (++index[d] < shape[d]) {
          break;
        }
        from -= shape[d] * strides[d];
        index[d] = 0;
      }
    }
    return values;
  }
}
