package io.github.consistencydecoder.formats.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Inputs that the fuzzers kept: src/test/resources/fuzz, an input a line in Base64. */
public final class FuzzCorpus {
  private static final int CHANGED_INPUTS = 4_000;
  private static final int MAX_CHANGED_BYTES = 4_096;
  private static final long SEED = 20260117;

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

  /** Checks each input, each seed, and some thousands of changed ones, the same every time. */
  public static void replay(String name, Stream<byte[]> seeds, Fuzzing.Reader reader)
      throws IOException {
    List<byte[]> inputs = corpus(name);
    seeds.filter(s -> s.length <= MAX_CHANGED_BYTES).forEach(inputs::add);
    for (byte[] input : inputs) {
      Fuzzing.check(input, reader);
    }
    Random random = new Random(SEED);
    for (int i = 0; i < CHANGED_INPUTS; i++) {
      byte[] base = inputs.get(random.nextInt(inputs.size()));
      Fuzzing.check(changed(base, inputs, random), reader);
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
