package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.testing.SharedData;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What others compile against is written down, in {@code src/test/resources/public-api}, a line a
 * type and member, and has a comment.
 */
class PublicApiTest {
  /** What is published: its root package, and whether those below are part of it. */
  enum Published {
    PLUGIN_API("plugin", true),
    FORMATS("formats", true),
    COMPARE("compare", false),
    GRPC_CLIENT("client", true);

    private final String root;
    private final boolean below;

    Published(String root, boolean below) {
      this.root = "io.github.consistencydecoder." + root;
      this.below = below;
    }

    String module() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The signatures of all public types. */
    List<String> lines() throws Exception {
      Path classes = SharedData.inRepository(module() + "/target/classes");
      List<String> names;
      try (Stream<Path> files =
          Files.walk(classes.resolve(root.replace('.', '/')), below ? Integer.MAX_VALUE : 1)) {
        names =
            files
                .map(file -> classes.relativize(file).toString().replace('\\', '.'))
                .map(name -> name.replace('/', '.'))
                .filter(name -> name.endsWith(".class") && !name.endsWith("package-info.class"))
                .map(name -> name.substring(0, name.length() - ".class".length()))
                .sorted()
                .toList();
      }
      List<String> lines = new ArrayList<>();
      for (String name : names) {
        Class<?> type = Class.forName(name, false, PublicApiTest.class.getClassLoader());
        if (isPublic(type)) {
          lines.add(signature(type));
          members(type).forEach(member -> lines.add("  " + member));
        }
      }
      lines.replaceAll(line -> line.replace(root + ".", "").replace("java.lang.", ""));
      return lines;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsPublicIsWhatWasWrittenDown(Published published) throws Exception {
    Path record =
        SharedData.inRepository("cli/src/test/resources/public-api/" + published.module() + ".txt");
    List<String> now = published.lines();
    if (System.getenv("RECORD") != null) {
      Files.writeString(record, String.join("\n", now) + "\n");
    }
    assertThat(now)
        .as(
            "An addition is fine; a removal or a change breaks others' code and needs a line in"
                + " CHANGELOG.md. To record it, run this test with the variable RECORD set")
        .containsExactlyElementsOf(Files.readAllLines(record));
  }

  /** A line of doclint, then the line of source that it is about. */
  private static final Pattern UNCOMMENTED =
      Pattern.compile("(?m)^(\\S+\\.java:\\d+): warning: no comment\\R(.*)$");

  /** Compact constructors and constants, which their types' comments explain. */
  private static final Pattern EXPLAINED =
      Pattern.compile(" *(public \\w+ \\{|[A-Z0-9_]+(\\(.*\\))?[,;])");

  @ParameterizedTest
  @EnumSource
  void whatIsPublicHasAComment(Published published) throws Exception {
    Path sources = SharedData.inRepository(published.module() + "/src/main/java");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null);
        Stream<Path> files = Files.walk(sources)) {
      List<Path> java = files.filter(file -> file.toString().endsWith(".java")).toList();
      boolean compiled =
          compiler
              .getTask(
                  said,
                  manager,
                  null,
                  List.of(
                      "-proc:none",
                      "-Xdoclint:missing/protected",
                      "-Xmaxwarns",
                      "9999",
                      "-d",
                      Files.createTempDirectory("public-api").toString()),
                  null,
                  manager.getJavaFileObjectsFromPaths(java))
              .call();
      assertThat(compiled).as(said.toString()).isTrue();
    }
    List<String> uncommented = new ArrayList<>();
    Matcher lines = UNCOMMENTED.matcher(said.toString());
    while (lines.find()) {
      if (!EXPLAINED.matcher(lines.group(2)).matches()) {
        uncommented.add(lines.group());
      }
    }
    assertThat(uncommented).isEmpty();
  }

  private static boolean isPublic(Class<?> type) {
    return !type.isAnonymousClass()
        && Modifier.isPublic(type.getModifiers())
        && (type.getDeclaringClass() == null || isPublic(type.getDeclaringClass()));
  }

  private static String signature(Class<?> type) {
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
