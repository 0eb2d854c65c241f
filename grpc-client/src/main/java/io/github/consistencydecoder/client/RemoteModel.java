package io.github.consistencydecoder.client;

import io.github.consistencydecoder.client.connect.RemoteSettings;
import io.github.consistencydecoder.client.connect.ServiceConnection;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.proto.v1.BatchSize;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc.DecoderServiceBlockingStub;
import io.github.consistencydecoder.proto.v1.DescribeModelRequest;
import io.github.consistencydecoder.proto.v1.DescribeModelResponse;
import io.github.consistencydecoder.proto.v1.Estimate;
import io.github.consistencydecoder.proto.v1.ListModelsRequest;
import io.github.consistencydecoder.proto.v1.Model;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One model of a service, found when it was opened. Owns the connection. Safe for use by several
 * threads.
 */
final class RemoteModel implements AutoCloseable {
  /**
   * Questions are answered at once, but not where both sides share a machine with too much to do.
   */
  private static final Duration QUESTION = Duration.ofSeconds(60);

  /** Sizes whose estimate is remembered; a program has few. */
  private static final int MOST_ESTIMATES = 1000;

  /** Of a part, its frame and its fields; anything longer is none of ours. */
  private static final int MESSAGE_BYTES = 4 << 20;

  private final RemoteSettings settings;
  private final ServiceConnection connection;
  private final Failures failures;
  private final Attempts attempts;
  private final Map<DescribeModelRequest, DecodeEstimate> estimates = new ConcurrentHashMap<>();
  private final Model model;

  private RemoteModel(RemoteSettings settings, ServiceConnection connection, boolean encoder) {
    this.settings = settings;
    this.connection = connection;
    this.failures = new Failures(settings);
    this.attempts = new Attempts(failures, connection.channel()::resetConnectBackoff);
    this.model = encoder ? findEncoder() : requireReady(describe(settings.model()));
  }

  /**
   * Finds a model that is ready.
   *
   * @param connection owned from here on
   * @param encoder whether it has to encode
   * @throws DecoderException if the service cannot be reached, does not take us, or has no such
   *     model
   */
  static RemoteModel open(RemoteSettings settings, ServiceConnection connection, boolean encoder) {
    try {
      return new RemoteModel(settings, connection, encoder);
    } catch (RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private Model describe(String name) {
    return ask(
        stub ->
            stub.describeModel(DescribeModelRequest.newBuilder().setModel(name).build())
                .getModel());
  }

  private Model findEncoder() {
    Model found = describe(settings.model());
    if (!found.getEncodes() && settings.model().isEmpty()) {
      List<Model> all =
          ask(stub -> stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsList());
      found = all.stream().filter(Model::getEncodes).findFirst().orElse(found);
    }
    if (!found.getEncodes()) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_UNSUPPORTED,
          ("model '%s' at %s has no encoder; serve one that has, for example a Stable"
                  + " Diffusion VAE")
              .formatted(found.getName(), settings.place()));
    }
    return requireReady(found);
  }

  /** In the meantime it may have become so. */
  private Model requireReady(Model found) {
    return found.getReady()
        ? found
        : ask(
            stub -> {
              Model again =
                  stub.describeModel(
                          DescribeModelRequest.newBuilder().setModel(found.getName()).build())
                      .getModel();
              if (!again.getReady()) {
                throw Status.UNAVAILABLE
                    .withDescription(
                        "model '" + again.getName() + "' is not ready: " + again.getReason())
                    .asRuntimeException();
              }
              return again;
            });
  }

  /** How long a call of that kind may take. */
  static Duration timeout(CallKind kind, RemoteSettings settings) {
    return kind == CallKind.DESCRIBE && QUESTION.compareTo(settings.timeout()) < 0
        ? QUESTION
        : settings.timeout();
  }

  private <T> T ask(Function<DecoderServiceBlockingStub, T> question) {
    Deadline deadline =
        Deadline.after(timeout(CallKind.DESCRIBE, settings).toMillis(), TimeUnit.MILLISECONDS);
    return call(CallKind.DESCRIBE, deadline, Cancellation.NEVER, MESSAGE_BYTES, question);
  }

  /**
   * Makes a call, more than once if that may help.
   *
   * @param messageBytes that an answer's message may have
   */
  <T> T call(
      CallKind kind,
      Deadline deadline,
      Cancellation cancellation,
      int messageBytes,
      Function<DecoderServiceBlockingStub, T> question) {
    DecoderServiceBlockingStub stub =
        DecoderServiceGrpc.newBlockingStub(connection.channel())
            .withMaxInboundMessageSize(messageBytes)
            .withDeadline(deadline);
    return attempts.make(
        kind,
        deadline,
        cancellation,
        context -> {
          Context before = context.attach();
          try {
            return question.apply(stub);
          } finally {
            context.detach(before);
          }
        });
  }

