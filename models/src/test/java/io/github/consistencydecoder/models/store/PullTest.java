package io.github.consistencydecoder.models.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import io.github.consistencydecoder.models.store.ScriptedServer.Request;
import io.github.consistencydecoder.models.store.catalogue.Checksum;
import io.github.consistencydecoder.models.store.catalogue.Checksum.Trust;
import io.github.consistencydecoder.models.store.catalogue.FileRecords;
import io.github.consistencydecoder.models.store.digests.Sha256;
import io.github.consistencydecoder.models.store.download.PullListener;
import io.github.consistencydecoder.models.store.download.PullOptions;
import io.github.consistencydecoder.models.store.download.PulledFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Downloads that go well in the end. */
class PullTest extends PullFixture {
  private static final String TAG = "\"one\"";

  private static final String PINNED = SampleModels.pinned(CONTENT);

  /** Hangs up when something has been stored, so that there is something to go on from. */
  private HttpHandler cutAfter(int bytes, byte[] content, String etag) {
    return ScriptedServer.cutWhen(() -> part().toFile().length() > 0, bytes, content, etag);
  }

  private void assertInstalled() throws IOException {
    Path home = folder.resolve("models").resolve(SampleModels.ID);
    assertThat(home.resolve(SampleModels.FILE)).hasBinaryContent(CONTENT);
    try (var files = Files.list(home)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(SampleModels.FILE, FileRecords.NAME);
    }
  }

  @Test
  void aFileIsCheckedAndGetsItsName() throws IOException {
    Pulled pulled = pull(PINNED, ScriptedServer.file(CONTENT, TAG));

    assertInstalled();
    assertThat(pulled.path()).isEqualTo(folder.resolve("models/sample/model.safetensors"));
    assertThat(pulled.missing()).isEmpty();
    assertThat(pulled.files())
        .containsExactly(
            new PulledFile(
                SampleModels.FILE,
                CONTENT.length,
                new Checksum(Sha256.of(CONTENT), Trust.PUBLISHER),
                false));
  }

  @Test
  void aSecondPullAsksNobody() throws IOException {
    pull(PINNED, ScriptedServer.file(CONTENT, TAG));
    int requests = server.requests().size();

    Pulled again = pull(PINNED);

    assertThat(server.requests()).hasSize(requests);
    assertThat(again.files().get(0).alreadyThere()).isTrue();
  }

  @Test
  void forceFetchesAgain() throws IOException {
    pull(PINNED, ScriptedServer.file(CONTENT, TAG));

    PullOptions force = SampleModels.quick().force(true);
    Pulled again = store(PINNED).pull(SampleModels.ID, force, PullListener.NONE);

    assertThat(server.requests()).hasSize(2);
    assertThat(again.files().get(0).alreadyThere()).isFalse();
    assertInstalled();
  }

  @Test
  void aCutConnectionIsTakenUpWhereItEnded() throws IOException {
    pull("", cutAfter(200_000, CONTENT, TAG), ScriptedServer.file(CONTENT, TAG));

    assertInstalled();
    Request second = server.requests().get(1);
    assertThat(second.range()).matches("bytes=[1-9][0-9]*-");
    assertThat(second.ifRange()).isEqualTo(TAG);
  }

  @Test
  void whatAnEarlierRunLeftIsUsed() throws IOException {
    server.on(SampleModels.PATH, cutAfter(200_000, CONTENT, TAG));
    ModelStore first = store("");
    assertThatThrownBy(() -> first.pull(SampleModels.ID, SampleModels.once(), PullListener.NONE))
        .isInstanceOf(IOException.class);
    assertThat(first.list().get(0).state()).isEqualTo(StoredModel.State.PARTLY);
    assertThat(first.list().get(0).partialBytes()).isPositive();
    pull("", ScriptedServer.file(CONTENT, TAG));

    assertInstalled();
    assertThat(server.requests().get(1).range()).matches("bytes=[1-9][0-9]*-");
  }

  @Test
  void aServerWithoutRangesStartsOver() throws IOException {
    pull("", cutAfter(200_000, CONTENT, TAG), ScriptedServer.wholeFile(CONTENT));

    assertThat(server.requests().get(1).range()).isNotEmpty();
    assertInstalled();
  }

