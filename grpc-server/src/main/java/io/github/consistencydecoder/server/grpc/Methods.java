package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.grpc.health.v1.HealthGrpc;
import java.util.Set;

/** What is known of methods by their full names. */
final class Methods {
  /** Bytes of a message that asks a question only. */
  static final int SMALL = 64 << 10;

  private static final String ENCODE = DecoderServiceGrpc.getEncodeMethod().getFullMethodName();

  private static final Set<String> DECODES =
      Set.of(
          DecoderServiceGrpc.getDecodeMethod().getFullMethodName(),
          DecoderServiceGrpc.getDecodeStreamMethod().getFullMethodName(),
          GRPCInferenceServiceGrpc.getModelInferMethod().getFullMethodName());

  private Methods() {}

  /** Whether it carries pictures or latents. */
  static boolean works(String method) {
    return DECODES.contains(method) || method.equals(ENCODE);
  }

  /** Whether it belongs to the health service. */
  static boolean health(String method) {
    return method.startsWith(HealthGrpc.SERVICE_NAME + "/");
  }

  /** Bytes of its largest message. */
  static long limit(String method, ServiceLimits limits) {
    return works(method) ? limits.maxRequestBytes() : SMALL;
  }
}
