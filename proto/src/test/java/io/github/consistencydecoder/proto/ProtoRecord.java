package io.github.consistencydecoder.proto;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * A protocol as lines, one for each field, enum value and rpc, with all that a client depends on:
 * names (JSON and generated code), numbers, types, labels, oneofs, streams.
 */
final class ProtoRecord {
  private final List<String> lines = new ArrayList<>();

  private ProtoRecord() {}

  static List<String> of(FileDescriptorProto file) {
    ProtoRecord record = new ProtoRecord();
    file.getMessageTypeList().forEach(m -> record.message(file.getPackage(), m));
    file.getEnumTypeList().forEach(e -> record.enumeration(file.getPackage(), e));
    file.getServiceList().forEach(s -> record.service(file.getPackage(), s));
    return record.lines;
  }

  private void message(String scope, DescriptorProto message) {
    String name = scope + "." + message.getName();
    lines.add("message " + name);
    for (FieldDescriptorProto field : message.getFieldList()) {
      String oneof =
          field.hasOneofIndex()
              ? " of " + message.getOneofDecl(field.getOneofIndex()).getName()
              : "";
      lines.add(
          "field "
              + name
              + " "
              + field.getNumber()
              + " "
              + field.getName()
              + " "
              + word(field.getLabel().name())
              + " "
              + word(field.getType().name())
              + field.getTypeName()
              + oneof);
    }
    message.getNestedTypeList().forEach(m -> message(name, m));
    message.getEnumTypeList().forEach(e -> enumeration(name, e));
  }

  /** LABEL_OPTIONAL is optional. */
  private static String word(String constant) {
    return constant.substring(constant.indexOf('_') + 1).toLowerCase(Locale.ROOT);
  }

  private void enumeration(String scope, EnumDescriptorProto type) {
    for (EnumValueDescriptorProto value : type.getValueList()) {
      lines.add(
          "value %s.%s %s %s".formatted(scope, type.getName(), value.getNumber(), value.getName()));
    }
  }

  private void service(String scope, ServiceDescriptorProto service) {
    for (MethodDescriptorProto method : service.getMethodList()) {
      lines.add(
          "rpc "
              + scope
              + "."
              + service.getName()
              + "/"
              + method.getName()
              + (method.getClientStreaming() ? " stream " : " ")
              + method.getInputType()
              + (method.getServerStreaming() ? " stream " : " ")
              + method.getOutputType());
    }
  }

  /** What clients that were built before would miss. */
  static List<String> broken(Collection<String> recorded, Collection<String> present) {
    return recorded.stream().filter(line -> !present.contains(line)).toList();
  }

  /** What is new and has to be recorded. */
  static Collection<String> unrecorded(Collection<String> recorded, Collection<String> present) {
    Collection<String> out = new TreeSet<>(present);
    out.removeAll(recorded);
    return out;
  }
}
