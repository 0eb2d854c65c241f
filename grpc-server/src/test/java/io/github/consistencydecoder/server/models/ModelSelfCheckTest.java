package io.github.consistencydecoder.server.models;

import static io.github.consistencydecoder.server.fixtures.Fixtures.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.DecodeOptions;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import io.github.consistencydecoder.server.fixtures.Fixtures;
import io.github.consistencydecoder.server.fixtures.Fixtures.WaitingListener;
import io.github.consistencydecoder.server.queue.AtRest;
import io.github.consistencydecoder.server.queue.DecodeService.DecodeResult;
import io.github.consistencydecoder.server.queue.DecodeService.JobHandle;
import io.github.consistencydecoder.server.queue.Ledger;
import io.github.consistencydecoder.server.queue.QueuedDecodeService;
import io.github.consistencydecoder.server.queue.QueuedDecodeServiceBuilder;
import io.github.consistencydecoder.server.queue.Readiness;
import io.github.consistencydecoder.server.request.DecodeSize;
import io.github.consistencydecoder.server.request.ServiceError;
import io.github.consistencydecoder.server.request.ServiceException;
import io.github.consistencydecoder.testing.Await;
import io.github.consistencydecoder.testing.FakeDecoder;
import io.github.consistencydecoder.testing.SampleLatents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A model is used only while its test picture is right. */
class ModelSelfCheckTest {
  private final FakeDecoder.Controls controls = new FakeDecoder.Controls();
  private final List<QueuedDecodeService> services = new ArrayList<>();
  @TempDir private Path state;

  @AfterEach
  void close() {
    controls.release();
    services.forEach(QueuedDecodeService::close);
    assertThat(controls.open).as("open decoders").hasValue(0);
    assertThat(controls.closedWhileInside).hasValue(0);
  }

  private QueuedDecodeService start(QueuedDecodeServiceBuilder builder) {
    QueuedDecodeService service = builder.start();
    services.add(service);
    return service;
  }

  private WaitingListener<DecodeResult> decode(QueuedDecodeService service)
      throws ServiceException {
    WaitingListener<DecodeResult> listener = new WaitingListener<>();
    JobHandle unused =
        service.decode(
            call(), SampleLatents.scaled(1, 1, 8, 8), DecodeOptions.defaults(), listener);
    return listener;
  }

  private void neverServes(Consumer<FakeDecoder.Controls> plant, String reason) {
    plant.accept(controls);
    List<Readiness> told = new CopyOnWriteArrayList<>();
    QueuedDecodeService service = start(Fixtures.builder(controls));
    service.onReadiness(told::add);
    Await.until("three tries", () -> controls.tries.get() >= 3);
    assertThat(told).doesNotContain(Readiness.SERVING).contains(Readiness.BROKEN);
    assertThatThrownBy(() -> decode(service))
        .hasMessageContaining("is not ready")
        .isInstanceOfSatisfying(
            ServiceException.class, e -> assertThat(e.error()).isEqualTo(ServiceError.NOT_READY));
    assertThat(service.models().get(0).reason()).contains(reason);
  }

  @Test
  void aModelThatGivesNaNNeverServes() {
    neverServes(c -> c.givesNan = true, "NaN");
  }

  @Test
  void aModelThatGivesOneColourNeverServes() {
    neverServes(c -> c.givesOneColour = true, "one colour");
  }

  @Test
  void aModelThatIsFarOutOfRangeNeverServes() {
    neverServes(c -> c.offset = 20, "out of range");
  }

  @Test
  void aModelThatWaversNeverServes() {
    neverServes(c -> c.wavers = true, "two decodes");
  }

  @Test
  void aModelThatCannotBeOpenedNeverServesAndSaysNothingOfThisMachine() {
    neverServes(
        c ->
            c.failsToOpen =
                new DecoderException(
                    DecoderErrorCode.MODEL_MISSING, "/secret/folder/model.safetensors is missing"),
        "its files are missing, incident ");
    assertThat(services.get(0).models().get(0).reason()).doesNotContain("secret");
  }