  @Test
  void aFileThatHasChangedStartsOver() throws IOException {
    byte[] older = SampleModels.safetensors(300_000, 2);
    pull("", cutAfter(200_000, older, "\"older\""), ScriptedServer.file(CONTENT, TAG));

    assertInstalled();
  }

  @Test
  void halvesThatNothingVouchesForAreNotJoined() throws IOException {
    byte[] older = SampleModels.safetensors(300_000, 2);
    pull("", cutAfter(200_000, older, ""), ScriptedServer.file(CONTENT, ""));

    assertThat(server.requests().get(1).range()).isEmpty();
    assertInstalled();
  }

  @Test
  void aWeakTagIsNoMarkToResumeBy() throws IOException {
    pull("", cutAfter(200_000, CONTENT, "W/\"one\""), ScriptedServer.file(CONTENT, ""));

    assertThat(server.requests().get(1).range()).isEmpty();
    assertInstalled();
  }

  @Test
  void aBeginningOfAnotherFileIsFoundByTheChecksumAndFetchedAnew() throws IOException {
    byte[] older = SampleModels.safetensors(100_000, 2);
    Files.createDirectories(part().getParent());
    Files.write(part(), older);
    pull(PINNED, ScriptedServer.file(CONTENT, ""));

    assertThat(server.requests()).hasSize(2);
    assertThat(server.requests().get(0).range()).isEqualTo("bytes=100000-");
    assertThat(server.requests().get(1).range()).isEmpty();
    assertInstalled();
  }

