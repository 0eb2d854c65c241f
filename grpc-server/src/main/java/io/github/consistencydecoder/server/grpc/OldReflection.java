package io.github.consistencydecoder.server.grpc;

import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.services.ProtoReflectionService;

/** Reflection v1alpha, which older tools ask for. */
final class OldReflection {
  private OldReflection() {}

  @SuppressWarnings("deprecation") // gRPC marks it so in favour of v1, which is served as well
  static ServerServiceDefinition service() {
    return ProtoReflectionService.newInstance().bindService();
  }
}
