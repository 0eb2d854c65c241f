package io.github.consistencydecoder.compare.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.consistencydecoder.compare.BlockDecoder;
import io.github.consistencydecoder.compare.Comparison;
import io.github.consistencydecoder.compare.ComparisonInput;
import io.github.consistencydecoder.compare.ComparisonListener;
import io.github.consistencydecoder.compare.TestPictures;
import io.github.consistencydecoder.formats.pictures.Picture;
import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.LatentDecoder;
import io.github.consistencydecoder.plugin.Latents;
import io.github.consistencydecoder.testing.browser.Chromium;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The report in a real headless Chromium; skipped, saying so, where there is none. */
@Tag("process")
class ReportInBrowserTest {
  private static final String EVIL = "</script><script>document.title='hit'</script>\"'&<b>";

  @TempDir private static Path folder;
  @TempDir private static Path profile;
  private static Chromium browser;
  private static String url;

  @BeforeAll
  static void makeReportAndStartBrowser() throws IOException, InterruptedException {
    Optional<Path> executable = Chromium.executable();
    assumeTrue(executable.isPresent(), "skipped: no Chromium is on the path");
    Picture scene = TestPictures.scene(320, 240, 1);
    Picture other = TestPictures.scene(240, 320, 2);
    Comparison.builder()
        .title("Before & after <" + EVIL + ">")
        .decoder("blocks", BlockDecoder.open("blocks", false, 0), DecodeOptions.defaults())
        .decoder("smooth" + EVIL, BlockDecoder.open("smooth", true, 0.1f), DecodeOptions.defaults())
        .build()
        .run(
            List.of(
                ComparisonInput.of("with truth", BlockDecoder.encode(scene), scene),
                ComparisonInput.of(EVIL, BlockDecoder.encode(other)),
                ComparisonInput.of(
                    "broken " + EVIL, Latents.scaled(new float[4 * 4 * 4 * 2], 2, 4, 4, 4))),
            folder,
            ComparisonListener.NONE);
    url = folder.resolve("report.html").toUri().toString();
    browser = Chromium.start(executable.get(), profile);
  }

  @AfterAll
  static void stopBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void openAfresh() throws InterruptedException {
    size(1280, 900);
    browser.open(url);
  }

  @AfterEach
  void nothingWentWrongAndNothingWasFetched() {
    assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
    assertThat(browser.events("Log.entryAdded")).isEmpty();
    assertThat(browser.events("Runtime.consoleAPICalled")).isEmpty();
    List<String> requests = new ArrayList<>();
    for (JsonNode event : browser.events("Network.requestWillBeSent")) {
      String target = event.get("request").get("url").asString();
      if (!target.startsWith("data:")) {
        requests.add(target);
      }
    }
    assertThat(requests).containsExactly(url);
    assertThat(browser.evaluate("document.title").asString()).startsWith("Before & after <");
  }

