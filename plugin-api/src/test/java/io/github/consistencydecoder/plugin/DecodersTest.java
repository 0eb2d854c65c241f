package io.github.consistencydecoder.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
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
          "no decoder is called 'fakee'; there are: fake, out-of-order",
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
  void aProviderThatCannotBeMadeIsNamed() throws IOException {
    assertBroken("throwing", "DecodersTest$ThrowingProvider");
  }

  @Test
  void aProviderWithoutAClassIsNamed() throws IOException {
    assertBroken("missing", "DecodersTest$NoSuchProvider");
  }

  @Test
  void aProviderWithoutANameIsNamedByItsClass() throws IOException {
    assertBroken("nameless", "DecodersTest$NamelessProvider");
  }

  /** As when a plugin's own dependency is not on the class path. */
  @Test
  void aProviderThatDoesNotLinkIsReported() throws IOException {
    try (URLClassLoader loader = new WithoutDependencyLoader(folder("unlinked"))) {
      assertThatExceptionOfType(DecoderException.class)
          .isThrownBy(() -> Decoders.providers(loader))
          .withMessageContaining("DecodersTest$Dependency")
          .withCauseInstanceOf(NoClassDefFoundError.class);
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

  private static void assertBroken(String folder, String name) throws IOException {
    try (URLClassLoader loader = plugins(folder)) {
      assertThatExceptionOfType(DecoderException.class)
          .isThrownBy(() -> Decoders.providers(loader))
          .withMessageStartingWith("a decoder plugin on the class path is broken: ")
          .withMessageContaining(name)
          .extracting(DecoderException::code)
          .isEqualTo(DecoderErrorCode.UNKNOWN_DECODER);
    }
  }

  private static void assertCode(DecoderErrorCode code, String message, ThrowingCallable call) {
    assertThatExceptionOfType(DecoderException.class)
        .isThrownBy(call)
        .withMessage(message)
        .extracting(DecoderException::code)
        .isEqualTo(code);
  }

  private static URLClassLoader plugins(String folder) {
    return new URLClassLoader(new URL[] {folder(folder)}, DecodersTest.class.getClassLoader());
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
      return new FakeLatentDecoder(Flaw.NONE);
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

  /** Stands for a library that a plugin needs. */
  public static class Dependency extends FakeProvider {}

  /** Needs a class that may be missing. */
  public static final class UnlinkedProvider extends Dependency {}
}
