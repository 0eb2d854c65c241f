package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The service files are in folders of their own below {@code plugins/}, so that they are not on the
 * class path of whoever else uses this module's tests.
 */
class DecodersTest {
  private final Thread thread = Thread.currentThread();
  private ClassLoader before;

  @BeforeEach
  void rememberTheClassLoader() {
    before = thread.getContextClassLoader();
  }

  @AfterEach
  void restoreTheClassLoader() {
    thread.setContextClassLoader(before);
  }

  @Test
  void providersAreSortedAndTheFirstOfOneNameWins() throws IOException {
    try (URLClassLoader loader = plugins("working")) {
      assertThat(Decoders.providers(loader))
          .extracting(LatentDecoderProvider::name)
          .containsExactly("fake", "out-of-order");
      assertThat(Decoders.providers(loader).get(0)).isExactlyInstanceOf(FakeProvider.class);
    }
  }

  @Test
  void theContextClassLoaderIsAsked() throws IOException {
    try (URLClassLoader loader = plugins("working")) {
      thread.setContextClassLoader(loader);
      assertThat(Decoders.providers()).hasSize(2);
    }
  }

  @Test
  void withoutAContextClassLoaderOursIsAsked() {
    thread.setContextClassLoader(null);
    assertThat(Decoders.providers()).isEmpty();
  }

  @Test
  void aDecoderIsOpenedByName() throws IOException {
    try (URLClassLoader loader = plugins("working")) {
      thread.setContextClassLoader(loader);
      try (LatentDecoder decoder = Decoders.open("fake", DecoderConfig.model("x"))) {
        assertThat(decoder.info().model()).isEqualTo("fake");
      }
    }
  }

  @Test
  void anUnknownNameListsTheNamesThereAre() throws IOException {
    try (URLClassLoader loader = plugins("working")) {
      thread.setContextClassLoader(loader);
      assertCode(
          DecoderErrorCode.UNKNOWN_DECODER,
          "no decoder is called 'fakee'; there are: fake, out-of-order; decoder plugin "
              + SecondFakeProvider.class.getName()
              + " passed over: its name 'fake' is that of "
              + FakeProvider.class.getName(),
          () -> Decoders.open("fakee", DecoderConfig.empty()));
    }
  }

  @Test
  void anEmptyClassPathIsSaid() {
    assertCode(
        DecoderErrorCode.UNKNOWN_DECODER,
        "no decoder is called 'fake'; no decoder is on the class path: add decoder-core or another"
            + " plugin",
        () -> Decoders.named("fake"));
  }

  @Test
  void anUnavailableProviderGivesItsReason() throws IOException {
    try (URLClassLoader loader = plugins("working")) {
      thread.setContextClassLoader(loader);
      assertCode(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          "decoder 'out-of-order' cannot work here: the wheels came off",
          () -> Decoders.open("out-of-order", DecoderConfig.empty()));
    }
  }

  @Test
  void aBrokenPluginIsNamedAndPassedOver() throws IOException {
    assertPassedOver("DecodersTest$ThrowingProvider could not be instantiated", "throwing");
    assertPassedOver("DecodersTest$NoSuchProvider not found", "missing");
    assertPassedOver("DecodersTest$NamelessProvider passed over: it has no name", "nameless");
    assertPassedOver("DecodersTest$UnnameableProvider passed over: its name cannot", "unnameable");
    assertPassedOver("llegal configuration-file syntax", "garbled", "broken");
    assertPassedOver(
        "DecodersTest$SecondFakeProvider passed over: its name 'fake' is that of "
            + FakeProvider.class.getName(),
        "working");
  }

  /** As when a plugin's own dependency is not on the class path. */
  @Test
  void aPluginThatDoesNotLinkIsPassedOver() throws IOException {
    try (URLClassLoader loader = new WithoutDependencyLoader(folder("unlinked"))) {
      thread.setContextClassLoader(loader);
      assertThat(Decoders.providers()).isEmpty();
      assertThat(Decoders.problems())
          .singleElement()
          .asString()
          .contains("DecodersTest$Dependency", "NoClassDefFoundError");
    }
  }

  @Test
  void whoAsksForABrokenPluginIsToldOfIt() throws IOException {
    try (URLClassLoader loader = plugins("throwing")) {
      thread.setContextClassLoader(loader);
      assertThatExceptionOfType(DecoderException.class)
          .isThrownBy(() -> Decoders.named("broken"))
          .withMessageContaining("no decoder is called 'broken'; there are: fake; decoder plugin")
          .withMessageContaining("no luck");
    }
  }

  @Test
  void aPluginThatDoesNotSayWhetherItWorksDoesNot() {
    for (LatentDecoderProvider silent : List.of(new Silent(false), new Silent(true))) {
      Availability found = Decoders.availability(silent);
      assertThat(found.available()).isFalse();
      assertThat(found.reason()).startsWith("its plugin " + Silent.class.getName() + " is broken");
    }
  }

