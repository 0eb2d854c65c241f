package io.github.consistencydecoder.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.formats.pictures.PictureWriter;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.server.access.TokenFile;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.SampleLatents;
import io.github.consistencydecoder.testing.TensorBytes;
import io.github.consistencydecoder.testing.browser.Chromium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The page in a real headless Chromium; skipped, saying so, where there is none. */
@Tag("process")
@Timeout(120)
final class PageInBrowserTest {
  private static final String READY = "document.querySelector('#model').options.length > 0";
  private static final String IDLE = "document.querySelector('#stop').hidden";

  @TempDir private static Path folder;
  @TempDir private static Path profile;
  private static Chromium browser;
  private OpenEndpoint open;

  @BeforeAll
  static void startBrowser() throws IOException, InterruptedException {
    Optional<Path> executable = Chromium.executable();
    assumeTrue(executable.isPresent(), "skipped: no Chromium is on the path");
    browser = Chromium.start(executable.get(), profile);
  }

  @AfterAll
  static void stopBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void openPage() throws Exception {
    open(false);
  }

  private void open(boolean encodes) throws Exception {
    open(encodes, builder -> builder);
    browser.await(READY);
  }

  private void open(boolean encodes, UnaryOperator<HttpEndpoint.Builder> builder) throws Exception {
    if (open != null) {
      open.close();
    }
    open = new OpenEndpoint(encodes, builder);
    size(1280, 900);
    browser.open(open.uri("/").toString());
  }

  @AfterEach
  void nothingWentWrongAndNothingElseWasFetched() {
    try {
      assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
      assertThat(browser.events("Runtime.consoleAPICalled")).isEmpty();
      for (JsonNode event : browser.events("Network.requestWillBeSent")) {
        assertThat(event.get("request").get("url").asString())
            .matches("(data:|blob:)?(" + open.uri("/") + ".*|,)?");
      }
    } finally {
      open.close();
    }
  }

