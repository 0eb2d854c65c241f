package io.github.consistencydecoder.proto;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import io.github.consistencydecoder.proto.inference.OpenInferenceProto;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * What clients were built with stays as it is. The record holds every field, value and rpc that was
 * ever released; a line of it is never changed or taken out.
 */
class ProtoCompatibilityTest {
  private static FileDescriptorProto v1() {
    return DecodeRequest.getDescriptor().getFile().toProto();
  }

  private static List<String> recorded(String name) throws IOException {
    try (InputStream in = ProtoCompatibilityTest.class.getResourceAsStream("/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Test
  void nothingOfVersion1IsMissingOrChanged() throws IOException {
    assertThat(ProtoRecord.broken(recorded("v1.txt"), ProtoRecord.of(v1())))
        .as("clients of consistencydecoder.v1 depend on these; make a v2 for what breaks them")
        .isEmpty();
  }

  @Test
  void allOfVersion1IsRecorded() throws IOException {
    assertThat(ProtoRecord.unrecorded(recorded("v1.txt"), ProtoRecord.of(v1())))
        .as("new in consistencydecoder.v1: add these lines to src/test/resources/v1.txt")
        .isEmpty();
  }

  @Test
  void openInferenceProtocolIsTheRecordedOne() throws IOException {
    FileDescriptorProto present = OpenInferenceProto.getDescriptor().getFile().toProto();
    assertThat(ProtoRecord.of(present)).containsExactlyElementsOf(recorded("inference.txt"));
  }

  /** What the check says of version 1 with a change to the seventh field of a request. */
  private static List<String> brokenBy(Consumer<FileDescriptorProto.Builder> change) {
    FileDescriptorProto.Builder changed = v1().toBuilder();
    change.accept(changed);
    return ProtoRecord.broken(ProtoRecord.of(v1()), ProtoRecord.of(changed.build()));
  }

  private static FieldDescriptorProto.Builder model(FileDescriptorProto.Builder file) {
    return file.getMessageTypeBuilderList().stream()
        .filter(m -> m.getName().equals("DecodeRequest"))
        .findFirst()
        .orElseThrow()
        .getFieldBuilder(0);
  }

  @Test
  void everyKindOfBreakIsNoticed() {
    String line = "field consistencydecoder.v1.DecodeRequest 1 model optional string";
    assertThat(brokenBy(f -> model(f).setNumber(8))).containsExactly(line);
    assertThat(brokenBy(f -> model(f).setName("name"))).containsExactly(line);
    assertThat(brokenBy(f -> model(f).setType(FieldDescriptorProto.Type.TYPE_BYTES)))
        .containsExactly(line);
    assertThat(brokenBy(f -> model(f).setLabel(FieldDescriptorProto.Label.LABEL_REPEATED)))
        .containsExactly(line);
    assertThat(brokenBy(f -> f.getMessageTypeBuilder(0).removeField(0))).hasSize(1);
    assertThat(brokenBy(f -> f.removeMessageType(0))).hasSizeGreaterThan(1);
    assertThat(brokenBy(f -> f.getEnumTypeBuilder(0).getValueBuilder(1).setNumber(17))).hasSize(1);
    assertThat(brokenBy(f -> f.getServiceBuilder(0).removeMethod(0))).hasSize(1);
    assertThat(brokenBy(f -> f.getServiceBuilder(0).getMethodBuilder(0).setServerStreaming(true)))
        .hasSize(1);
  }

  @Test
  void additionsBreakNothingAndAreNoticed() {
    FileDescriptorProto.Builder changed = v1().toBuilder();
    changed
        .getMessageTypeBuilder(0)
        .addFieldBuilder()
        .setName("added")
        .setNumber(99)
        .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL)
        .setType(FieldDescriptorProto.Type.TYPE_INT32);
    List<String> before = ProtoRecord.of(v1());
    List<String> after = ProtoRecord.of(changed.build());
    assertThat(ProtoRecord.broken(before, after)).isEmpty();
    assertThat(ProtoRecord.unrecorded(before, after)).hasSize(1);
  }
}
