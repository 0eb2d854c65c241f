package io.github.consistencydecoder.server.grpc.transport;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;

/** A call as the service knows it: with messages instead of bytes. Ends once. */
final class TypedCall<Q, A> extends ServerCall<Q, A> {
  private final ServerCall<InputStream, A> call;
  private final MethodDescriptor<Q, A> method;
  private boolean closed;

  TypedCall(ServerCall<InputStream, A> call, MethodDescriptor<Q, A> method) {
    this.call = call;
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
    call.close(status, trailers);
  }

  @Override
  public void request(int numMessages) {
    call.request(numMessages);
  }

  @Override
  public void sendHeaders(Metadata headers) {
    call.sendHeaders(headers);
  }

  @Override
  public void sendMessage(A message) {
    call.sendMessage(message);
  }

  @Override
  public boolean isReady() {
    return call.isReady();
  }

  @Override
  public boolean isCancelled() {
    return call.isCancelled();
  }

  @Override
  public MethodDescriptor<Q, A> getMethodDescriptor() {
    return method;
  }

  @Override
  public Attributes getAttributes() {
    return call.getAttributes();
  }

  @Override
  public String getAuthority() {
    return call.getAuthority();
  }

  @Override
  public SecurityLevel getSecurityLevel() {
    return call.getSecurityLevel();
  }

  @Override
  public void setMessageCompression(boolean enabled) {
    call.setMessageCompression(enabled);
  }

  @Override
  public void setCompression(String compressor) {
    call.setCompression(compressor);
  }

  @Override
  public void setOnReadyThreshold(int numBytes) {
    call.setOnReadyThreshold(numBytes);
  }
}