  private static void size(int width, int height) {
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  private static Path latents(String name, long seed) throws IOException {
    Latents latents = SampleLatents.scaled(seed, 1, 8, 8);
    return Files.write(
        folder.resolve(name),
        TensorBytes.safetensors(
            Map.of(), TensorBytes.tensor("latent", latents.values(), 1, 4, 8, 8)));
  }

  private static Path photograph(int width, int height) throws IOException {
    byte[] levels = new byte[3 * width * height];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) (i / 3 % width);
    }
    byte[] png = PictureWriter.png(Picture.takeOver(width, height, levels));
    return Files.write(folder.resolve("photograph.png"), png);
  }

  private void choose(Path... files) throws InterruptedException {
    browser.choose("#file", List.of(files));
    browser.await(
        "!document.querySelector('#stop').hidden || document.querySelector('#shown img, #errors li')");
  }

  private static String text(String selector) {
    return browser
        .evaluate("(document.querySelector('" + selector + "') || {textContent: ''}).textContent")
        .asString();
  }

  private static int count(String selector) {
    return browser.evaluate("document.querySelectorAll('" + selector + "').length").asInt();
  }

  @Test
  void aLatentThatIsChosenIsDecodedAtOnceAndSeenOnTheFirstScreenOfAPhone() throws Exception {
    size(390, 844);
    choose(latents("a.latent", 1));
    browser.await(IDLE);

    assertThat(open.controls.begins.peek()).isNotNull();
    assertThat(text(".caption"))
        .contains("a.latent", Fixtures.MODEL, "64 × 64", "latents taken as scaled");
    assertThat(browser.evaluate("document.querySelector('#shown a').download").asString())
        .isEqualTo("a-" + Fixtures.MODEL + ".png");
    assertThat(
            browser
                .evaluate("document.querySelector('#shown .stage').getBoundingClientRect().bottom")
                .asDouble())
        .isLessThan(800);
    assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
        .isLessThanOrEqualTo(390);
    assertThat(browser.evaluate("document.querySelector('#settings').open").asBoolean()).isFalse();
  }

  @Test
  void theDecodedPictureHasTheServersPixels() throws Exception {
    Path file = latents("a.latent", 1);
    choose(file);
    browser.await(IDLE);

    byte[] levels =
        open.post(
                "/?output_type=pt&partial_postprocess=True&seed=0&latents=auto",
                Files.readAllBytes(file),
                "Content-Type",
                "application/safetensors")
            .body();
    JsonNode shown =
        browser.evaluate(
            "(async () => { const image = await createImageBitmap(document.querySelector('#shown"
                + " img')); const c = new OffscreenCanvas(64, 64).getContext('2d');"
                + " c.drawImage(image, 0, 0); return [...c.getImageData(0, 0, 64,"
                + " 64).data].filter((v, i) => i % 4 < 3); })()");
    List<Integer> expected = new ArrayList<>();
    for (byte level : levels) {
      expected.add(level & 255);
    }
    List<Integer> found = new ArrayList<>();
    shown.forEach(level -> found.add(level.asInt()));
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void threeFilesStayAsAStripAndEachComesBackWithItsSettings() throws Exception {
    choose(latents("a.latent", 1), latents("b.latent", 2), latents("c.latent", 3));
    browser.await(IDLE + " && document.querySelectorAll('#strip li').length === 3");
    assertThat(text("#status")).isEqualTo("3 of 3 files done");
    assertThat(text(".caption")).contains("c.latent");

    set("#seed", "7");
    browser.await(IDLE + " && document.querySelectorAll('#strip li').length === 4");
    assertThat(text(".caption")).contains("c.latent", "seed 7");
    browser.evaluate("document.querySelectorAll('#strip button')[3].click()");
    assertThat(text(".caption")).contains("a.latent", "seed 0");
    assertThat(browser.evaluate("document.querySelector('#seed').value").asString()).isEqualTo("0");
  }

  @Test
  void anOldPictureIsNotSeenBesideNewSettings() throws Exception {
    choose(latents("a.latent", 1));
    browser.await(IDLE);
    open.controls.hold();
    set("#steps", "1");
    assertThat(count("#shown img")).isZero();
    open.controls.release();
    browser.await(IDLE);
    assertThat(text(".caption")).contains("1 step").doesNotContain("1 steps");
  }

  private static void set(String selector, String value) {
    browser.evaluate(
        "(() => { const e = document.querySelector('%s'); e.value = '%s'; e.dispatchEvent(new Event('input')); })()"
            .formatted(selector, value));
  }

  @Test
  void bareNumbersOfASquareNeedNoShape() throws Exception {
    choose(
        Files.write(
            folder.resolve("a.f32"), TensorBytes.littleEndian(SampleLatents.values(4 * 8 * 8, 1))));
    browser.await(IDLE);
    assertThat(text(".caption")).contains("a.f32", "64 × 64");
    choose(
        Files.write(
            folder.resolve("b.f32"), TensorBytes.littleEndian(SampleLatents.values(4 * 8 * 4, 1))));
    browser.await(IDLE);
    assertThat(text("#errors")).contains("their shape is needed in the settings");
    set("#shape", "1,4,8,4");
    browser.await("document.querySelector('.caption')");
    assertThat(text(".caption")).contains("b.f32", "32 × 64");
  }

  @Test
  void cancelEndsTheCallAtTheServer() throws Exception {
    open.controls.hold();
    choose(latents("a.latent", 1), latents("b.latent", 2));
    Await.until("it decodes", () -> open.controls.inside.get() == 1);
    int begun = open.controls.begun.get();
    assertThat(count("#progress:not([hidden])")).isEqualTo(1);
    browser.evaluate("document.querySelector('#stop').focus()");
    browser.evaluate("document.querySelector('#stop').click()");

    // Held still: only a cancellation lets it go.
    Await.until("it is cancelled", () -> open.controls.inside.get() == 0);
    assertThat(open.controls.begun.get()).isEqualTo(begun);
    assertThat(text("#status")).isEqualTo("cancelled");
    assertThat(browser.evaluate("document.activeElement.id").asString()).isEqualTo("file");
    assertThat(count("#shown img, #progress:not([hidden]), #stop:not([hidden])")).isZero();

    open.controls.release();
    choose(latents("b.latent", 2));
    browser.await(IDLE);
    assertThat(text(".caption")).contains("b.latent");
  }

  @Test
  void aPhotographWithoutAnEncoderIsAnsweredWithWhatToLoad() throws Exception {
    choose(photograph(64, 48));
    browser.await(IDLE);
    assertThat(text("#errors"))
        .isEqualTo(
            "photograph.png: this is a photograph, and no loaded model encodes; start the service"
                + " with a VAE too, for example serve --model tiny --model sd-vae-ft-mse, or drop"
                + " latents");
    assertThat(count("#shown img")).isZero();
  }

  @Test
  void aPhotographIsEncodedDecodedAndLaidOverTheOriginal() throws Exception {
    open(true);
    choose(photograph(100, 52));
    browser.await(IDLE);
    assertThat(text("#errors")).isEmpty();
    assertThat(text(".tag.left")).isEqualTo("original");
    assertThat(text(".tag.right")).isEqualTo(Fixtures.MODEL);
    assertThat(text(".caption"))
        .contains("96 × 48", "from 100 × 52", "encoded by " + Fixtures.MODEL);
    assertThat(count("#shown .handle[aria-valuenow=\"50\"]")).isEqualTo(1);
    assertThat(
            browser
                .evaluate("getComputedStyle(document.querySelector('.over')).clipPath")
                .asString())
        .contains("50%");
  }

  @Test
  void whatIsRefusedIsSaidAndTheOthersAreDecoded() throws Exception {
    Path text = Files.writeString(folder.resolve("notes.txt"), "no latents");
    choose(text);
    browser.await(IDLE);
    assertThat(text("#errors"))
        .isEqualTo(
            "notes.txt: neither a picture nor latents: .safetensors, .latent, .npy, .npz, .pt, or"
                + " bare numbers in .raw, .bin, .f32, .f16, .bf16");
    Path no = Files.writeString(folder.resolve("no.safetensors"), "no tensors at all");
    choose(no, latents("a.latent", 1));
    browser.await(IDLE + " && document.querySelectorAll('#strip li').length === 1");
    assertThat(text("#errors")).startsWith("no.safetensors: ");
    assertThat(text(".caption")).contains("a.latent");
    // A refusal is an answer of 400, which the browser notes in its log; nothing else is there.
    assertThat(browser.events("Log.entryAdded")).hasSize(1);
  }

  @Test
  void theTokenIsAskedForAndWhatWaitedIsDecoded() throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "not-much-of-a-secret");
    TokenFile token = TokenFile.open(file);
    open(false, builder -> builder.token(token));
    browser.await("!document.querySelector('#token-form').hidden");
    browser.choose("#file", List.of(latents("a.latent", 1)));
    browser.evaluate("document.querySelector('#token').value = 'not-much-of-a-secret'");
    browser.evaluate("document.querySelector('#token-form button').click()");
    browser.await(IDLE + " && document.querySelector('.caption')");
    assertThat(text(".caption")).contains("a.latent");
    assertThat(count("#token-form[hidden]")).isEqualTo(1);
  }

  @Test
  void theKeyboardAloneReachesEverything() throws Exception {
    open(true);
    choose(photograph(64, 64));
    browser.await(IDLE);
    browser.evaluate("document.querySelector('#file').focus()");
    List<String> reached = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      browser.send(
          "Input.dispatchKeyEvent",
          Map.of("type", "keyDown", "key", "Tab", "code", "Tab", "windowsVirtualKeyCode", 9));
      reached.add(
          browser
              .evaluate(
                  "(e => e.getAttribute('role') || e.dataset.zoom || e.tagName)(document.activeElement)")
              .asString());
    }
    assertThat(reached)
        .containsExactly(
            "group", "slider", "out", "in", "fit", "A", "BUTTON", "SUMMARY", "SUMMARY");
    browser.evaluate("document.querySelector('.handle').focus()");
    browser.key("End", false);
    assertThat(count("#shown .handle[aria-valuenow=\"100\"]")).isEqualTo(1);
  }
}