  @Test
  void aModelThatComesOutRightAtLastServes() {
    controls.givesNan = true;
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Await.until("a try", () -> controls.opened.get() >= 2);
    controls.givesNan = false;
    Fixtures.awaitServing(service);
    assertThat(controls.open).hasValue(1);
  }

  @Test
  void otherModelsServeWhileOneIsBroken() throws Exception {
    FakeDecoder.Controls bad = new FakeDecoder.Controls();
    bad.givesNan = true;
    QueuedDecodeService service =
        start(Fixtures.builder(controls).model("sd_vae", ModelSource.of(bad::openDecoder)));
    Await.until("the good one", () -> service.models().get(0).ready());
    Await.until("the bad one", () -> service.readiness() == Readiness.BROKEN);
    assertThat(decode(service).result().model().name()).isEqualTo(Fixtures.MODEL);
    assertThat(service.models().get(1).ready()).isFalse();
    bad.givesNan = false;
    Fixtures.awaitServing(service);
  }

  @Test
  void anotherPictureThanInAnEarlierProcessIsNotServed() {
    QueuedDecodeService first = start(Fixtures.builder(controls).stateFolder(state));
    Fixtures.awaitServing(first);
    first.close();
    QueuedDecodeService second = start(Fixtures.builder(controls).stateFolder(state));
    Fixtures.awaitServing(second);
    second.close();
    controls.offset = 0.5f;
    QueuedDecodeService third = start(Fixtures.builder(controls).stateFolder(state));
    Await.until("a try", () -> third.readiness() == Readiness.BROKEN);
    assertThat(third.models().get(0).reason()).contains("gave before");
  }

  @Test
  void otherWeightsMayGiveAnotherPicture() {
    QueuedDecodeService first = start(Fixtures.builder(controls).stateFolder(state));
    Fixtures.awaitServing(first);
    first.close();
    controls.offset = 0.5f;
    controls.digest = "sha256:" + "1".repeat(64);
    Fixtures.awaitServing(start(Fixtures.builder(controls).stateFolder(state)));
  }