  @Test
  void aPluginThatOpensNothingIsNamed() throws IOException {
    try (URLClassLoader loader = plugins("broken")) {
      thread.setContextClassLoader(loader);
      assertCode(
          DecoderErrorCode.RUNTIME_FAILED,
          "decoder 'empty' cannot be opened: its plugin "
              + EmptyProvider.class.getName()
              + " answered with nothing",
          () -> Decoders.open("empty", DecoderConfig.empty()));
      assertCode(
          DecoderErrorCode.RUNTIME_FAILED,
          "decoder 'failing' cannot be opened: its plugin "
              + FailingProvider.class.getName()
              + " answered with java.lang.IllegalStateException: no luck",
          () -> Decoders.open("failing", DecoderConfig.empty()));
    }
  }

  @Test
  void nullsAreRefused() {
    assertThatNullPointerException().isThrownBy(() -> Decoders.named(null)).withMessage("name");
    assertThatNullPointerException()
        .isThrownBy(() -> Decoders.open("fake", null))
        .withMessage("config");
    assertThatNullPointerException()
        .isThrownBy(() -> Decoders.providers(null))
        .withMessage("loader");
  }

  /** That the plugin is left out with this sentence, and the one that works is not. */
  private void assertPassedOver(String sentence, String... folders) throws IOException {
    try (URLClassLoader loader = plugins(folders)) {
      thread.setContextClassLoader(loader);
      assertThat(Decoders.providers()).extracting(LatentDecoderProvider::name).contains("fake");
      assertThat(Decoders.problems()).singleElement().asString().contains(sentence);
    }
  }

  private static void assertCode(DecoderErrorCode code, String message, ThrowingCallable call) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .withMessage(message)
        .extracting(DecoderException::code)
        .isEqualTo(code);
  }

  private static URLClassLoader plugins(String... folders) {
    URL[] urls = Arrays.stream(folders).map(DecodersTest::folder).toArray(URL[]::new);
    return new URLClassLoader(urls, DecodersTest.class.getClassLoader());
  }

  private static URL folder(String folder) {
    return DecodersTest.class.getResource("/plugins/" + folder + "/");
  }

  /** Defines the unlinked provider itself and does not have the class that it extends. */
  private static final class WithoutDependencyLoader extends URLClassLoader {
    private static final String PROVIDER = UnlinkedProvider.class.getName();
    private static final String DEPENDENCY = Dependency.class.getName();

    WithoutDependencyLoader(URL folder) {
      super(new URL[] {folder}, DecodersTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.equals(DEPENDENCY)) {
        throw new ClassNotFoundException(name);
      }
      if (!name.equals(PROVIDER)) {
        return super.loadClass(name, resolve);
      }
      String file = name.replace('.', '/') + ".class";
      try (InputStream in = getParent().getResourceAsStream(file)) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  /** A decoder that says its name and can do nothing else. */
  private record Named(String model) implements LatentDecoder {
    @Override
    public DecoderInfo info() {
      return new DecoderInfo("fake", model, "", "nowhere", Map.of());
    }

    @Override
    public DecodeEstimate estimate(int batch, int height, int width, DecodeOptions options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Decoded decode(Latents latents, DecodeOptions options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  /** Works. */
  public static class FakeProvider implements LatentDecoderProvider {
    @Override
    public String name() {
      return "fake";
    }

    @Override
    public Availability availability() {
      return new Availability(true, "needs nothing");
    }

    @Override
    public LatentDecoder open(DecoderConfig config) {
      return new Named("fake");
    }
  }

  /** Has a name that is taken. */
  public static final class SecondFakeProvider extends FakeProvider {}

  /** Is present but cannot work. */
  public static final class UnavailableProvider extends FakeProvider {
    @Override
    public String name() {
      return "out-of-order";
    }

    @Override
    public Availability availability() {
      return new Availability(false, "the wheels came off");
    }
  }

  /** Breaks the promise that the constructor does nothing. */
  public static final class ThrowingProvider extends FakeProvider {
    public ThrowingProvider() {
      throw new IllegalStateException("no luck");
    }
  }

  /** Breaks the promise to have a name. */
  public static final class NamelessProvider extends FakeProvider {
    @Override
    public String name() {
      return null;
    }
  }

  /** Breaks the promise to have a name by an exception. */
  public static final class UnnameableProvider extends FakeProvider {
    @Override
    public String name() {
      throw new IllegalStateException("no luck");
    }
  }

  /** Breaks the promise to say whether it can work. */
  private static final class Silent extends FakeProvider {
    private final boolean loudly;

    Silent(boolean loudly) {
      this.loudly = loudly;
    }

    @Override
    public Availability availability() {
      if (loudly) {
        throw new IllegalStateException("no luck");
      }
      return null;
    }
  }

  /** Opens nothing. */
  public static final class EmptyProvider extends FakeProvider {
    @Override
    public String name() {
      return "empty";
    }

    @Override
    public LatentDecoder open(DecoderConfig config) {
      return null;
    }
  }

  /** Fails in its own way. */
  public static final class FailingProvider extends FakeProvider {
    @Override
    public String name() {
      return "failing";
    }

    @Override
    public LatentDecoder open(DecoderConfig config) {
      throw new IllegalStateException("no luck");
    }
  }

  /** Stands for a library that a plugin needs. */
  public static class Dependency extends FakeProvider {}

  /** Needs a class that may be missing. */
  public static final class UnlinkedProvider extends Dependency {}
}
