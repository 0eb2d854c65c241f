package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.URL;
import java.net.URLClassLoader;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Encoders and picture metrics are found as decoders are, each by its own service file. */
class EncodersTest {
  private final Thread thread = Thread.currentThread();
  private final ClassLoader before = thread.getContextClassLoader();
  private URLClassLoader loader;

  @BeforeEach
  void setPlugins() {
    URL folder = EncodersTest.class.getResource("/plugins/working/");
    loader = new URLClassLoader(new URL[] {folder}, EncodersTest.class.getClassLoader());
    thread.setContextClassLoader(loader);
  }

  @AfterEach
  void restoreTheClassLoader() throws Exception {
    thread.setContextClassLoader(before);
    loader.close();
  }

  @Test
  void anEncoderIsOpenedByName() {
    try (LatentEncoder encoder = Encoders.open("fake", DecoderConfig.empty())) {
      assertThat(encoder.info().model()).isEqualTo("fake");
    }
    assertThat(Encoders.providers(loader)).hasSize(1);
  }

  @Test
  void anUnknownEncoderListsTheNamesThereAre() {
    assertRefused(
        DecoderErrorCode.UNKNOWN_DECODER,
        "no encoder is called 'vae'; there are: fake",
        () -> Encoders.named("vae"));
  }

  @Test
  void withoutEncodersThatIsSaid() {
    thread.setContextClassLoader(null);
    assertRefused(
        DecoderErrorCode.UNKNOWN_DECODER,
        "no encoder is called 'vae'; no encoder is on the class path: add decoder-core or another"
            + " plugin",
        () -> Encoders.named("vae"));
  }

  @Test
  void aMetricIsOpenedByName() {
    Pixels a = Pixels.takeOver(new float[] {0, 0.5f, 1}, 1, 1, 1);
    Pixels b = Pixels.takeOver(new float[] {0, 0.5f, 0.4f}, 1, 1, 1);
    try (PictureMetric metric = PictureMetrics.open("fake", DecoderConfig.empty())) {
      assertThat(metric.between(a, b)).isGreaterThan(metric.between(a, a));
    }
    assertThat(PictureMetrics.providers()).hasSize(2);
  }

  @Test
  void anUnavailableMetricGivesItsReason() {
    assertRefused(
        DecoderErrorCode.DEVICE_UNAVAILABLE,
        "picture metric 'out-of-order' cannot work here: the wheels came off",
        () -> PictureMetrics.open("out-of-order", DecoderConfig.empty()));
  }

  private static void assertRefused(DecoderErrorCode code, String message, ThrowingCallable call) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .withMessage(message)
        .extracting(DecoderException::code)
        .isEqualTo(code);
  }

  /** An encoder that says its name and can do nothing else. */
  private record Named(String model) implements LatentEncoder {
    @Override
    public DecoderInfo info() {
      return new DecoderInfo("fake", model, "", "nowhere", java.util.Map.of());
    }

    @Override
    public DecodeEstimate estimate(int batch, int height, int width) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Latents encode(Pixels pixels, Cancellation cancellation) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  /** Works. */
  public static final class FakeEncoderProvider implements LatentEncoderProvider {
    @Override
    public String name() {
      return "fake";
    }

    @Override
    public Availability availability() {
      return new Availability(true, "needs nothing");
    }

    @Override
    public LatentEncoder open(DecoderConfig config) {
      return new Named("fake");
    }
  }

  /** Works. */
  public static class FakeMetricProvider implements PictureMetricProvider {
    @Override
    public String name() {
      return "fake";
    }

    @Override
    public Availability availability() {
      return new Availability(true, "needs nothing");
    }

    @Override
    public PictureMetric open(DecoderConfig config) {
      return new LastValueDistance();
    }
  }

  /** Is present but cannot work. */
  public static final class UnavailableMetricProvider extends FakeMetricProvider {
    @Override
    public String name() {
      return "out-of-order";
    }

    @Override
    public Availability availability() {
      return new Availability(false, "the wheels came off");
    }
  }

  private static final class LastValueDistance implements PictureMetric {
    @Override
    public String name() {
      return "fake";
    }

    @Override
    public DecoderInfo info() {
      return new DecoderInfo("fake", "fake", "", "in Java", java.util.Map.of());
    }

    @Override
    public double between(Pixels a, Pixels b) {
      int last = a.values().limit() - 1;
      return Math.abs(a.values().get(last) - b.values().get(last));
    }

    @Override
    public void close() {}
  }
}
