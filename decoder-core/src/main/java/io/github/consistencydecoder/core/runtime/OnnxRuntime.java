package io.github.consistencydecoder.core.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.plugin.Availability;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX Runtime's environment, one a process, made on first use or by the host before. It lives as
 * long as the process: a JVM that ends stops what is being evaluated and waits for it first.
 *
 * <p>Safe for use by several threads.
 */
public final class OnnxRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxRuntime.class);

  private static final String NAME = "consistency-decoder";

  /** Versions of the runtime read the command line by a recursion as deep as that is long. */
  private static final long STACK_BYTES = 64L << 20;

  /** Thrown when the JVM begins to end. */
  private static final Cancellation EXIT = new Cancellation();

  /** Held by who is in native code; taken by the end of the JVM, for ever. */
  private static final ReentrantReadWriteLock NATIVE = new ReentrantReadWriteLock();

  private OnnxRuntime() {}

  /**
   * How it went.
   *
   * @param environment null if there is none
   * @param problem why there is none
   */
  private record Start(OrtEnvironment environment, String problem, Throwable cause) {}

  private static final class Holder {
    static final Start START = start();
  }

  private static Start start() {
    return CompletableFuture.supplyAsync(
            OnnxRuntime::startHere,
            task -> new Thread(null, task, NAME + "-start", STACK_BYTES).start())
        .join();
  }

  private static Start startHere() {
    String unpacking = "";
    try {
      OrtEnvironment environment;
      if (isLoaded()) {
        environment = OrtEnvironment.getEnvironment();
      } else {
        unpacking = NativeParts.load(ModelStore.standard().cacheFolder());
        environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, NAME);
        environment.setTelemetry(false);
      }
      keepForEver();
      Runtime.getRuntime().addShutdownHook(new Thread(OnnxRuntime::end, NAME + "-end"));
      return new Start(environment, "", null);
    } catch (OrtException | RuntimeException | LinkageError e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      return new Start(null, unpacking + root.getMessage(), e);
    }
  }

  /** Whether the host has loaded the runtime already. */
  private static boolean isLoaded() {
    try {
      Field loaded = internals().getDeclaredField("loaded");
      loaded.setAccessible(true);
      return loaded.getBoolean(null);
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debug("whether ONNX Runtime is loaded cannot be seen", e);
      return false;
    }
  }

  /** The class of the runtime that holds its state, which is nobody else's to see. */
  static Class<?> internals() throws ClassNotFoundException {
    return Class.forName("ai.onnxruntime.OnnxRuntime", true, OrtEnvironment.class.getClassLoader());
  }

  /**
   * Counts one user of the environment more, for the runtime's own shutdown hook frees it while
   * others may be in native code; hooks have no order, and there is no public way to be counted.
   */
  private static void keepForEver() {
    try {
      Field api = internals().getDeclaredField("ortApiHandle");
      api.setAccessible(true);
      Method create =
          OrtEnvironment.class.getDeclaredMethod(
              "createHandle", long.class, int.class, String.class);
      create.setAccessible(true);
      create.invoke(
          null, api.getLong(null), OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR.getValue(), NAME);
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.warn("ONNX Runtime frees itself when the JVM ends, even if decodes run then", e);
    }
  }

  /** The JVM ends: stops what is being evaluated, waits for it, and lets nothing begin. */
  private static void end() {
    try {
      EXIT.cancel();
    } finally {
      NATIVE.writeLock().lock();
    }
  }

  /**
   * Before native code that the end of the JVM has to wait for.
   *
   * @return whether it may be entered: not once the JVM ends; if so, {@link #leave} must follow on
   *     the same thread
   */
  static boolean enter() {
    if (!NATIVE.readLock().tryLock()) {
      return false;
    }
    if (EXIT.isCancelled()) {
      leave();
      return false;
    }
    return true;
  }

  /**
   * Likewise.
   *
   * @throws DecoderException {@link DecoderErrorCode#CANCELLED} if it may not be entered
   */
  static void enterOrFail() {
    if (!enter()) {
      throw ended();
    }
  }

  /** After native code. */
  static void leave() {
    NATIVE.readLock().unlock();
  }

  /** Thrown when the JVM begins to end. */
  static Cancellation exit() {
    return EXIT;
  }

  /** What becomes of who may not {@link #enter}, or was stopped by the {@link #exit}. */
  static DecoderException ended() {
    return new DecoderException(
        DecoderErrorCode.CANCELLED, "the decode was cancelled, since the JVM ends");
  }

  /**
   * The environment.
   *
   * @throws DecoderException {@link DecoderErrorCode#DEVICE_UNAVAILABLE} if the native library
   *     cannot be loaded here, now or ever
   */
  public static OrtEnvironment environment() {
    Start start = Holder.START;
    if (start.environment() == null) {
      throw new DecoderException(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          ("ONNX Runtime's native library cannot be loaded here (%s); it needs"
                  + " Linux with glibc 2.28 on x86-64 or aarch64, macOS on Apple"
                  + " silicon, or Windows on x86-64, and room in a folder from which"
                  + " libraries may be loaded: set CONSISTENCY_DECODER_HOME to one")
              .formatted(start.problem()),
          start.cause());
    }
    return start.environment();
  }

  /** Version of ONNX Runtime. */
  public static String version() {
    return environment().getVersion();
  }

  /** The execution providers compiled in, in the runtime's spelling. */
  public static List<String> providers() {
    environment();
    return OrtEnvironment.getAvailableProviders().stream().map(Enum::name).sorted().toList();
  }

  /** Whether the runtime can be used here, and what was found. */
  public static Availability availability() {
    try {
      return new Availability(
          true, "ONNX Runtime " + version() + " with " + String.join(", ", providers()));
    } catch (DecoderException e) {
      return new Availability(false, e.getMessage());
    }
  }
}
