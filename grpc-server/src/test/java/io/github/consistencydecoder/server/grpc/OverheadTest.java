package io.github.consistencydecoder.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderConfig;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.proto.v1.DecodeReport;
import io.github.consistencydecoder.proto.v1.DecodeRequest;
import io.github.consistencydecoder.proto.v1.DecodeResponse;
import io.github.consistencydecoder.proto.v1.DecoderServiceGrpc;
import io.github.consistencydecoder.proto.v1.PictureFormat;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.models.ModelSource;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.request.PictureBytes;
import io.github.consistencydecoder.server.request.ServiceLimits;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the socket costs beyond the same decode in this process: 512x512, one client. */
@Tag("load")
class OverheadTest {
  private static final Latents LATENTS = SampleLatents.scaled(1, 1, 64, 64);
  private static final ServiceLimits LIMITS =
      new ServiceLimits(1 << 20, 8, Duration.ofMinutes(2), Duration.ofMinutes(1), 1L << 30, 1);

  @TempDir Path folder;

  @Test
  void socketCostsAtMostFiveMillisecondsWithTheBundledModel() throws Exception {
    DecoderConfig config = DecoderConfig.empty().with(DecoderConfig.DEVICE, "cpu");
    check("bundled", ModelSource.of("consistency", config), 3, 11);
  }

  @Test
  void socketCostsAtMostFiveMillisecondsWithADecoderThatTakesNoTime() throws Exception {
    check("no network", ModelSource.of(new FakeDecoder.Controls()::openDecoder), 300, 200);
  }

  private void check(String name, ModelSource model, int warm, int calls) throws Exception {
    try (QueuedDecodeService service =
        QueuedDecodeService.builder().model(Fixtures.MODEL, model).limits(LIMITS).start()) {
      Fixtures.awaitServing(service);
      try (OpenEndpoint endpoint =
          OpenEndpoint.over(service, b -> b.socket(folder.resolve("own").resolve("grpc.sock")))) {
        var stub = DecoderServiceGrpc.newBlockingStub(endpoint.unix());
        double here = median(warm, calls, () -> here(service));
        double levels = median(warm, calls, () -> there(stub, PictureFormat.PICTURE_FORMAT_UINT8));
        double png = median(warm, calls, () -> there(stub, PictureFormat.PICTURE_FORMAT_PNG));
        double floats =
            median(warm, calls, () -> there(stub, PictureFormat.PICTURE_FORMAT_FLOAT32));
        double again = median(warm, calls, () -> there(stub, PictureFormat.PICTURE_FORMAT_UINT8));
        System.out.printf(
            Locale.ROOT,
            "%s, beyond the decode, median ms: in process %.2f; socket: u8 %.2f, PNG %.2f, f32"
                + " %.2f; u8 again %.2f%n",
            name,
            here,
            levels,
            png,
            floats,
            again);
        assertThat(again - here).isLessThan(5);
      }
    }
  }

  /** Nanoseconds beyond queue and decode. */
  private interface Call {
    long nanos() throws Exception;
  }

  private static double median(int warm, int calls, Call call) throws Exception {
    double[] millis = new double[calls];
    for (int i = -warm; i < calls; i++) {
      long nanos = call.nanos();
      if (i >= 0) {
        millis[i] = nanos / 1e6;
      }
    }
    Arrays.sort(millis);
    return millis[calls / 2];
  }

  private static long here(QueuedDecodeService service) throws Exception {
    long start = System.nanoTime();
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    var unused = service.decode(Fixtures.call(), LATENTS, DecodeOptions.defaults(), listener);
    DecodeResult result = listener.result();
    byte[] rgb = PictureBytes.rgb8(result.decoded().pixels());
    long nanos = System.nanoTime() - start;
    assertThat(rgb).hasSize(512 * 512 * 3);
    return nanos - result.queueNanos() - result.decoded().totalNanos();
  }

  private static long there(
      DecoderServiceGrpc.DecoderServiceBlockingStub stub, PictureFormat format) {
    DecodeRequest request = OpenEndpoint.request(LATENTS).setFormat(format).build();
    long start = System.nanoTime();
    DecodeResponse answer = stub.decode(request);
    long nanos = System.nanoTime() - start;
    DecodeReport report = answer.getReport();
    return nanos - report.getQueueNanos() - report.getDecodeNanos();
  }
}
