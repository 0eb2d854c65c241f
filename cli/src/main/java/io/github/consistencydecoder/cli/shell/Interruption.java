package io.github.consistencydecoder.cli.shell;

import io.github.consistencydecoder.plugin.Cancellation;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * SIGINT, SIGTERM and SIGHUP. Outside a {@linkplain #guard() guarded} stretch they end the process
 * at once; inside, they throw a {@link Cancellation}, the work returns, and the command exits by
 * itself. A second signal does not wait.
 *
 * <p>This is a signal handler and not a shutdown hook because hooks have no order, and what a
 * command has begun it has to end while everything that it needs is still there.
 *
 * <p>Safe for use by several threads.
 */
public final class Interruption {
  private static final Interruption PROCESS = new Interruption();

  private Cancellation current;
  private int signal;

  /** The one of this process. */
  public static Interruption process() {
    return PROCESS;
  }

  /** Starts to listen; where the JVM has no signals it stays with the JVM's own behaviour. */
  public void listen() {
    listen("HUP", 1);
    listen("INT", 2);
    listen("TERM", 15);
  }

  /**
   * By reflection, because the compiler warns of every mention of {@code sun.misc}, warnings are
   * errors here, and there is no supported API for signals.
   */
  private void listen(String name, int number) {
    try {
      Class<?> signalClass = Class.forName("sun.misc.Signal");
      Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
      InvocationHandler handler =
          (proxy, method, arguments) -> {
            if (method.getName().equals("handle")) {
              arrived(number);
            }
            return null;
          };
      Object proxy =
          Proxy.newProxyInstance(
              Interruption.class.getClassLoader(), new Class<?>[] {handlerClass}, handler);
      signalClass
          .getMethod("handle", signalClass, handlerClass)
          .invoke(null, signalClass.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException e) {
      // Not there, or taken by the JVM (-Xrs): the default action ends the process.
    }
  }

  private void arrived(int number) {
    Cancellation toCancel;
    synchronized (this) {
      if (signal != 0) {
        Runtime.getRuntime().halt(ExitCode.signal(number));
      }
      signal = number;
      toCancel = current;
    }
    if (toCancel == null) {
      System.exit(ExitCode.signal(number));
    }
    toCancel.cancel();
  }

  /** Begins a stretch of work that must return before the process may end. */
  public Guard guard() {
    synchronized (this) {
      if (current != null) {
        throw new IllegalStateException("a guarded stretch is open already");
      }
      current = new Cancellation();
      return new Guard(current);
    }
  }

  /** A stretch of work that a signal cancels instead of cutting. */
  public final class Guard implements AutoCloseable {
    private final Cancellation cancellation;

    private Guard(Cancellation cancellation) {
      this.cancellation = cancellation;
    }

    /** The switch that a signal throws. */
    public Cancellation cancellation() {
      return cancellation;
    }

    /** Whether a signal came. */
    public boolean interrupted() {
      return cancellation.isCancelled();
    }

    /** What to exit with after a signal. */
    public int exitCode() {
      synchronized (Interruption.this) {
        return ExitCode.signal(signal);
      }
    }

    @Override
    public void close() {
      synchronized (Interruption.this) {
        current = null;
      }
    }
  }
}
