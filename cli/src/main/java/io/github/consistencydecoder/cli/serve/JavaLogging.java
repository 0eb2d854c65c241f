package io.github.consistencydecoder.cli.serve;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * What gRPC and the JDK log through {@code java.util.logging}, as lines of the server's own log.
 */
final class JavaLogging extends Handler {
  /**
   * Of clients that break their connections, or the protocol: for each a warning with a stack
   * trace, by which any client could fill a disk. Kept, for a logger that nobody holds forgets its
   * level.
   */
  private static final Logger ABOUT_CLIENTS = Logger.getLogger("io.grpc.netty");

  private final SimpleFormatter formatter = new SimpleFormatter();

  private JavaLogging() {}

  /**
   * Takes the place of whoever wrote these lines before.
   *
   * @param aboutClients whether what is said of clients is wanted
   */
  static void begin(boolean aboutClients) {
    LogManager.getLogManager().reset();
    Logger.getLogger("").addHandler(new JavaLogging());
    ABOUT_CLIENTS.setLevel(aboutClients ? Level.INFO : Level.SEVERE);
  }

  @Override
  public void publish(LogRecord line) {
    String name = line.getLoggerName() == null ? "java" : line.getLoggerName();
    LoggingEventBuilder event = LoggerFactory.getLogger(name).atLevel(level(line.getLevel()));
    if (line.getThrown() != null) {
      event = event.setCause(line.getThrown());
    }
    event.log(formatter.formatMessage(line));
  }

  private static org.slf4j.event.Level level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return org.slf4j.event.Level.ERROR;
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return org.slf4j.event.Level.WARN;
    }
    return level.intValue() >= Level.INFO.intValue()
        ? org.slf4j.event.Level.INFO
        : org.slf4j.event.Level.DEBUG;
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
