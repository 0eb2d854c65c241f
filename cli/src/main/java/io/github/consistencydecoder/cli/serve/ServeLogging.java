package io.github.consistencydecoder.cli.serve;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import io.github.consistencydecoder.cli.shell.Printable;
import org.slf4j.LoggerFactory;

/** The log of a server: a line an event on standard error, with the time. */
final class ServeLogging {
  private static final String OURS = "io.github.consistencydecoder";

  private ServeLogging() {}

  static void begin(boolean json, boolean debug) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    Encoder<ILoggingEvent> encoder = json ? json() : text(context);
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.detachAndStopAllAppenders();
    root.addAppender(appender);
    root.setLevel(debug ? Level.INFO : Level.WARN);
    context.getLogger(OURS).setLevel(debug ? Level.DEBUG : Level.INFO);
    // Of single connections, at the will of whoever opens them.
    context.getLogger("io.netty").setLevel(debug ? Level.INFO : Level.ERROR);
    JavaLogging.begin(debug);
  }

  private static Encoder<ILoggingEvent> text(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(
        "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level "
            + Printable.logged("%msg %kvp{NONE}")
            + "%n%ex{short}");
    return encoder;
  }

  private static Encoder<ILoggingEvent> json() {
    JsonEncoder encoder = new JsonEncoder();
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithThreadName(false);
    encoder.setWithContext(false);
    encoder.setWithMDC(false);
    encoder.setWithMessage(false);
    encoder.setWithArguments(false);
    encoder.setWithFormattedMessage(true);
    return encoder;
  }
}