  /** As {@link #call}, with the messages of a stream and all the time that the settings allow. */
  <T> T work(
      CallKind kind,
      Cancellation cancellation,
      int messageBytes,
      Function<DecoderServiceBlockingStub, T> work) {
    Deadline deadline = Deadline.after(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
    return call(kind, deadline, cancellation, Math.max(messageBytes, MESSAGE_BYTES), work);
  }

  /** Its name on the wire. */
  String name() {
    return model.getName();
  }

  /** What the service says of it besides. */
  Map<String, String> details() {
    return model.getDetailsMap();
  }

  /** Whether it decodes with the weights that it had when it was opened, as far as is known. */
  void requireSameWeights(String digest) {
    if (!digest.isEmpty() && !model.getDigest().isEmpty() && !digest.equals(model.getDigest())) {
      throw new DecoderException(
          DecoderErrorCode.MODEL_UNSUPPORTED,
          ("model '%s' at %s has other weights (%s) than when it was opened (%s); open it"
                  + " anew, or give all backends the same")
              .formatted(name(), settings.place(), digest, model.getDigest()));
    }
  }

  DecoderInfo info() {
    return new DecoderInfo(
        RemoteDecoderProvider.NAME,
        model.getName(),
        model.getDigest(),
        "remote: " + model.getDevice(),
        model.getDetailsMap());
  }

  /** What the service says of a decode of such a batch; asked once a size. */
  DecodeEstimate estimate(BatchSize size) {
    return estimate(
        DescribeModelRequest.newBuilder().setModel(name()).setBatch(size).build(),
        DescribeModelResponse::getEstimate);
  }

  /** What the service says of an encoding to such a batch; asked once a size. */
  DecodeEstimate encodeEstimate(BatchSize size) {
    return estimate(
        DescribeModelRequest.newBuilder().setModel(name()).setEncodeBatch(size).build(),
        DescribeModelResponse::getEncodeEstimate);
  }

  private DecodeEstimate estimate(
      DescribeModelRequest question, Function<DescribeModelResponse, Estimate> part) {
    DecodeEstimate known = estimates.get(question);
    if (known != null) {
      return known;
    }
    Estimate answer = part.apply(ask(stub -> stub.describeModel(question)));
    DecodeEstimate estimate = new DecodeEstimate(answer.getOperations(), answer.getPeakBytes());
    if (estimates.size() < MOST_ESTIMATES) {
      estimates.put(question, estimate);
    }
    return estimate;
  }

  Failures failures() {
    return failures;
  }

  @Override
  public void close() {
    connection.close();
  }

  /** What a service is asked to do. */
  enum CallKind {
    DECODE("the decode", DecoderErrorCode.INVALID_LATENTS),
    ENCODE("the encoding", DecoderErrorCode.INVALID_PIXELS),
    DESCRIBE("the question", DecoderErrorCode.INVALID_OPTIONS);

    private final String noun;
    private final DecoderErrorCode invalid;

    CallKind(String noun, DecoderErrorCode invalid) {
      this.noun = noun;
      this.invalid = invalid;
    }

    /** As messages call it. */
    String noun() {
      return noun;
    }

    /** What it means if the service refuses the request without saying which part of it. */
    DecoderErrorCode invalid() {
      return invalid;
    }
  }

  /**
   * Whether something is open, for any number of threads that use it and one that ends it: the end
   * waits for those, and nothing starts after it.
   */
  static final class Lifetime {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final String thing;
    private boolean ended;

    /**
     * @param thing as messages call it, with its article: {@code the decoder}
     */
    Lifetime(String thing) {
      this.thing = thing;
    }

    /**
     * Does work that needs the thing to be open.
     *
     * @throws IllegalStateException if it is closed
     */
    <T> T whileOpen(Supplier<T> work) {
      lock.readLock().lock();
      try {
        if (ended) {
          throw new IllegalStateException(thing + " is closed");
        }
        return work.get();
      } finally {
        lock.readLock().unlock();
      }
    }

    /** Waits for the work that is being done, then runs {@code free}; does so only once. */
    void end(Runnable free) {
      lock.writeLock().lock();
      try {
        if (!ended) {
          ended = true;
          free.run();
        }
      } finally {
        lock.writeLock().unlock();
      }
    }
  }
}
