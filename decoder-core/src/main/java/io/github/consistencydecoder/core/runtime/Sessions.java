package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import io.github.consistencydecoder.models.network.NetworkGraph;
import java.nio.file.Path;
import java.util.Locale;

/** Makes ONNX Runtime sessions, the same way everywhere. */
final class Sessions {
  /**
   * Initializers from this size on go into the file beside an optimised model, where they are
   * mapped instead of copied.
   */
  private static final String EXTERNAL_FROM_BYTES = "1024";

  private Sessions() {}

  /** Opens a session with options that live as long as it does. */
  private interface Opening {
    OrtSession open(SessionOptions options) throws OrtException;
  }

  /** A session of a graph whose weights lie in files below the graph's root. */
  static SessionHandle open(NetworkGraph graph, SessionSettings settings) throws OrtException {
    return open(settings, options -> fromBytes(graph, options, OptLevel.ALL_OPT));
  }

  /**
   * A session of a graph that needs no reordered weights: they stay in the files, mapped, and
   * opening takes a fraction of a second.
   */
  static SessionHandle openPlain(NetworkGraph graph, SessionSettings settings) throws OrtException {
    return open(settings, options -> fromBytes(graph, options, OptLevel.EXTENDED_OPT));
  }

  /**
   * Optimises a graph for this machine's CPU and writes the result: weights reordered as its
   * kernels want them, so that the file can be mapped and opened at once.
   *
   * @param model file to write; the weights go beside it under {@code weightsName}
   */
  static void optimise(NetworkGraph graph, SessionSettings settings, Path model, String weightsName)
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
  static SessionHandle openOptimised(Path model, SessionSettings settings) throws OrtException {
    return open(
        settings,
        options -> {
          // Everything has been done already; doing it again would only cost time.
          options.setOptimizationLevel(OptLevel.NO_OPT);
          return OnnxRuntime.environment().createSession(model.toString(), options);
        });
  }

  /** A session that takes what it needs from the system and gives it back at once. */
  static SessionHandle openWithoutArena(NetworkGraph graph, SessionSettings settings)
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
  static SessionHandle openStage(NetworkGraph graph, SessionSettings settings, boolean reordered)
      throws OrtException {
    OptLevel level = reordered ? OptLevel.ALL_OPT : OptLevel.EXTENDED_OPT;
    return open(settings, options -> fromBytes(graph, options, level));
  }

  /** A session of a model in a file, with its weights in it or beside it. */
  static SessionHandle openFile(Path model, SessionSettings settings) throws OrtException {
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

  private static SessionHandle open(SessionSettings settings, Opening opening) throws OrtException {
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
        Devices.addCuda(options, settings.device().index(), settings.cuda());
      }
      String log = settings.cuda().values().get(CudaOptions.LOG);
      if (log != null) {
        options.setSessionLogLevel(
            OrtLoggingLevel.valueOf("ORT_LOGGING_LEVEL_" + log.toUpperCase(Locale.ROOT)));
      }
      return new SessionHandle(opening.open(options), options);
    } catch (OrtException | RuntimeException e) {
      options.close();
      throw e;
    } finally {
      OnnxRuntime.leave();
    }
  }
}
