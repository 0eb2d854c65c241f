package io.github.consistencydecoder.server.hostile;

import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse;
import io.github.consistencydecoder.proto.v1.DecodeStreamResponse.EventCase;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;

/** Asks for a picture in parts, on a connection of its own, and reads up to the first. */
final class SlowReader extends ClientCall.Listener<DecodeStreamResponse> implements AutoCloseable {
  /** Accepted, two steps that begin and end, and the header. */
  private static final int EVENTS_BEFORE_PARTS = 6;

  private final ManagedChannel channel;
  private final ClientCall<DecodeRequest, DecodeStreamResponse> call;
  private final CompletableFuture<Status> closed = new CompletableFuture<>();
  private volatile boolean header;

  SlowReader(ServerAlone server, DecodeRequest request) {
    channel = server.channel();
    call = channel.newCall(DecoderServiceGrpc.getDecodeStreamMethod(), CallOptions.DEFAULT);
    call.start(this, new Metadata());
    call.sendMessage(request);
    call.halfClose();
    call.request(EVENTS_BEFORE_PARTS);
  }

  @Override
  public void onMessage(DecodeStreamResponse event) {
    header |= event.getEventCase() == EventCase.HEADER;
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    closed.complete(status);
  }

  /** Whether its picture is done and waits to be read. */
  boolean waits() {
    if (closed.isDone()) {
      throw new IllegalStateException("a slow reader was sent away: " + closed.join());
    }
    return header;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
