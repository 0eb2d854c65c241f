package io.github.consistencydecoder.server.grpc;

import io.github.consistencydecoder.proto.inference.GRPCInferenceServiceGrpc;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.github.consistencydecoder.server.grpc.transport.StreamHandles;
import io.github.consistencydecoder.server.request.CallSettings;
import io.github.consistencydecoder.server.request.CallSettings.Priority;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives every call an id, the caller's own if it sent a usable one, sends it back and writes one
 * line into the log when the call is over.
 */
final class Requests implements ServerInterceptor {
  static final Metadata.Key<String> HEADER =
      Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

  private static final Logger LOG = LoggerFactory.getLogger(Requests.class);
  private static final Context.Key<String> ID = Context.key("request-id");
  private static final Context.Key<Runnable> RESET = Context.key("reset");
  private static final Pattern USABLE = Pattern.compile("[A-Za-z0-9_.:-]{1,64}");

  private final StreamHandles handles;

  Requests(StreamHandles handles) {
    this.handles = handles;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String sent = headers.get(HEADER);
    String id = sent != null && USABLE.matcher(sent).matches() ? sent : fresh();
    Context context = Context.current().withValues(ID, id, RESET, handles.reset(headers));
    return io.grpc.Contexts.interceptCall(context, new Identified<>(call, id), headers, next);
  }

  private static String fresh() {
    return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  }

  /** Id of the present call. */
  static String id() {
    String id = ID.get();
    return id == null ? fresh() : id;
  }

  /** What ends the present call's stream at once. */
  static Runnable reset() {
    Runnable reset = RESET.get();
    return reset == null ? () -> {} : reset;
  }

  /**
   * What the core has to know of the present call.
   *
   * @param timeout the caller's own, besides gRPC's deadline
   */
  static CallSettings settings(String model, Priority priority, Optional<Duration> timeout) {
    long now = System.nanoTime();
    Deadline deadline = Context.current().getDeadline();
    long most = deadline == null ? Long.MAX_VALUE : deadline.timeRemaining(TimeUnit.NANOSECONDS);
    most = Math.min(most, timeout.map(Duration::toNanos).orElse(Long.MAX_VALUE));
    OptionalLong end = most == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(now + most);
    return new CallSettings(id(), model, end, priority);
  }

  /** Adds the id to whichever headers go out first. */
  private static final class Identified<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final String id;
    private final long start = System.nanoTime();
    private boolean headersSent;

    Identified(ServerCall<Q, A> call, String id) {
      super(call);
      this.id = id;
    }

    @Override
    public void sendHeaders(Metadata headers) {
      headers.put(HEADER, id);
      headersSent = true;
      super.sendHeaders(headers);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (!headersSent) {
        trailers.put(HEADER, id);
      }
      LOG.atDebug()
          .addKeyValue("request", id)
          .addKeyValue("method", getMethodDescriptor().getFullMethodName())
          .addKeyValue("outcome", Statuses.word(status))
          .addKeyValue("millis", (System.nanoTime() - start) / 1_000_000)
          .log("gRPC call");
      super.close(status, trailers);
    }
  }

  /** Lets only those in who have the token, save for methods that are open. */
  static final class TokenGate implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final TokenFile token;
    private final Predicate<String> open;

    /**
     * @param open by the full name of a method
     */
    TokenGate(TokenFile token, Predicate<String> open) {
      this.token = token;
      this.open = open;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      if (!open.test(call.getMethodDescriptor().getFullMethodName())) {
        try {
          token.check(headers.get(AUTHORIZATION));
        } catch (ServiceException e) {
          StatusRuntimeException refusal = Statuses.of(e);
          call.close(refusal.getStatus(), refusal.getTrailers());
          return new ServerCall.Listener<>() {};
        }
      }
      return next.startCall(call, headers);
    }
  }

  /** What is known of methods by their full names. */
  static final class Methods {
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
}