  @Test
  void aCompletePartIsOnlyChecked() throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), CONTENT);

    pull(PINNED);

    assertThat(server.requests()).isEmpty();
    assertInstalled();
  }

  @Test
  void aPartLongerThanTheFileIsThrownAway() throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), SampleModels.safetensors(CONTENT.length + 1, 1));
    pull(PINNED, ScriptedServer.file(CONTENT, ""));

    assertThat(server.requests().get(0).range()).isEmpty();
    assertInstalled();
  }

  @Test
  void aRangeThatCannotBeServedStartsOver() throws IOException {
    pull(
        "",
        cutAfter(200_000, CONTENT, TAG),
        ScriptedServer.status(416),
        ScriptedServer.file(CONTENT, TAG));

    assertThat(server.requests().get(2).range()).isEmpty();
    assertInstalled();
  }

  @Test
  void aRangeThatBeginsElsewhereStartsOver() throws IOException {
    pull(
        "",
        cutAfter(200_000, CONTENT, TAG),
        ScriptedServer.status(206, "Content-Range", "bytes 5-299999/300000"),
        ScriptedServer.file(CONTENT, TAG));

    assertInstalled();
  }

  @Test
  void aBusyServerIsAskedAgain() throws IOException {
    Heard heard = new Heard();
    pull(
        PINNED,
        heard,
        ScriptedServer.status(503),
        ScriptedServer.status(429),
        ScriptedServer.file(CONTENT, TAG));

    assertThat(heard.reasons).containsExactly("127.0.0.1 answers 503", "127.0.0.1 answers 429");
    assertInstalled();
  }

  @Test
  void theServersOwnWaitCountsIfItIsLonger() throws IOException {
    Heard heard = new Heard();
    pull(
        PINNED,
        heard,
        ScriptedServer.status(503, "Retry-After", "1"),
        ScriptedServer.file(CONTENT, TAG));

    assertThat(heard.waits).containsExactly(Duration.ofSeconds(1));
  }

  @Test
  void redirectsAreFollowedAndTheMarkOfTheHubIsChecked() throws IOException {
    server
        .on(
            SampleModels.PATH,
            ScriptedServer.status(
                302, "Location", "/blob/7", "X-Linked-Etag", "\"" + Sha256.of(CONTENT) + "\""))
        .on("/blob/7", ScriptedServer.status(307, "Location", "8"))
        .on("/blob/8", ScriptedServer.file(CONTENT, TAG));

    Pulled pulled = pull("");

    assertInstalled();
    assertThat(pulled.files().get(0).checksum().trust()).isEqualTo(Trust.ANNOUNCED);
    assertThat(pulled.sentences())
        .singleElement()
        .asString()
        .contains("not checked: no checksum is pinned", "announced")
        .doesNotContain(", checked");
  }

  @Test
  void anUnknownChecksumIsRecordedAndSaidToBe() throws IOException {
    Pulled pulled = pull("", ScriptedServer.file(CONTENT, TAG));

    assertThat(pulled.files().get(0).checksum())
        .isEqualTo(new Checksum(Sha256.of(CONTENT), Trust.FIRST_USE));
    assertThat(pulled.sentences())
        .singleElement()
        .asString()
        .contains(Sha256.of(CONTENT), "not checked: no checksum is pinned", "recorded");
    assertThat(store("").verify(SampleModels.ID).sound()).isTrue();
  }

  @Test
  void theNextAddressIsTried() throws IOException {
    String addresses =
        "\"https://models.example/gone/model.safetensors\", \"https://models.example"
            + SampleModels.PATH
            + "\"";
    String catalogue =
        SampleModels.model(
            SampleModels.ID, "file", SampleModels.file(SampleModels.FILE, addresses, ""));
    server.on(SampleModels.PATH, ScriptedServer.file(CONTENT, TAG));

    pull(SampleModels.store(folder, catalogue, server.base()));

    assertThat(server.requests()).hasSize(2);
    assertInstalled();
  }

  @Test
  void aLengthThatIsNotAnnouncedIsNoHindrance() throws IOException {
    Heard heard = new Heard();
    pull("", heard, ScriptedServer.chunked(CONTENT));

    assertThat(heard.totals).containsExactly(-1L);
    assertInstalled();
  }

  @Test
  void theListenerHearsOfTheBytes() throws IOException {
    Heard heard = new Heard();
    pull(PINNED, heard, ScriptedServer.file(CONTENT, TAG));

    assertThat(heard.progressTotals).containsOnly((long) CONTENT.length);
    assertThat(heard.done).isSorted().last().isEqualTo((long) CONTENT.length);
    assertThat(heard.finished).hasSize(1);
  }

  @Test
  void onlyWhatIsMissingOfAFolderIsFetched() throws IOException {
    byte[] config = "{\"a\": 1, \"b\": 2}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    String catalogue =
        SampleModels.model(
            SampleModels.ID,
            "folder",
            SampleModels.file("config.json", "\"https://models.example/c/config.json\"", "")
                + ", "
                + SampleModels.file(
                    SampleModels.FILE, "\"https://models.example" + SampleModels.PATH + "\"", ""));
    server
        .on("/c/config.json", ScriptedServer.file(config, ""))
        .on(SampleModels.PATH, ScriptedServer.status(404));
    ModelStore store = SampleModels.store(folder, catalogue, server.base());
    assertThatThrownBy(() -> pull(store)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> store.resolve(SampleModels.ID))
        .hasMessageContaining("of model 'sample' model.safetensors is not installed");
    server.on(SampleModels.PATH, ScriptedServer.file(CONTENT, TAG));

    Pulled pulled = pull(store);

    assertThat(pulled.files()).extracting(PulledFile::alreadyThere).containsExactly(true, false);
    assertThat(store.resolve(SampleModels.ID).path()).isEqualTo(folder.resolve("models/sample"));
  }

  @Test
  void aFilePutThereByHandIsCheckedAndKept() throws IOException {
    Path file = folder.resolve("models/sample/model.safetensors");
    Files.createDirectories(file.getParent());
    Files.write(file, CONTENT);

    Pulled pulled = pull(PINNED);

    assertThat(server.requests()).isEmpty();
    assertThat(pulled.files().get(0).alreadyThere()).isTrue();
  }

  @Test
  void aDamagedFileIsFetchedAgain() throws IOException {
    Path file = folder.resolve("models/sample/model.safetensors");
    Files.createDirectories(file.getParent());
    Files.write(file, SampleModels.safetensors(CONTENT.length, 9));
    pull(PINNED, ScriptedServer.file(CONTENT, TAG));

    assertInstalled();
  }
}
