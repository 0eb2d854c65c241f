package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecodeEstimate;
import io.github.consistencydecoder.plugin.DecoderInfo;
import io.github.consistencydecoder.plugin.LatentEncoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.plugin.Pixels;
import io.github.consistencydecoder.server.grpc.transport.Statuses;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A status that came back, taken apart. */
record Refused(
    Status.Code code,
    String message,
    List<String> fields,
    Optional<String> reason,
    Optional<Long> retryMillis,
    Optional<String> pushback) {
  static Refused by(ThrowingCallable call) {
    StatusRuntimeException e = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(e).as("a refusal").isNotNull();
    return of(e);
  }

  static Refused of(StatusRuntimeException e) {
    List<Any> details =
        Optional.ofNullable(StatusProto.fromThrowable(e))
            .map(com.google.rpc.Status::getDetailsList)
            .orElse(List.of());
    List<String> fields = new java.util.ArrayList<>();
    Optional<String> reason = Optional.empty();
    Optional<Long> retry = Optional.empty();
    try {
      for (Any detail : details) {
        if (detail.is(BadRequest.class)) {
          detail
              .unpack(BadRequest.class)
              .getFieldViolationsList()
              .forEach(v -> fields.add(v.getField()));
        } else if (detail.is(ErrorInfo.class)) {
          assertThat(detail.unpack(ErrorInfo.class).getDomain()).isEqualTo("consistencydecoder");
          reason = Optional.of(detail.unpack(ErrorInfo.class).getReason());
        } else if (detail.is(RetryInfo.class)) {
          var delay = detail.unpack(RetryInfo.class).getRetryDelay();
          retry = Optional.of(delay.getSeconds() * 1000 + delay.getNanos() / 1_000_000);
        }
      }
    } catch (InvalidProtocolBufferException broken) {
      throw new AssertionError(broken);
    }
    Optional<String> pushback =
        Optional.ofNullable(e.getTrailers()).map(t -> t.get(Statuses.PUSHBACK));
    return new Refused(
        e.getStatus().getCode(),
        String.valueOf(e.getStatus().getDescription()),
        fields,
        reason,
        retry,
        pushback);
  }

  /** A request that cannot be served as it is. */
  static void invalid(String field, String part, ThrowingCallable call) {
    Refused refused = by(call);
    assertThat(refused.code()).as(refused.message()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refused.message()).contains(part);
    assertThat(refused.fields()).containsExactly(field);
    assertThat(refused.reason()).contains("INVALID");
    assertThat(refused.retryMillis()).isEmpty();
    assertThat(refused.pushback()).isEmpty();
  }

  /** A refusal of the call as a whole. */
  static Refused with(Status.Code code, String reason, String part, ThrowingCallable call) {
    Refused refused = by(call);
    assertThat(refused.code()).as(refused.message()).isEqualTo(code);
    assertThat(refused.message()).contains(part);
    assertThat(refused.reason()).contains(reason);
    return refused;
  }

  /** An encoder without a network: a cell is its first pixel's colours and their sum, unscaled. */
  static final class DullEncoder implements LatentEncoder {
    @Override
    public DecoderInfo info() {
      return new DecoderInfo("dull", "fixture", "", "cpu", Map.of());
    }

    @Override
    public DecodeEstimate estimate(int batch, int height, int width) {
      return new DecodeEstimate((double) batch * height * width, 1000);
    }

    @Override
    public Latents encode(Pixels pixels, Cancellation cancellation) {
      int h = pixels.height() / 8;
      int w = pixels.width() / 8;
      float[] out = new float[pixels.batch() * 4 * h * w];
      for (int n = 0; n < pixels.batch(); n++) {
        for (int c = 0; c < 3; c++) {
          for (int i = 0; i < h * w; i++) {
            int from = ((n * 3 + c) * pixels.height() + i / w * 8) * pixels.width() + i % w * 8;
            out[(n * 4 + c) * h * w + i] = pixels.values().get(from);
            out[(n * 4 + 3) * h * w + i] += pixels.values().get(from);
          }
        }
      }
      return Latents.unscaled(out, pixels.batch(), 4, h, w);
    }

    @Override
    public void close() {}
  }
}
