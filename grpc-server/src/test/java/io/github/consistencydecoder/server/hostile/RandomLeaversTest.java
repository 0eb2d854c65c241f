package io.github.consistencydecoder.server.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.testing.MemorySlope;
import io.github.consistencydecoder.testing.ProcessStatus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients of both endpoints that leave at random moments: nothing crashes, no slot and no byte is
 * lost, and native memory stays flat.
 */
@Tag("process")
@Timeout(900)
class RandomLeaversTest {
  private static final double MEGABYTE = 1e6;
  private static final int CLIENTS = 4;

  @TempDir private Path folder;

  @BeforeAll
  static void linuxOnly() {
    ProcessStatus.assumeReadable();
  }

  @Test
  void fourHundredCallsLeaveNothingBehind() throws Exception {
    double unused = leave(400, 0);
  }

  @Test
  @Tag("load")
  void memoryIsFlatOverTenThousandCallsAndMore() throws Exception {
    assertThat(leave(20_000, 0)).isLessThan(MEGABYTE);
  }

  @Test
  @Tag("load")
  void aPlantedLeakIsSeen() throws Exception {
    assertThat(leave(20_000, 4_096)).isGreaterThan(MEGABYTE);
  }

  /** Bytes of growth per 1,000 calls, after the first two fifths. */
  private double leave(int calls, int leak) throws Exception {
    int looks = Math.max(5, calls / 400);
    AtomicLong stayed = new AtomicLong();
    MemorySlope slope = new MemorySlope();
    List<RandomLeaver> leavers = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try (ServerAlone server =
        ServerAlone.start(folder.resolve("server.txt"), 256, leak, 1, calls > 400)) {
      for (int i = 0; i < CLIENTS; i++) {
        leavers.add(new RandomLeaver(server, i, stayed));
      }
      for (int look = 1; look <= looks; look++) {
        together(threads, leavers, calls / looks / CLIENTS);
        ServerLook rest = server.awaitRest();
        slope.look((long) look * calls / looks, server.anonymous() + rest.heap());
      }
      ServerLook end = server.awaitRest();
      assertThat(end.accepted()).isPositive();
      assertThat(end.cancelled()).isPositive();
      assertThat(stayed.get()).isPositive();
      System.out.printf(
          "%d calls: %d accepted, %d cancelled, %d stayed; %.2f MB more per 1,000%n",
          calls,
          end.accepted(),
          end.cancelled(),
          stayed.get(),
          slope.perThousandAfter(calls * 2L / 5) / MEGABYTE);
    } finally {
      leavers.forEach(RandomLeaver::close);
      threads.shutdownNow();
    }
    return slope.perThousandAfter(calls * 2L / 5);
  }

  private static void together(ExecutorService threads, List<RandomLeaver> leavers, int each)
      throws Exception {
    List<Future<?>> running = new ArrayList<>();
    for (RandomLeaver leaver : leavers) {
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < each; i++) {
                  leaver.call();
                }
                return null;
              }));
    }
    for (Future<?> one : running) {
      one.get();
    }
  }
}
