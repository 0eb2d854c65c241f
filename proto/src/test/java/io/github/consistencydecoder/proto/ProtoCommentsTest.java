package io.github.consistencydecoder.proto;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.proto.inference.OpenInferenceProto;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every message, field, enum value and rpc says what it is. */
class ProtoCommentsTest {
  private static final Path SOURCES =
      Path.of(System.getProperty("project.root"), "proto", "src", "main", "proto");

  private static final Pattern DECLARATION =
      Pattern.compile(
          "\\s*(?:(?:message|enum|service|rpc)\\s+\\w+.*"
              + "|(?:optional |repeated )?[\\w.]+(?:<\\w+, [\\w.]+>)? \\w+ = \\d+;"
              + "|[A-Z][A-Z0-9_]* = \\d+;)");

  private static List<String> declarations(List<String> source) {
    return source.stream().filter(l -> DECLARATION.matcher(l).matches()).toList();
  }

  private static List<String> silent(List<String> source) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < source.size(); i++) {
      if (DECLARATION.matcher(source.get(i)).matches()
          && (i == 0 || !source.get(i - 1).strip().startsWith("// "))) {
        found.add(source.get(i).strip());
      }
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"consistencydecoder/v1/decoder.proto", "inference/open_inference_grpc.proto"})
  void nothingIsWithoutAComment(String name) throws IOException {
    assertThat(silent(Files.readAllLines(SOURCES.resolve(name)))).isEmpty();
  }

  @Test
  void allDeclarationsAreSeen() throws IOException {
    // Services and enumerations, one and six of them, have no line of their own in the record.
    List<String> v1 =
        declarations(Files.readAllLines(SOURCES.resolve("consistencydecoder/v1/decoder.proto")));
    List<String> lines = ProtoRecord.of(DecodeRequest.getDescriptor().getFile().toProto());
    assertThat(v1).hasSize(count(lines) + 1 + 6);
    List<String> inference =
        declarations(Files.readAllLines(SOURCES.resolve("inference/open_inference_grpc.proto")));
    lines = ProtoRecord.of(OpenInferenceProto.getDescriptor().getFile().toProto());
    assertThat(inference).hasSize(count(lines) + 1);
  }

  /** Of the record's lines those that the source has; a map's entry is a message there alone. */
  private static int count(List<String> lines) {
    return (int) lines.stream().filter(l -> !l.contains("Entry ") && !l.endsWith("Entry")).count()
        + (int) lines.stream().filter(l -> l.startsWith("field") && l.endsWith("Entry")).count();
  }

  @Test
  void missingCommentIsNoticed() {
    assertThat(silent(List.of("// One.", "message A {", "  int32 b = 1;", "  // C.", "  C_D = 2;")))
        .containsExactly("int32 b = 1;");
  }
}
