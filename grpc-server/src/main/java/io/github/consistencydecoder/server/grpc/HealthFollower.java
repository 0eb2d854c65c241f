package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.server.core.Readiness;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.List;

/** The health service, which says what the core says. NOT_SERVING until it has said something. */
final class HealthFollower {
  private static final List<String> SERVICES =
      List.of(
          HealthStatusManager.SERVICE_NAME_ALL_SERVICES,
          DecoderServiceGrpc.SERVICE_NAME,
          GRPCInferenceServiceGrpc.SERVICE_NAME);

  private final HealthStatusManager health = new HealthStatusManager();
  private boolean stopped;

  HealthFollower() {
    set(ServingStatus.NOT_SERVING);
  }

  BindableService service() {
    return health.getHealthService();
  }

  synchronized void follow(Readiness readiness) {
    if (!stopped) {
      set(readiness == Readiness.SERVING ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }
  }

  /** NOT_SERVING from here on. */
  synchronized void stop() {
    stopped = true;
    set(ServingStatus.NOT_SERVING);
  }

  private void set(ServingStatus status) {
    SERVICES.forEach(name -> health.setStatus(name, status));
  }
}
