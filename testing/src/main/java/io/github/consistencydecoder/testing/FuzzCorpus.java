package io.github.consistencydecoder.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Inputs that the fuzzers kept: {@code src/test/resources/fuzz} of a module, an input a line in
 * Base64. Readers refuse quietly and throw at what must not happen.
 */
public final class FuzzCorpus {
  private static final int CHANGED_INPUTS = 4_000;
  private static final int MAX_CHANGED_BYTES = 4_096;
  private static final long SEED = 20260117;

  /** Whatever the input: buffers of the JSON parser, and the coverage probes of a fuzzer. */
  private static final long FIXED_BYTES = 1 << 20;

  /** The most of the readers is 25: a dictionary in a pickle costs the file one byte. */
  private static final long BYTES_PER_INPUT_BYTE = 64;

  private static final int TRIES = 4;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private FuzzCorpus() {}

  private static List<byte[]> corpus(String name) throws IOException {
    List<byte[]> inputs = new ArrayList<>();
    try (InputStream in = FuzzCorpus.class.getResourceAsStream("/fuzz/" + name + ".txt")) {
      new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .forEach(line -> inputs.add(Base64.getDecoder().decode(line)));
    }
    assertThat(inputs).as("kept inputs").isNotEmpty();
    return inputs;
  }

  /** Reads, and asserts that memory stays within a multiple of the input. */
  public static void check(byte[] input, Consumer<byte[]> reader) {
    long bound = FIXED_BYTES + BYTES_PER_INPUT_BYTE * input.length;
    long allocated = Long.MAX_VALUE;
    // Again if it was too much: loading and instrumenting classes counts too, but only once.
    for (int i = 0; i < TRIES && allocated > bound; i++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      reader.accept(input);
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    if (allocated > bound) {
      throw new AssertionError(allocated + " bytes allocated for " + input.length);
    }
  }

  /** Checks each input, each seed, and some thousands of changed ones, the same every time. */
  public static void replay(String name, Stream<byte[]> seeds, Consumer<byte[]> reader)
      throws IOException {
    List<byte[]> inputs = corpus(name);
    seeds.filter(s -> s.length <= MAX_CHANGED_BYTES).forEach(inputs::add);
    for (byte[] input : inputs) {
      check(input, reader);
    }
    Random random = new Random(SEED);
    for (int i = 0; i < CHANGED_INPUTS; i++) {
      byte[] base = inputs.get(random.nextInt(inputs.size()));
      check(changed(base, inputs, random), reader);
    }
  }

  /** A few changes: bits, bytes, numbers of the kind that overflow, cuts, repeats, splices. */
  private static byte[] changed(byte[] base, List<byte[]> inputs, Random random) {
    byte[] bytes = base.clone();
    for (int change = 1 + random.nextInt(4); change > 0 && bytes.length > 0; change--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> {
          byte filler = (byte) (random.nextBoolean() ? 0xff : 0);
          for (int i = at; i < Math.min(bytes.length, at + (1 << random.nextInt(4))); i++) {
            bytes[i] = filler;
          }
        }
        case 3 -> bytes = Arrays.copyOf(bytes, at);
        case 4 -> {
          int end = at + random.nextInt(bytes.length - at);
          bytes = joined(bytes, end, bytes, at, bytes.length);
        }
        default -> {
          byte[] other = inputs.get(random.nextInt(inputs.size()));
          bytes = joined(bytes, at, other, random.nextInt(other.length + 1), other.length);
        }
      }
    }
    return bytes;
  }

  private static byte[] joined(byte[] head, int headEnd, byte[] tail, int from, int to) {
    byte[] all = Arrays.copyOf(head, headEnd + to - from);
    System.arraycopy(tail, from, all, headEnd, to - from);
    return all;
  }
}
