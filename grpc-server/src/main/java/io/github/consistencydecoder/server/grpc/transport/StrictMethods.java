package io.github.consistencydecoder.server.grpc.transport;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.Message;
import io.github.consistencydecoder.server.grpc.transport.MessageReader.LazyGzip;
import io.github.consistencydecoder.server.request.ByteBudget;
import io.github.consistencydecoder.server.request.ServiceException;
import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Puts a strict reader in front of a service. gRPC's own answers a message that cannot be parsed,
 * one too many or one too few with UNKNOWN or INTERNAL; here they are INVALID_ARGUMENT. What a
 * handler throws becomes a status with nothing of ours in it. A message is parsed only if its bytes
 * have found room; those that grow when decompressed are counted while they grow.
 */
public final class StrictMethods {
  /** Hands on a message's bytes; parsing is done by the listener, which can answer. */
  private static final Marshaller<InputStream> BYTES =
      new Marshaller<>() {
        @Override
        public InputStream stream(InputStream value) {
          return value;
        }

        @Override
        public InputStream parse(InputStream stream) {
          return stream;
        }
      };

  private final ByteBudget bytes;
  private final ToLongFunction<String> limit;
  private final CallCheck check;

  /**
   * @param bytes counts decompressed messages; those that come uncompressed were counted before
   * @param limit bytes that a message of a method may have
   * @param check asked at the start of every call
   */
  public StrictMethods(ByteBudget bytes, ToLongFunction<String> limit, CallCheck check) {
    this.bytes = requireNonNull(bytes, "bytes");
    this.limit = requireNonNull(limit, "limit");
    this.check = requireNonNull(check, "check");
  }

  /** What a server must decompress with, so that damage shows where it can be answered. */
  public static DecompressorRegistry decompressors() {
    return DecompressorRegistry.emptyInstance()
        .with(Codec.Identity.NONE, false)
        .with(new LazyGzip(), true);
  }

  /** The same service behind the strict reader. */
  public ServerServiceDefinition of(ServerServiceDefinition service) {
    List<ServerMethodDefinition<?, ?>> strict = new ArrayList<>();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerMethodDefinition<?, ?> replaced = method(method);
      strict.add(replaced);
      descriptor.addMethod(replaced.getMethodDescriptor());
    }
    ServerServiceDefinition.Builder out = ServerServiceDefinition.builder(descriptor.build());
    strict.forEach(out::addMethod);
    return out.build();
  }

  private <Q, A> ServerMethodDefinition<InputStream, A> method(
      ServerMethodDefinition<Q, A> method) {
    MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
    Q prototype =
        ((PrototypeMarshaller<Q>) descriptor.getRequestMarshaller()).getMessagePrototype();
    Message message = (Message) prototype;
    MethodDescriptor<InputStream, A> raw =
        descriptor.toBuilder(BYTES, descriptor.getResponseMarshaller()).build();
    return ServerMethodDefinition.create(
        raw,
        (call, headers) ->
            start(
                new TypedCall<>(call, descriptor),
                headers,
                method.getServerCallHandler(),
                message));
  }

  private <Q, A> ServerCall.Listener<InputStream> start(
      TypedCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> handler, Message prototype) {
    String name = call.getMethodDescriptor().getFullMethodName();
    try {
      check.check(name);
      ServerCall.Listener<Q> listener = handler.startCall(call, headers);
      MessageReader<Q> reader =
          new MessageReader<>(prototype, bytes.share(), limit.applyAsLong(name));
      return new StrictListener<>(call, listener, reader);
    } catch (Throwable e) {
      call.end(e);
      return new ServerCall.Listener<>() {};
    }
  }

  /** Asked when a call's headers are there and its body is not. */
  @FunctionalInterface
  public interface CallCheck {
    /** Every call is fine. */
    CallCheck NONE = method -> {};

    /**
     * @param method full name, such as {@code consistencydecoder.v1.DecoderService/Decode}
     * @throws ServiceException why the body is not worth reading
     */
    void check(String method) throws ServiceException;
  }

  /** A call as the service knows it: with messages instead of bytes. Ends once. */
  static final class TypedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final MethodDescriptor<Q, A> method;
    private boolean closed;

    @SuppressWarnings("unchecked") // the type of requests shows in the descriptor alone
    TypedCall(ServerCall<InputStream, A> call, MethodDescriptor<Q, A> method) {
      super((ServerCall<Q, A>) (ServerCall<?, A>) call);
      this.method = method;
    }

    /** Ends it with what was thrown, unless it has ended. */
    void end(Throwable thrown) {
      StatusRuntimeException e = Statuses.of(thrown);
      close(e.getStatus(), e.getTrailers() == null ? new Metadata() : e.getTrailers());
    }

    @Override
    public void close(Status status, Metadata trailers) {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
      super.close(status, trailers);
    }

    @Override
    public MethodDescriptor<Q, A> getMethodDescriptor() {
      return method;
    }
  }

  /** Reads the messages of one call, counts them, and lets nothing that is thrown pass. */
  static final class StrictListener<Q, A> extends ServerCall.Listener<InputStream> {
    private final TypedCall<Q, A> call;
    private final ServerCall.Listener<Q> listener;
    private final MessageReader<Q> reader;
    private final boolean one;
    private int messages;
    private boolean ended;

    StrictListener(TypedCall<Q, A> call, ServerCall.Listener<Q> listener, MessageReader<Q> reader) {
      this.call = call;
      this.listener = listener;
      this.reader = reader;
      this.one = call.getMethodDescriptor().getType().clientSendsOneMessage();
    }

    @Override
    public void onMessage(InputStream bytes) {
      if (ended) {
        return;
      }
      messages++;
      guarded(
          () -> {
            if (one && messages > 1) {
              throw ServiceException.invalid(
                  "", "this method takes one message, a second one came");
            }
            listener.onMessage(reader.read(bytes));
          });
    }

    @Override
    public void onHalfClose() {
      if (ended) {
        return;
      }
      guarded(
          () -> {
            if (one && messages == 0) {
              throw ServiceException.invalid("", "this method takes one message, none came");
            }
            listener.onHalfClose();
          });
    }

    @Override
    public void onReady() {
      if (!ended) {
        guarded(listener::onReady);
      }
    }

    @Override
    public void onCancel() {
      reader.release();
      if (!ended) {
        ended = true;
        guarded(listener::onCancel);
      }
    }

    @Override
    public void onComplete() {
      reader.release();
      if (!ended) {
        ended = true;
        guarded(listener::onComplete);
      }
    }

    /** Something that may go wrong in any way. */
    private interface Step {
      void run() throws Exception;
    }

    private void guarded(Step step) {
      try {
        step.run();
      } catch (Throwable e) {
        call.end(e);
        if (!ended) {
          ended = true;
          guarded(listener::onCancel);
        }
      }
    }
  }
}
