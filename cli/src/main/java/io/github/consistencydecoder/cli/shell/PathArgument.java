package io.github.consistencydecoder.cli.shell;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a file's name on the command line. */
public class PathArgument implements ITypeConverter<Path> {
  @Override
  public Path convert(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + text + "': " + Failure.UNWRITABLE);
    }
  }

  /**
   * Reads the name of one input of several. A name that the locale's encoding cannot hold becomes
   * one with question marks that is not there, so that this input fails and not the whole command.
   */
  public static final class Input extends PathArgument {
    @Override
    public Path convert(String text) {
      try {
        return Path.of(text);
      } catch (InvalidPathException e) {
        Charset names = Charset.forName(System.getProperty("sun.jnu.encoding"));
        Path replaced = super.convert(new String(text.replace('\0', '?').getBytes(names), names));
        return Files.exists(replaced, LinkOption.NOFOLLOW_LINKS) ? super.convert(text) : replaced;
      }
    }
  }

  /** Whether a name that leads nowhere may be such a replacement. */
  static boolean isReplaced(String name) {
    return name.indexOf('?') >= 0
        && !System.getProperty("sun.jnu.encoding").equals(StandardCharsets.UTF_8.name());
  }
}
