import io.github.consistencydecoder.plugin.*;
import java.nio.file.*;
import java.util.*;

/**
 * What failures of a device leave behind, with the stand-in: memory that is lacking for a while,
 * then a device that is lost.
 *
 * <p>{@code SIM_FULL=FILE1 SIM_LOST=FILE2 java -cp "$(lib/*)" Failures.java FILE1 FILE2 [layout]};
 * pictures are what memory holds, so only the ends of decodes count. Exits with 1 if one is not as
 * it should be.
 */
public final class Failures {
  private static LatentDecoder decoder;
  private static boolean right = true;

  private static void expect(String when, int side, String wanted) {
    String found;
    try {
      decoder.decode(
          Latents.scaled(new float[4 * side * side], 1, 4, side, side),
          DecodeOptions.builder().seed(7).build());
      found = "ok";
    } catch (DecoderException e) {
      // The stand-in computes no numbers: what counts is that it ran to its end.
      found = e.getMessage().contains("NaN") ? "ok" : e.code() + ": " + e.getMessage();
    }
    boolean as = found.startsWith(wanted);
    right &= as;
    System.out.println((as ? "ok      " : "FAILED  ") + when + ": " + found);
  }

  public static void main(String[] args) throws Exception {
    Path full = Path.of(args[0]);
    Path lost = Path.of(args[1]);
    decoder =
        Decoders.open(
            "consistency",
            DecoderConfig.model("tiny")
                .with(DecoderConfig.DEVICE, "cuda")
                .with(DecoderConfig.DTYPE, "float16")
                .with("layout", args.length > 2 ? args[2] : "auto"));
    expect("256x256", 32, "ok");
    Files.writeString(full, "");
    expect("512x512, device full", 64, "OUT_OF_MEMORY");
    Files.delete(full);
    expect("512x512, memory again", 64, "ok");
    expect("256x256", 32, "ok");
    Files.writeString(lost, "");
    expect("256x256, device lost", 32, "DEVICE_LOST");
    expect("256x256, once more", 32, "DEVICE_LOST");
    decoder.close();
    Files.delete(lost);
    System.exit(right ? 0 : 1);
  }
}