  @Test
  void aDamagedFileOfAnEarlierPictureIsWrittenAnew() throws Exception {
    QueuedDecodeService first = start(Fixtures.builder(controls).stateFolder(state));
    Fixtures.awaitServing(first);
    first.close();
    Path file;
    try (var files = Files.list(state)) {
      file = files.findFirst().orElseThrow();
    }
    byte[] right = Files.readAllBytes(file);
    byte[] wrong = right.clone();
    wrong[1000] ^= 1;
    for (byte[] content : List.of(wrong, new byte[0], new byte[31])) {
      Files.write(file, content);
      QueuedDecodeService next = start(Fixtures.builder(controls).stateFolder(state));
      Fixtures.awaitServing(next);
      next.close();
      assertThat(Files.readAllBytes(file)).isEqualTo(right);
    }
    try (var files = Files.list(state)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void afterARuntimeFailureTheModelIsTriedAndServesAgain() throws Exception {
    List<Readiness> told = new CopyOnWriteArrayList<>();
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Fixtures.awaitServing(service);
    service.onReadiness(told::add);
    controls.failNext(failure());
    ServiceException e = decode(service).failure();
    assertThat(e.error()).isEqualTo(ServiceError.INTERNAL);
    assertThat(e).hasMessageMatching("internal error, incident [0-9a-f]{16}");
    Await.until("the trial", () -> told.size() >= 3);
    assertThat(told).containsExactly(Readiness.SERVING, Readiness.BROKEN, Readiness.SERVING);
    assertThat(controls.opened).as("it passed, so it was not opened again").hasValue(1);
    assertThat(decode(service).result().decoded()).isNotNull();
  }

  @Test
  void aDeviceThatIsLostIsNotTriedAgainByThisProcess() throws Exception {
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Fixtures.awaitServing(service);
    DecoderException lost = new DecoderException(DecoderErrorCode.DEVICE_LOST, "failed for good");
    controls.failNext(lost).failNext(lost);
    assertThat(decode(service).failure().error()).isEqualTo(ServiceError.NOT_READY);
    Await.until("the loss", () -> service.readiness() == Readiness.LOST);
    assertThat(service.models().get(0).reason()).contains("lost").contains("started again");
    assertThatThrownBy(() -> decode(service)).hasMessageContaining("is not ready");
    assertThat(controls.tries).hasValue(1);
  }

  @Test
  void oneThatIsLostBeforeTheFirstPictureIsNotTriedAgainEither() {
    controls.failsToOpen =
        new DecoderException(DecoderErrorCode.DEVICE_LOST, "failed for good, on this machine");
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Await.until("the loss", () -> service.readiness() == Readiness.LOST);
    assertThat(controls.tries).hasValue(1);
  }

  @Test
  void aModelThatFailsItsTrialIsOpenedAgain() throws Exception {
    List<Readiness> told = new CopyOnWriteArrayList<>();
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Fixtures.awaitServing(service);
    service.onReadiness(told::add);
    controls.failNext(failure()).failNext(failure());
    assertThat(decode(service).failure().error()).isEqualTo(ServiceError.INTERNAL);
    Await.until("the new one", () -> controls.opened.get() == 2);
    Fixtures.awaitServing(service);
    assertThat(told).containsExactly(Readiness.SERVING, Readiness.BROKEN, Readiness.SERVING);
    assertThat(decode(service).result().decoded()).isNotNull();
  }

  @Test
  void aModelThatPassesItsTrialAndFailsAgainAtOnceIsOpenedAgain() throws Exception {
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Fixtures.awaitServing(service);
    for (int k = 0; k < 2; k++) {
      controls.failNext(failure());
      assertThat(decode(service).failure().error()).isEqualTo(ServiceError.INTERNAL);
      Fixtures.awaitServing(service);
    }
    Await.until("the new one", () -> controls.opened.get() == 2);
    Fixtures.awaitServing(service);
  }

  @Test
  void callsThatWaitForAModelThatIsOpenedAgainAreTold() throws Exception {
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Fixtures.awaitServing(service);
    controls.hold();
    WaitingListener<DecodeResult> first = decode(service);
    Await.until("the worker", () -> controls.inside.get() == 1);
    WaitingListener<DecodeResult> second = decode(service);
    // The first fails as soon as it is let go: its decoder gives nonsense from here on.
    controls.givesNan = true;
    controls.release();
    assertThat(first.failure().error()).isEqualTo(ServiceError.INTERNAL);
    assertThat(second.failure().error()).isEqualTo(ServiceError.NOT_READY);
    controls.givesNan = false;
    Fixtures.awaitServing(service);
    AtRest.require(service);
    assertThat(service.ledger()).isEqualTo(new Ledger(2, 0, 0, 0, 2, 0));
  }

  @Test
  void aPictureWithNaNNeverLeaves() throws Exception {
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Fixtures.awaitServing(service);
    controls.givesNan = true;
    assertThat(decode(service).failure().error()).isEqualTo(ServiceError.INTERNAL);
    Await.until("doubt", () -> service.readiness() == Readiness.BROKEN);
  }

  @Test
  void shapesAreWarmedBeforeServing() {
    QueuedDecodeService service =
        start(Fixtures.builder(controls).warmUp(List.of(new DecodeSize(2, 16, 16, 1))));
    Fixtures.awaitServing(service);
    // Two of the test picture, two of two pictures.
    assertThat(controls.picturesBegun).hasValue(6);
  }

  @Test
  @Timeout(60)
  void closeWhileATestPictureHangsStopsIt() {
    controls.hold();
    QueuedDecodeService service = start(Fixtures.builder(controls));
    Await.until("the test picture", () -> controls.inside.get() == 1);
    assertThat(service.readiness()).isEqualTo(Readiness.STARTING);
    // Without being stopped it would hang for ever.
    service.close();
    assertThat(controls.open).hasValue(0);
  }

  private static DecoderException failure() {
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED, "ONNX Runtime failed: /secret/place 0x7fff1234");
  }
}
