package io.github.consistencydecoder.models.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.disk.DiskSpace;
import io.github.consistencydecoder.models.store.download.NetworkSettings;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PullOptions;
import io.github.consistencydecoder.plugin.DecoderException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

/** Downloads that end badly: each with its sentence, and nothing installed. */
class PullFailureTest extends PullFixture {
  /** Pulls, expects a failure and nothing but perhaps a part in the folder. */
  private AbstractThrowableAssert<?, ? extends Throwable> failing(
      ModelStore store, PullOptions options) throws IOException {
    var assertion =
        assertThatThrownBy(() -> store.pull(SampleModels.ID, options, PullListener.NONE))
            .isInstanceOf(IOException.class);
    assertThat(store.list().get(0).state()).isNotEqualTo(StoredModel.State.INSTALLED);
    assertThat(store.list().get(0).bytes()).isZero();
    return assertion;
  }

  private AbstractThrowableAssert<?, ? extends Throwable> failing(
      String fields, HttpHandler... script) throws IOException {
    server.on(SampleModels.PATH, script);
    return failing(store(fields), SampleModels.quick());
  }

  @Test
  void aWrongChecksumIsDeleted() throws IOException {
    String other = Sha256.of(new byte[0]);
    failing(SampleModels.sha256(other), ScriptedServer.file(CONTENT, ""))
        .hasMessageContaining(
            "127.0.0.1 sends a file whose SHA-256 is %s, needed %s; deleted"
                .formatted(Sha256.of(CONTENT), other));
    assertThat(part()).doesNotExist();
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void theHubsOwnMarkMustAgree() throws IOException {
    failing(
            "",
            ScriptedServer.withHeaders(
                ScriptedServer.file(CONTENT, ""), "X-Linked-Etag", Sha256.of(new byte[0])))
        .hasMessageContaining("SHA-256");
    assertThat(part()).doesNotExist();
  }

  @Test
  void anotherLengthIsRefusedBeforeAnythingIsStored() throws IOException {
    failing(", \"bytes\": 299999", ScriptedServer.file(CONTENT, ""))
        .hasMessageContaining("announces 300000 bytes, needed 299999");
    assertThat(part()).doesNotExist();
  }

  @Test
  void theHubsOwnLengthMustAgree() throws IOException {
    failing(
            "",
            ScriptedServer.withHeaders(ScriptedServer.file(CONTENT, ""), "X-Linked-Size", "299999"))
        .hasMessageContaining("announces 300000 bytes, needed 299999");
  }

  @Test
  void moreThanAnnouncedIsCutOff() throws IOException {
    failing(", \"bytes\": 200000", ScriptedServer.chunked(CONTENT))
        .hasMessageContaining("sends more than the 200000 bytes");
    assertThat(part()).doesNotExist();
  }

  @Test
  void moreThanAFileOfItsKindHasIsRefusedBeforeAnythingIsStored() throws IOException {
    failing(", \"estimatedBytes\": 199999", ScriptedServer.file(CONTENT, ""))
        .hasMessageContaining("announces 300000 bytes, at most 299998 are due of such a file");
    assertThat(part()).doesNotExist();
  }

  @Test
  void aFileOfUnknownLengthIsCutOffWhereItsKindEnds() throws IOException {
    failing(", \"estimatedBytes\": 199999", ScriptedServer.chunked(CONTENT))
        .hasMessageContaining("sends more than the 299998 bytes that are due of such a file");
    assertThat(part()).doesNotExist();
  }

  @Test
  void aLargeDocumentIsNoConfiguration() throws IOException {
    byte[] page = ("{" + " ".repeat(2 << 20) + "}").getBytes(StandardCharsets.UTF_8);
    server.on("/files/config.json", ScriptedServer.chunked(page));
    String file =
        SampleModels.file("config.json", "\"https://models.example/files/config.json\"", "");
    String catalogue = SampleModels.model(SampleModels.ID, "file", file);
    failing(SampleModels.store(folder, catalogue, server.base()), SampleModels.quick())
        .hasMessageContaining("sends more than the 1048576 bytes that are due");
  }

  @Test
  void lessThanNeededIsNotInstalled() throws IOException {
    failing(", \"bytes\": 300001", ScriptedServer.chunked(CONTENT))
        .hasMessageContaining("ends after 300000 of 300001 bytes");
  }

  @Test
  void aServerThatAlwaysHangsUpIsGivenUp() throws IOException {
    server.on(SampleModels.PATH, ScriptedServer.cutAfter(100, CONTENT, ""));
    failing(store(""), SampleModels.quick()).hasMessageContaining("127.0.0.1 breaks off");
    assertThat(server.requests()).hasSize(4);
  }

  @Test
  void redirectsInACircleAreGivenUp() throws IOException {
    failing("", ScriptedServer.status(302, "Location", SampleModels.PATH))
        .hasMessageContaining("redirects more than 8 times");
    assertThat(server.requests()).hasSize(9);
  }

  @Test
  void aRedirectToNowhereIsRefused() throws IOException {
    failing("", ScriptedServer.status(302)).hasMessageContaining("302 without saying where");
  }

  @Test
  void aMissingFileSaysHowToBringItByHand() throws IOException {
    failing("", ScriptedServer.status(404))
        .hasMessage(
            "cannot download model.safetensors of model 'sample': 127.0.0.1 answers 404 (no such"
                + " file there). By hand, fetch https://models.example/files/model.safetensors in"
                + " a browser and run: ./consistency-decoder models import sample"
                + " model.safetensors");
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void aForbiddenFileSaysWhatMayBeWanted() throws IOException {
    failing("", ScriptedServer.status(401))
        .hasMessageContaining("401 (not allowed: it may want a login or an accepted licence)");
  }

  @Test
  void aServerThatStaysBusyIsGivenUp() throws IOException {
    failing("", ScriptedServer.status(503)).hasMessageContaining("answers 503");
    assertThat(server.requests()).hasSize(4);
  }

  @Test
  void withoutNetworkTheSentenceSaysWhatToFetchAndHowToImport() throws IOException {
    String base = server.base();
    server.close();
    ModelStore store = SampleModels.store(folder, SampleModels.singleFile(""), base);
    failing(store, SampleModels.quick())
        .hasMessageContaining("127.0.0.1 refuses the connection, or there is no way to it")
        .hasMessageContaining("https://models.example/files/model.safetensors in a browser")
        .hasMessageContaining("./consistency-decoder models import sample model.safetensors");
  }

  @Test
  void aServerThatFallsSilentIsTimedOut() throws IOException {
    server.on(SampleModels.PATH, server.silentAfter(1000, CONTENT));
    PullOptions impatient = SampleModels.once(Duration.ofMillis(200));
    failing(store(""), impatient).hasMessageContaining("fewer than 4096 bytes in 200 ms");
  }

  @Test
  void aTrickleIsTimedOut() throws IOException {
    server.on(SampleModels.PATH, ScriptedServer.trickle(CONTENT));
    PullOptions impatient = SampleModels.once(Duration.ofMillis(200));
    failing(store(""), impatient).hasMessageContaining("fewer than 4096 bytes in 200 ms");
  }

  @Test
  void aServerThatNeverAnswersIsTimedOut() throws IOException {
    server.on(SampleModels.PATH, server.mute());
    PullOptions impatient = SampleModels.once(Duration.ofMillis(200));
    failing(store(""), impatient).hasMessageContaining("does not answer within 200 ms");
  }

  @Test
  void aFullDiskIsSeenBeforeTheDownload() throws IOException {
    server.on(SampleModels.PATH, ScriptedServer.file(CONTENT, ""));
    DiskSpace small = path -> DiskSpace.RESERVE_BYTES + 299_999;
    ModelStore store =
        SampleModels.store(
            folder,
            SampleModels.singleFile(""),
            Map.of(NetworkSettings.MIRROR, server.base()),
            small);
    failing(store, SampleModels.quick())
        .hasMessageContaining("model.safetensors needs 300 kB more in")
        .hasMessageContaining("17.1 MB are free")
        .hasMessageContaining("CONSISTENCY_DECODER_HOME");
    assertThat(part()).doesNotExist();
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void aClaimLargerThanAnyDiskIsRefused() throws IOException {
    failing(
            ", \"estimatedBytes\": 900000000000000",
            exchange -> {
              exchange.sendResponseHeaders(200, 900_000_000_000_000L);
              exchange.getResponseBody().write(CONTENT);
            })
        .hasMessageContaining("needs 900 TB more");
    assertThat(part()).doesNotExist();
  }

  @Test
  void aWebPageIsNoModel() throws IOException {
    failing("", ScriptedServer.page("<html>please log in</html>"))
        .hasMessageContaining("sends a web page in place of the file");
  }

  @Test
  void aFileThatNobodyVouchesForMustLookLikeOne() throws IOException {
    failing("", ScriptedServer.wholeFile("please log in".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("sends a file that does not begin like a safetensors file; deleted");
    assertThat(part()).doesNotExist();
  }

  @Test
  void aCompressedFileIsRefused() throws IOException {
    failing(
            "",
            ScriptedServer.withHeaders(
                ScriptedServer.wholeFile(CONTENT), "Content-Encoding", "gzip"))
        .hasMessageContaining("compressed as 'gzip'");
  }

  @Test
  void aLinkInThePlaceOfThePartIsNotWrittenThrough() throws IOException {
    server.on(SampleModels.PATH, ScriptedServer.file(CONTENT, ""));
    Path outside = Files.writeString(folder.resolve("outside"), "precious");
    Files.createDirectories(part().getParent());
    Files.createSymbolicLink(part(), outside);

    assertThatThrownBy(
            () -> store("").pull(SampleModels.ID, SampleModels.quick(), PullListener.NONE))
        .isInstanceOf(IOException.class);

    assertThat(outside).hasContent("precious");
  }

  @Test
  void anInterruptedPullKeepsWhatHasCome() throws Exception {
    server.on(SampleModels.PATH, server.silentAfter(200_000, CONTENT));
    ModelStore store = store(SampleModels.pinned(CONTENT));
    PullOptions patient = SampleModels.once(Duration.ofSeconds(50));
    FutureTask<Pulled> task =
        new FutureTask<>(() -> store.pull(SampleModels.ID, patient, PullListener.NONE));
    Thread thread = new Thread(task, "pull");
    thread.start();
    while (!Files.exists(part()) || Files.size(part()) < 100_000) {
      Thread.onSpinWait();
    }

    thread.interrupt();

    assertThatThrownBy(() -> task.get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(InterruptedIOException.class)
        .hasMessageContaining("kept for the next attempt");
    assertThat(part()).exists();
  }

  @Test
  void aMirrorThatCannotBeUnderstoodIsNamed() throws IOException {
    ModelStore store = SampleModels.store(folder, SampleModels.singleFile(""), "mirror.example");
    failing(store, SampleModels.quick())
        .hasMessage(
            "CONSISTENCY_DECODER_MIRROR is 'mirror.example', needed http(s)://host[:port][/path]");
  }

  @Test
  void aStoreThatCannotBeWrittenSaysWhereItIsAndHowToMoveIt() throws IOException {
    Path file = Files.writeString(folder.resolve("models"), "a file where the folder should be");
    failing(store(""), SampleModels.quick())
        .hasMessageStartingWith(file.toString())
        .hasMessageEndingWith(
            "(the store is in " + folder + "; CONSISTENCY_DECODER_HOME moves it)");
  }

  @Test
  void anUnknownIdNamesNearOnes() throws IOException {
    ModelStore store = store("");
    assertThatThrownBy(() -> store.pull("sampel", SampleModels.quick(), PullListener.NONE))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "no id 'sampel' in the catalogue; near: sample; ./consistency-decoder models list"
                + " shows it");
  }
}