  private static void size(int width, int height) {
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  private static double[] box(String selector) {
    JsonNode box =
        browser.evaluate(
            "(() => { const e = document.querySelector('"
                + selector
                + "'); e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
                + " return [b.left, b.top, b.width, b.height]; })()");
    return new double[] {
      box.get(0).asDouble(), box.get(1).asDouble(), box.get(2).asDouble(), box.get(3).asDouble()
    };
  }

  private static double now() {
    return Double.parseDouble(
        browser
            .evaluate("document.querySelector('.handle').getAttribute('aria-valuenow')")
            .asString());
  }

  /** Where the two pictures meet, as drawn. */
  private static double clip() {
    String path =
        browser.evaluate("getComputedStyle(document.querySelector('.over')).clipPath").asString();
    return Double.parseDouble(path.replaceAll(".* ([0-9.]+)(%|px)?\\)$", "$1"));
  }

  private static List<String> transforms() {
    List<String> transforms = new ArrayList<>();
    browser
        .evaluate(
            "[...document.querySelectorAll('#input-1 .stage img')].map(e => { const m = new"
                + " DOMMatrix(getComputedStyle(e).transform); const w = e.offsetWidth, h ="
                + " e.offsetHeight; return [m.a, m.e / w, m.f / h].map(v =>"
                + " v.toFixed(3)).join(' '); })")
        .forEach(text -> transforms.add(text.asString()));
    return transforms;
  }

  /** All alike; the mouse stands on whole pixels, so a few thousandths are its. */
  private static void assertTransform(double zoom, double x, double y) {
    List<String> transforms = transforms();
    assertThat(transforms).hasSize(7);
    assertThat(transforms.stream().distinct()).hasSize(1);
    String[] parts = transforms.get(0).split(" ", -1);
    assertThat(Double.parseDouble(parts[0])).isCloseTo(zoom, within(0.001));
    assertThat(Double.parseDouble(parts[1])).isCloseTo(x, within(0.02));
    assertThat(Double.parseDouble(parts[2])).isCloseTo(y, within(0.02));
  }

  @Test
  void theSliderIsDraggedByMouse() {
    double[] slider = box(".slider");
    double y = slider[1] + slider[3] / 2;
    browser.drag(slider[0] + slider[2] / 2, y, slider[0] + slider[2] * 0.2, y);
    assertThat(now()).isCloseTo(20, within(1.0));
    assertThat(clip()).isCloseTo(20, within(1.0));
    browser.drag(slider[0] + slider[2] * 0.2, y, slider[0] - 50, y);
    assertThat(now()).isZero();
  }

  @Test
  void aClickBesideTheHandleMovesTheBoundaryThere() {
    double[] slider = box(".slider");
    double x = slider[0] + slider[2] * 0.8;
    browser.drag(x, slider[1] + 30, x, slider[1] + 30);
    assertThat(now()).isCloseTo(80, within(1.0));
  }

  @Test
  void theSliderIsMovedByTouch() {
    double[] slider = box(".slider");
    double y = slider[1] + slider[3] / 2;
    browser.send("Emulation.setTouchEmulationEnabled", Map.of("enabled", true));
    try {
      browser.swipe(slider[0] + slider[2] / 2, y, slider[0] + slider[2] * 0.7, y);
      browser.settle();
      assertThat(now()).isCloseTo(70, within(1.5));
    } finally {
      browser.send("Emulation.setTouchEmulationEnabled", Map.of("enabled", false));
    }
  }

  @Test
  void twoFingersZoom() {
    double[] slider = box(".slider");
    double x = slider[0] + slider[2] / 4;
    double y = slider[1] + slider[3] / 2;
    browser.send("Emulation.setTouchEmulationEnabled", Map.of("enabled", true));
    try {
      for (int i = 0; i <= 5; i++) {
        double spread = 20 + 8 * i;
        browser.touch(
            i == 0 ? "touchStart" : "touchMove",
            List.of(Map.of("x", x - spread, "y", y), Map.of("x", x + spread, "y", y)));
      }
      browser.touch("touchEnd", List.of());
      browser.settle();
      double zoom = Double.parseDouble(transforms().get(0).split(" ", -1)[0]);
      assertThat(zoom).isCloseTo(3, within(0.2));
    } finally {
      browser.send("Emulation.setTouchEmulationEnabled", Map.of("enabled", false));
    }
  }

  @Test
  void theSliderIsMovedByKeys() {
    browser.evaluate("document.querySelector('.handle').focus()");
    browser.key("ArrowRight", false);
    assertThat(now()).isEqualTo(51);
    browser.key("ArrowLeft", true);
    assertThat(now()).isEqualTo(41);
    browser.key("PageUp", false);
    assertThat(now()).isEqualTo(51);
    browser.key("Home", false);
    assertThat(now()).isZero();
    browser.key("ArrowLeft", false);
    assertThat(now()).isZero();
    browser.key("End", false);
    assertThat(now()).isEqualTo(100);
    assertThat(clip()).isEqualTo(100);
    assertThat(
            browser
                .evaluate("document.querySelector('.handle').getAttribute('aria-valuetext')")
                .asString())
        .isEqualTo("100 % blocks, then smooth" + EVIL);
  }

  @Test
  void theSliderIsReachedByTheTabKey() {
    browser.evaluate("document.querySelector('.slider .stage').focus()");
    browser.send(
        "Input.dispatchKeyEvent",
        Map.of("type", "keyDown", "key", "Tab", "code", "Tab", "windowsVirtualKeyCode", 9));
    assertThat(browser.evaluate("document.activeElement.getAttribute('role')").asString())
        .isEqualTo("slider");
  }

  @Test
  void allPicturesOfAnInputZoomAndMoveTogether() {
    assertThat(transforms()).hasSize(7).containsOnly("1.000 0.000 0.000");
    double[] stage = box("#input-1 .whole figure:nth-child(2) .stage");
    browser.wheelWithCtrl(stage[0] + stage[2] / 4, stage[1] + stage[3] / 4, -200 * Math.log(4));
    // A quarter of the way in, that point stays: 0.25 - 0.25 * 4.
    assertTransform(4, -0.75, -0.75);
    browser.drag(
        stage[0] + stage[2] / 2,
        stage[1] + stage[3] / 2,
        stage[0] + stage[2] * 0.75,
        stage[1] + stage[3] * 0.25);
    assertTransform(4, -0.5, -1);
    assertThat(
            browser
                .evaluate("document.querySelector('#input-2').classList.contains('zoomed')")
                .asBoolean())
        .isFalse();
    browser.evaluate("document.querySelector('#input-1 [data-zoom=fit]').click()");
    browser.settle();
    assertThat(transforms()).containsOnly("1.000 0.000 0.000");
  }

  @Test
  void zoomAndPositionFollowTheKeys() {
    browser.evaluate("document.querySelector('#input-1 .whole .stage').focus()");
    browser.key("+", false);
    browser.key("+", false);
    browser.settle();
    assertThat(transforms()).containsOnly("2.250 -0.625 -0.625");
    browser.key("ArrowLeft", false);
    browser.settle();
    assertThat(transforms()).containsOnly("2.250 -0.525 -0.625");
    browser.key("0", false);
    browser.settle();
    assertThat(transforms()).containsOnly("1.000 0.000 0.000");
  }

  @Test
  void aCropIsShownLargeOnDemand() {
    browser.evaluate("document.querySelector('#input-1 [data-look]').click()");
    browser.settle();
    // Crops are 60 pixels of 240.
    assertThat(transforms()).hasSize(7).allMatch(transform -> transform.startsWith("4.000 "));
  }

  @Test
  void theTwoPicturesCanBeChosenAndSwapped() {
    String sources =
        "['.under', '.over img'].map(s => [...document.querySelectorAll('#input-1 .whole"
            + " img')].findIndex(i => i.src === document.querySelector('#input-1 ' +"
            + " s).src)).join(' ')";
    assertThat(browser.evaluate(sources).asString()).isEqualTo("1 2");
    browser.evaluate("document.querySelector('#input-1 [data-swap]').click()");
    assertThat(browser.evaluate(sources).asString()).isEqualTo("2 1");
    browser.evaluate(
        "(() => { const s = document.querySelector('#input-1 select.left'); s.value = '0';"
            + " s.dispatchEvent(new Event('change')); })()");
    assertThat(browser.evaluate(sources).asString()).isEqualTo("0 1");
    assertThat(
            browser.evaluate("document.querySelector('#input-1 .tag.left').textContent").asString())
        .isEqualTo("truth");
  }

  @Test
  void everyPictureIsThere() {
    browser.evaluate("document.querySelectorAll('.slider').forEach(e => e.scrollIntoView())");
    browser.settle();
    assertThat(
            browser
                .evaluate("[...document.images].filter(i => !(i.naturalWidth > 0)).length")
                .asInt())
        .isZero();
    assertThat(browser.evaluate("document.images.length").asInt()).isEqualTo(7 + 5 + 2 * 5 + 2 * 3);
  }

  @Test
  void textsOfAnyKindAreOnlyTexts() {
    assertThat(browser.evaluate("document.scripts.length").asInt()).isEqualTo(1);
    assertThat(browser.evaluate("document.querySelectorAll('b').length").asInt()).isZero();
    assertThat(
            browser
                .evaluate("document.querySelector('#input-2 h2').firstChild.textContent.trim()")
                .asString())
        .isEqualTo(EVIL);
    assertThat(browser.evaluate("document.querySelector('li').textContent").asString())
        .isEqualTo("broken " + EVIL + ": the latents are a batch of 2; an input is one picture");
  }

  @Test
  void scriptsOfOthersWouldNotRun() {
    browser.evaluate(
        "(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
            + " document.body.append(s); })()");
    assertThat(browser.evaluate("window.ran === undefined").asBoolean()).isTrue();
    // The refusal is logged; that log is what is wanted here.
    assertThat(browser.events("Log.entryAdded")).hasSize(1);
    browser.evaluate("1");
    try {
      browser.open(url);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void lightAndDarkFollowTheSystemAndTheButton() {
    String background = "getComputedStyle(document.body).backgroundColor";
    scheme("light");
    assertThat(browser.evaluate(background).asString()).isEqualTo("rgb(247, 247, 245)");
    scheme("dark");
    assertThat(browser.evaluate(background).asString()).isEqualTo("rgb(20, 21, 24)");
    browser.evaluate("document.getElementById('theme').click()");
    assertThat(browser.evaluate(background).asString()).isEqualTo("rgb(247, 247, 245)");
    scheme("light");
  }

  private static void scheme(String value) {
    browser.send(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", value))));
  }

  @Test
  void aNarrowWindowIsNotOverrun() {
    size(360, 740);
    browser.settle();
    assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
        .isLessThanOrEqualTo(360);
  }

  @Test
  void theSliderIsNoHigherThanTheWindow() {
    for (String article : List.of("#input-1", "#input-2")) {
      double[] slider = box(article + " .slider");
      assertThat(slider[3]).as(article).isBetween(300.0, 900.0);
      double ratio = article.equals("#input-1") ? 320.0 / 240 : 240.0 / 320;
      assertThat(slider[2] / slider[3]).as(article).isCloseTo(ratio, within(0.01));
    }
    size(1280, 500);
    browser.settle();
    assertThat(box("#input-2 .slider")[3]).isLessThan(500);
  }

  @Test
  void withoutScriptsThePicturesAreStillThere() throws InterruptedException {
    browser.send("Emulation.setScriptExecutionDisabled", Map.of("value", true));
    try {
      browser.send("Page.reload", Map.of());
      Thread.sleep(300);
    } finally {
      browser.send("Emulation.setScriptExecutionDisabled", Map.of("value", false));
    }
    assertThat(
            browser
                .evaluate("getComputedStyle(document.querySelector('.viewer')).display")
                .asString())
        .isEqualTo("none");
    assertThat(browser.evaluate("document.querySelector('.whole img').offsetWidth").asInt())
        .isPositive();
    browser.open(url);
  }

  @Test
  void differencesOfManyDecodersStandBelowThem() throws Exception {
    Path many = Files.createDirectory(folder.resolve("many"));
    Picture scene = TestPictures.scene(160, 160, 3);
    Comparison.Builder comparison = Comparison.builder();
    for (String name : List.of("a", "b", "c")) {
      LatentDecoder decoder = BlockDecoder.open(name, false, name.equals("a") ? 0 : 0.2f);
      comparison.decoder(name, decoder, DecodeOptions.defaults());
    }
    ComparisonInput input = ComparisonInput.of("x", BlockDecoder.encode(scene), scene);
    comparison.build().run(List.of(input), many, ComparisonListener.NONE);
    browser.open(many.resolve("report.html").toUri().toString());
    try {
      for (String row : List.of(".row.two", ".row:not(.crops)")) {
        assertThat(
                browser
                    .evaluate(
                        "(() => { const all = [...document.querySelectorAll('"
                            + row
                            + " figure')].slice(0, 7).map(e =>"
                            + " Math.round(e.getBoundingClientRect().left)); return all.slice(1,"
                            + " 4).join() === all.slice(4).join(); })()")
                    .asBoolean())
            .as(row)
            .isTrue();
      }
    } finally {
      browser.open(url);
    }
  }

  /** For a person to look at: {@code -Dtest.jvm.args=-Dscreenshots=FOLDER}. */
  @Test
  void screenshotsAreTakenOnDemand() throws IOException {
    String target = System.getProperty("screenshots");
    assumeTrue(target != null, "skipped: no folder for screenshots was given");
    Path out = Files.createDirectories(Path.of(target));
    scheme("light");
    Files.write(out.resolve("light.png"), browser.screenshot(true));
    scheme("dark");
    Files.write(out.resolve("dark.png"), browser.screenshot(true));
    scheme("light");
    browser.evaluate("document.querySelector('#input-1 [data-look]').click()");
    browser.settle();
    Files.write(out.resolve("zoomed.png"), browser.screenshot(false));
    size(360, 740);
    browser.settle();
    Files.write(out.resolve("narrow.png"), browser.screenshot(true));
  }
}
