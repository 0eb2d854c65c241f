package io.github.consistencydecoder.core;

import io.github.consistencydecoder.core.runtime.graphs.StepModel;
import io.github.consistencydecoder.core.sampler.Sampler.NotFiniteException;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network in the precision asked for and, if that is half precision, in float32 for decodes
 * whose numbers leave its range: those are done again from the start, and it is said.
 *
 * <p>Owns the models; that in float32 is opened when it is first needed and kept. Safe for use by
 * several threads. The caller closes only when nothing runs; closing again does nothing.
 */
final class Float32Fallback implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Float32Fallback.class);

  private final StepModel usual;
  private final Optional<Opening> opening;
  private final AtomicLong redone = new AtomicLong();
  private volatile StepModel wide;

  /** Opens the network in float32. */
  interface Opening {
    StepModel open() throws IOException;
  }

  /**
   * What a decode gave.
   *
   * @param value what it returned
   * @param redone whether it was done again in float32
   */
  record Result<T>(T value, boolean redone) {}

  /**
   * @param usual owned from now on
   * @param opening of the network in float32, where {@code usual} has less
   */
  Float32Fallback(StepModel usual, Optional<Opening> opening) {
    this.usual = usual;
    this.opening = opening;
  }

  /** The network in the precision asked for. */
  StepModel usual() {
    return usual;
  }

  /** Decodes that were done again. */
  long redone() {
    return redone.get();
  }

  /**
   * Does a decode, twice if need be.
   *
   * @param decode with the usual network
   * @param again the same anew, noise included, with the network given, borrowed during the call
   * @param warning told if it is done again
   */
  <T> Result<T> run(Supplier<T> decode, Function<StepModel, T> again, Consumer<String> warning) {
    try {
      return new Result<>(decode.get(), false);
    } catch (DecoderException e) {
      if (opening.isEmpty() || !(e.getCause() instanceof NotFiniteException)) {
        throw e;
      }
      String sentence =
          "the picture was decoded again in float32 with layout nchw, because numbers left the"
              + " range of float16 or of the norm ("
              + e.getCause().getMessage()
              + "); these settings save the first attempt";
      LOG.info("decode {} of this model: {}", redone.incrementAndGet(), sentence);
      usual.session().giveBackNow();
      StepModel model = wide(e);
      warning.accept(sentence);
      return new Result<>(again.apply(model), true);
    }
  }

  private synchronized StepModel wide(DecoderException why) {
    if (wide == null) {
      try {
        wide = opening.orElseThrow().open();
      } catch (IOException e) {
        e.addSuppressed(why);
        throw new DecoderException(
            DecoderErrorCode.MODEL_MISSING,
            "numbers left the range of the arithmetic, and the network cannot be opened in float32:"
                + " "
                + e.getMessage(),
            e);
      } catch (DecoderException e) {
        e.addSuppressed(why);
        throw e;
      }
    }
    return wide;
  }

  /** Gives the memory back that evaluations have left for those that follow. */
  void giveBack() {
    usual.session().giveBack();
    StepModel opened = wide;
    if (opened != null) {
      opened.session().giveBack();
    }
  }

  @Override
  public synchronized void close() {
    try {
      usual.session().close();
    } finally {
      if (wide != null) {
        wide.session().close();
      }
    }
  }
}
