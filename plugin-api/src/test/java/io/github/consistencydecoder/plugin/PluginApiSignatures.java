package io.github.consistencydecoder.plugin;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Writes down what the package shows to the outside, a line per type and member, sorted. */
final class PluginApiSignatures {
  private static final String PACKAGE = LatentDecoder.class.getPackageName();

  private PluginApiSignatures() {}

  /**
   * Writes the signatures to a file.
   *
   * @param args the file
   */
  public static void main(String[] args) throws Exception {
    Files.writeString(Path.of(args[0]), String.join("\n", lines()) + "\n");
  }

  /** The signatures of all public types of the package. */
  static List<String> lines() throws IOException, URISyntaxException, ClassNotFoundException {
    Path classes =
        Path.of(LatentDecoder.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve(PACKAGE.replace('.', '/'));
    List<String> names;
    try (Stream<Path> files = Files.list(classes)) {
      names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
              .map(name -> name.substring(0, name.length() - ".class".length()))
              .sorted()
              .toList();
    }
    List<String> lines = new ArrayList<>();
    for (String name : names) {
      Class<?> type =
          Class.forName(PACKAGE + "." + name, false, LatentDecoder.class.getClassLoader());
      if (isPublic(type)) {
        lines.add(type(type));
        members(type).forEach(member -> lines.add("  " + member));
      }
    }
    lines.replaceAll(line -> line.replace(PACKAGE + ".", "").replace("java.lang.", ""));
    return lines;
  }

  private static boolean isPublic(Class<?> type) {
    return !type.isAnonymousClass()
        && Modifier.isPublic(type.getModifiers())
        && (type.getDeclaringClass() == null || isPublic(type.getDeclaringClass()));
  }

  private static String type(Class<?> type) {
    // Java 17 does not print "sealed" by itself, later ones do.
    String declared = type.toGenericString().replace(" sealed ", " ");
    StringBuilder line = new StringBuilder((type.isSealed() ? "sealed " : "") + declared);
    if (type.isRecord()) {
      List<String> components = new ArrayList<>();
      for (RecordComponent component : type.getRecordComponents()) {
        components.add(component.getGenericType().getTypeName() + " " + component.getName());
      }
      line.append('(').append(String.join(", ", components)).append(')');
    }
    if (type.getSuperclass() != null && type.getSuperclass() != Object.class) {
      line.append(" : ").append(type.getGenericSuperclass().getTypeName());
    }
    for (Class<?> parent : type.getInterfaces()) {
      line.append(" : ").append(parent.getName());
    }
    return line.toString();
  }

  private static Set<String> members(Class<?> type) {
    Set<String> members = new TreeSet<>();
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (visible(constructor.getModifiers()) && !constructor.isSynthetic()) {
        members.add(constructor.toGenericString());
      }
    }
    for (Method method : type.getDeclaredMethods()) {
      if (visible(method.getModifiers()) && !method.isSynthetic()) {
        members.add(method.toGenericString());
      }
    }
    for (Field field : type.getDeclaredFields()) {
      if (visible(field.getModifiers()) && !field.isSynthetic()) {
        members.add(field.toGenericString());
      }
    }
    return members;
  }

  private static boolean visible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }
}
