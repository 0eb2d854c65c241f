package io.github.consistencydecoder.core.opening;

import io.github.consistencydecoder.formats.checkpoint.Checkpoint;
import io.github.consistencydecoder.formats.checkpoint.Checkpoints;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.models.store.ResolvedModel;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** Finds a model's files and opens them. */
public final class ModelOpening {
  private ModelOpening() {}

  /**
   * Makes something of an open model.
   *
   * @param <T> what is made
   */
  public interface Making<T> {
    T of(OpenModel model) throws IOException;
  }

  /**
   * Opens a model's checkpoint and makes something of it. If that fails the checkpoint is closed.
   *
   * @param choose which file or folder of what the settings name
   * @param making takes ownership of the checkpoint if it returns
   * @throws DecoderException {@link DecoderErrorCode#MODEL_MISSING}, {@link
   *     DecoderErrorCode#MODEL_CORRUPT}, and what {@code making} throws
   */
  public static <T> T open(ModelSettings settings, UnaryOperator<Path> choose, Making<T> making) {
    ResolvedModel resolved = settings.store().resolve(settings.model());
    Checkpoint checkpoint = null;
    try {
      checkpoint = Checkpoints.open(choose.apply(resolved.path()));
      return making.of(OpenModel.of(resolved, checkpoint, settings.cache()));
    } catch (FormatException e) {
      throw closing(
          checkpoint, new DecoderException(DecoderErrorCode.MODEL_CORRUPT, e.getMessage(), e));
    } catch (IOException e) {
      throw closing(
          checkpoint,
          new DecoderException(
              DecoderErrorCode.MODEL_MISSING,
              "model '" + resolved.name() + "' cannot be read: " + e.getMessage(),
              e));
    } catch (RuntimeException e) {
      throw closing(checkpoint, e);
    }
  }

  private static RuntimeException closing(Checkpoint checkpoint, RuntimeException e) {
    if (checkpoint != null) {
      try {
        checkpoint.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
    }
    return e;
  }
}
