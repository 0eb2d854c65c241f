package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import io.github.consistencydecoder.models.network.NetworkGraph;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A session of ONNX Runtime and the options that must live as long as it does; sessions are opened
 * here, the same way everywhere.
 *
 * <p>Owns both. Closing again does nothing; if it fails, the error is {@link
 * DecoderErrorCode#RUNTIME_FAILED}.
 */
public final class Session implements AutoCloseable {
  /**
   * Initializers from this size on go into the file beside an optimised model, where they are
   * mapped instead of copied.
   */
  private static final String EXTERNAL_FROM_BYTES = "1024";

  private final OrtSession session;
  private final SessionOptions options;
  private SessionPool.Opening<Session> opening;
  private boolean closed;

  private Session(OrtSession session, SessionOptions options) {
    this.session = session;
    this.options = options;
  }

  /**
   * Opens a session that can be opened again.
   *
   * @param opening called now, and by {@link #another}
   */
  public static Session by(SessionPool.Opening<Session> opening) throws IOException, OrtException {
    Session handle = opening.open();
    handle.opening = opening;
    return handle;
  }

  /** Another session like this one, which may be closed; only of those that {@link #by} opened. */
  Session another() throws IOException, OrtException {
    return by(opening);
  }

  /** Opens a session with options that live as long as it does. */
  private interface Opening {
    OrtSession open(SessionOptions options) throws OrtException;
  }

  /** A session of a graph whose weights lie in files below the graph's root. */
  public static Session open(NetworkGraph graph, SessionSettings settings) throws OrtException {
    return open(settings, options -> fromBytes(graph, options, OptLevel.ALL_OPT));
  }

  /**
   * A session of a graph that needs no reordered weights: they stay in the files, mapped, and
   * opening takes a fraction of a second.
   */
  public static Session openPlain(NetworkGraph graph, SessionSettings settings)
      throws OrtException {
    return open(settings, options -> fromBytes(graph, options, OptLevel.EXTENDED_OPT));
  }

  /**
   * Optimises a graph for this machine's CPU and writes the result: weights reordered as its
   * kernels want them, so that the file can be mapped and opened at once.
   *
   * @param model file to write; the weights go beside it under {@code weightsName}
   */
  public static void optimise(
      NetworkGraph graph, SessionSettings settings, Path model, String weightsName)
      throws OrtException {
    open(
            settings,
            options -> {
              options.setOptimizedModelFilePath(model.toString());
              options.addConfigEntry(
                  "session.optimized_model_external_initializers_file_name", weightsName);
              options.addConfigEntry(
                  "session.optimized_model_external_initializers_min_size_in_bytes",
                  EXTERNAL_FROM_BYTES);
              return fromBytes(graph, options, OptLevel.ALL_OPT);
            })
        .close();
  }

  /** A session of a model that {@link #optimise} wrote. */
  public static Session openOptimised(Path model, SessionSettings settings) throws OrtException {
    return open(
        settings,
        options -> {
          // Everything has been done already; doing it again would only cost time.
          options.setOptimizationLevel(OptLevel.NO_OPT);
          return OnnxRuntime.environment().createSession(model.toString(), options);
        });
  }

  /** A session that takes what it needs from the system and gives it back at once. */
  public static Session openWithoutArena(NetworkGraph graph, SessionSettings settings)
      throws OrtException {
    return open(
        settings,
        options -> {
          options.setCPUArenaAllocator(false);
          return fromBytes(graph, options, OptLevel.EXTENDED_OPT);
        });
  }

  /**
   * A session of one stage of a network.
   *
   * @param reordered whether weights are copied and reordered, which takes time and memory when the
   *     session is opened and gains time when it runs
   */
  public static Session openStage(NetworkGraph graph, SessionSettings settings, boolean reordered)
      throws OrtException {
    OptLevel level = reordered ? OptLevel.ALL_OPT : OptLevel.EXTENDED_OPT;
    return open(settings, options -> fromBytes(graph, options, level));
  }

  /** A session of a model in a file, with its weights in it or beside it. */
  static Session openFile(Path model, SessionSettings settings) throws OrtException {
    return open(
        settings,
        options -> {
          options.setOptimizationLevel(OptLevel.ALL_OPT);
          return OnnxRuntime.environment().createSession(model.toString(), options);
        });
  }

  private static OrtSession fromBytes(NetworkGraph graph, SessionOptions options, OptLevel level)
      throws OrtException {
    options.setOptimizationLevel(level);
    options.addConfigEntry(
        "session.model_external_initializers_file_folder_path", graph.root().toString());
    return OnnxRuntime.environment().createSession(graph.model(), options);
  }

  private static Session open(SessionSettings settings, Opening opening) throws OrtException {
    OnnxRuntime.environment();
    OnnxRuntime.enterOrFail();
    SessionOptions options = new SessionOptions();
    try {
      options.setIntraOpNumThreads(settings.effectiveThreads());
      options.setInterOpNumThreads(1);
      // Waiting threads sleep: a library must not burn its host's cores between two convolutions.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      // Pre-planned memory costs half as much again after the second shape and gains no time
      // (docs/adr).
      options.setMemoryPatternOptimization(false);
      if (settings.device().kind() == Device.Kind.CUDA) {
        Device.addCuda(options, settings.device().index(), settings.cuda());
      }
      String log = settings.cuda().values().get(CudaOptions.LOG);
      if (log != null) {
        options.setSessionLogLevel(
            OrtLoggingLevel.valueOf("ORT_LOGGING_LEVEL_" + log.toUpperCase(Locale.ROOT)));
      }
      return new Session(opening.open(options), options);
    } catch (OrtException | RuntimeException e) {
      options.close();
      throw e;
    } finally {
      OnnxRuntime.leave();
    }
  }

  OrtSession session() {
    return session;
  }

  @Override
  public synchronized void close() {
    // A process that ends takes its sessions along.
    if (closed || !OnnxRuntime.enter()) {
      return;
    }
    closed = true;
    try (options) {
      session.close();
    } catch (OrtException e) {
      throw new DecoderException(
          DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed to close a session", e);
    } finally {
      OnnxRuntime.leave();
    }
  }
}
