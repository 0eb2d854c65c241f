package io.github.consistencydecoder.cli.shell;

import io.github.consistencydecoder.formats.checkpoint.MissingTensorException;
import io.github.consistencydecoder.formats.io.FormatException;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;

/**
 * An exception as the person at the shell sees it.
 *
 * @param exitCode one of {@link ExitCode}
 * @param message one line, without "error:"
 * @param cause for {@code --debug}
 */
public record Failure(int exitCode, String message, Throwable cause) {
  /** What is wrong with a name that cannot be a file's, and the cure. */
  public static final String UNWRITABLE =
      "a file cannot have this name where names are written as "
          + System.getProperty("sun.jnu.encoding")
          + "; set LC_ALL=C.UTF-8, or rename it";

  /** An exception that already says all there is to say. */
  public static Failure of(Throwable thrown) {
    return of("", ExitCode.FAILED, thrown);
  }

  /**
   * @param subject what it is about, usually a file as the person typed it; empty if the exception
   *     names it
   * @param ioCode exit code if reading or writing failed
   */
  public static Failure of(String subject, int ioCode, Throwable thrown) {
    Throwable t = thrown instanceof UncheckedIOException wrapped ? wrapped.getCause() : thrown;
    return new Failure(exitCode(ioCode, t), oneLine(sentence(subject, t)), thrown);
  }

  private static int exitCode(int ioCode, Throwable t) {
    if (t instanceof CliException e) {
      return e.exitCode();
    }
    if (t instanceof DecoderException e) {
      return exitCode(e.code());
    }
    return t instanceof IOException
            || t instanceof MissingTensorException
            || t instanceof InvalidPathException
        ? ioCode
        : ExitCode.FAILED;
  }

  /** The exit code for a decoder's error. */
  static int exitCode(DecoderErrorCode code) {
    return switch (code) {
      case INVALID_LATENTS, INVALID_PIXELS -> ExitCode.INPUT;
      case INVALID_OPTIONS, UNKNOWN_DECODER -> ExitCode.USAGE;
      case MODEL_MISSING, MODEL_CORRUPT, MODEL_UNSUPPORTED -> ExitCode.MODEL;
      case CANCELLED, DEVICE_UNAVAILABLE, DEVICE_LOST, OUT_OF_MEMORY, BUSY, RUNTIME_FAILED ->
          ExitCode.FAILED;
    };
  }

  private static String sentence(String subject, Throwable t) {
    String prefix = subject.isEmpty() ? "" : subject + ": ";
    if (t instanceof CliException e) {
      return e.getMessage();
    }
    if (t instanceof FormatException) {
      return formatError(subject, t.getMessage());
    }
    if (t instanceof DecoderException || t instanceof MissingTensorException) {
      return prefix + t.getMessage();
    }
    if (t instanceof FileSystemException e) {
      return (subject.isEmpty() ? e.getFile() + ": " : prefix) + fileSystemReason(e);
    }
    if (t instanceof InvalidPathException e) {
      return (subject.isEmpty() ? e.getInput() + ": " : prefix) + UNWRITABLE;
    }
    if (t instanceof IOException) {
      return prefix + (t.getMessage() == null ? t.toString() : t.getMessage());
    }
    if (t instanceof OutOfMemoryError) {
      return ("%sthe Java heap of %s MiB is too small; decode fewer pictures at"
              + " once, or set CONSISTENCY_DECODER_JAVA_OPTS=-Xmx8g")
          .formatted(prefix, Runtime.getRuntime().maxMemory() >> 20);
    }
    return prefix + "this is a bug: " + t + " (--debug shows where)";
  }

  /** The exception starts with the bare file name; the person gave a path. */
  private static String formatError(String subject, String message) {
    int name = subject.lastIndexOf('/') + 1;
    name = Math.max(name, subject.lastIndexOf('\\') + 1);
    String bare = subject.substring(name);
    if (!bare.isEmpty() && message.startsWith(bare + ":")) {
      return subject + message.substring(bare.length());
    }
    return message;
  }

  private static String fileSystemReason(FileSystemException e) {
    if (e instanceof NoSuchFileException) {
      return PathArgument.isReplaced(e.getFile()) ? UNWRITABLE : "no such file or folder";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    return e.getReason() == null
        ? e.getClass().getSimpleName()
        : e.getReason().substring(0, 1).toLowerCase(java.util.Locale.ROOT)
            + e.getReason().substring(1);
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*[\\r\\n]+\\s*", " ");
  }
}
