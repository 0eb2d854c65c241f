package io.github.consistencydecoder.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import io.github.consistencydecoder.cli.shell.Printable;

/**
 * Logging of the command: warnings to standard error in the command's own form, everything with
 * {@code --debug}. In code, because reading an XML file would double the start of the program.
 */
public final class LogbackSetup extends ContextAwareBase implements Configurator {
  static final String LEVEL = "consistencydecoder.log.level";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    Level level = Level.toLevel(System.getProperty(LEVEL), Level.WARN);
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(
        level.isGreaterOrEqual(Level.WARN)
            ? "warning: " + Printable.logged("%msg") + "%n%nopex"
            : "%d{HH:mm:ss.SSS} %-5level %logger{30}: " + Printable.logged("%msg") + "%n");
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(level);
    root.addAppender(appender);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
