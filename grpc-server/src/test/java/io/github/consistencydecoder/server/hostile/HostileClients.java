package io.github.consistencydecoder.server.hostile;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.server.hostile.HostedServer.ServerLook;
import io.github.consistencydecoder.testing.ProcessStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What hostile and broken clients do to a server in a process of its own: it lives on within its
 * heap and its buffers, others are served all the while, and when they have gone it is as before.
 * The longer form measures its memory too.
 */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HostileClients {
  static final long MB = 1_000_000;
  private static final int HEAP_MB = 1_024;

  @TempDir private static Path folder;

  private final List<AutoCloseable> attackers = new ArrayList<>();
  ServerAlone server;
  Others others;

  /** Of this server, from the time on when it was new. */
  MemoryWatch memory;

  private String test;
  private boolean survived;
  private int servers;

  /** Whether there is time. */
  abstract boolean longer();

  /**
   * Whether the next test attacks the same server, if it survived; its memory is then all tests'.
   */
  abstract boolean together();

  final int times(int few, int many) {
    return longer() ? many : few;
  }

  /** Judges memory where it is measured. */
  final void requireBelow(long most, String what, long bytes) {
    if (longer()) {
      assertThat(bytes).as(what).isLessThan(most);
    }
  }

  @BeforeEach
  final void start(TestInfo info) throws Exception {
    ProcessStatus.assumeReadable();
    test = info.getDisplayName();
    survived = false;
    if (server == null) {
      server =
          ServerAlone.start(folder.resolve("server" + servers++ + ".txt"), HEAP_MB, 0, 0, longer());
    }
    others = Others.start(server);
    if (memory == null) {
      // Until then the server compiles itself.
      others.serveAgain(times(20, 500));
      memory = MemoryWatch.start(server);
    }
    others.forget();
  }

  @AfterEach
  final void stop() throws Exception {
    try {
      leave();
    } finally {
      try {
        if (others != null) {
          others.end();
        }
      } finally {
        others = null;
        if (!survived || !together()) {
          endServer();
        }
      }
    }
  }

  @AfterAll
  final void endServer() throws IOException {
    ServerAlone old = server;
    server = null;
    memory = null;
    if (old != null) {
      old.close();
    }
  }

  final <T extends AutoCloseable> T attacker(T attacker) {
    attackers.add(attacker);
    return attacker;
  }

  private void leave() throws Exception {
    while (!attackers.isEmpty()) {
      attackers.remove(attackers.size() - 1).close();
    }
  }

  /**
   * Ends the attack: the others were served all the while, memory outside of the heap never grew by
   * more than this, and nothing is left.
   */
  final void survived(long mostGrowth) throws Exception {
    others.serveAgain(5);
    long peak = memory.peakGrowth();
    System.out.printf(
        "%s: %s; native memory grew by at most %d MB%n", test, others.report(), peak / MB);
    leave();
    others.serveAgain(5);
    assertThat(others.failures()).isEmpty();
    requireBelow(mostGrowth, "growth of native memory", peak);
    others.end();
    ServerLook after = server.awaitRest();
    requireBelow(64 * MB, "heap", after.heap());
    requireBelow(32 * MB, "buffers", after.direct() - memory.before().direct());
    assertThat(after.accepted()).isEqualTo(after.ended());
    survived = true;
  }

  static byte[] head(String target, String... headers) {
    return ("POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" + String.join("\r\n", headers))
        .concat("\r\n\r\n")
        .getBytes(US_ASCII);
  }

  /** Looks at a server's native memory ten times a second, from another process and for nothing. */
  static final class MemoryWatch {
    private final ServerLook before;
    private final long anonymousBefore;
    private volatile long peak;

    private MemoryWatch(ServerAlone server) {
      this.before = server.look();
      this.anonymousBefore = server.anonymous();
      this.peak = anonymousBefore;
    }

    /** Begins; ends with the server. */
    static MemoryWatch start(ServerAlone server) {
      MemoryWatch watch = new MemoryWatch(server);
      Thread thread = new Thread(() -> watch.run(server), "memory-watch");
      thread.setDaemon(true);
      thread.start();
      return watch;
    }

    private void run(ServerAlone server) {
      try {
        while (true) {
          peak = Math.max(peak, server.anonymous());
          Thread.sleep(100);
        }
      } catch (InterruptedException | UncheckedIOException e) {
        // The server has ended.
      }
    }

    /** At the beginning. */
    ServerLook before() {
      return before;
    }

    /** Bytes by which it has grown at most. */
    long peakGrowth() {
      return peak - anonymousBefore;
    }
  }
}
