package io.github.consistencydecoder.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.plugin.Cancellation;
import io.github.consistencydecoder.plugin.DecoderErrorCode;
import io.github.consistencydecoder.plugin.DecoderException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MemoryLedgerTest {
  private final AtomicLong own = new AtomicLong(100);
  private final MemoryLedger ledger = new MemoryLedger(1000, own::get, () -> 500);
  private final Cancellation never = new Cancellation();

  private CompletableFuture<MemoryLedger.Lease> later(long bytes, Cancellation cancellation) {
    return CompletableFuture.supplyAsync(() -> ledger.take(bytes, cancellation));
  }

  private static void staysWaiting(CompletableFuture<?> future) {
    assertThatThrownBy(() -> future.get(200, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
  }

  @Test
  void workThatIsAllowedMoreThanThereIsIsWarnedAbout() {
    assertThat(ledger.shortage(500)).isEmpty();
    assertThat(ledger.shortage(501)).hasValueSatisfying(s -> assertThat(s).contains("available"));
    assertThat(new MemoryLedger(1000, own::get, () -> 0).shortage(501)).isEmpty();
  }

  @Test
  void whatRunningWorkHoldsIsNotTakenForWhatTheProcessHolds() {
    own.set(200);
    assertThat(ledger.idle()).isEqualTo(200);
    MemoryLedger.Lease lease = ledger.take(500, never);
    own.set(700);
    assertThat(ledger.idle()).isEqualTo(200);
    lease.close();
    own.set(230);
    assertThat(ledger.idle()).isEqualTo(230);
  }

  @Test
  void workThatFitsBesideOthersRunsAtOnce() throws Exception {
    MemoryLedger.Lease first = ledger.take(500, never);
    MemoryLedger.Lease second = later(400, never).get(10, TimeUnit.SECONDS);
    first.close();
    second.close();
  }

  @Test
  void workThatDoesNotFitBesideOthersWaitsForThem() throws Exception {
    MemoryLedger.Lease first = ledger.take(500, never);
    CompletableFuture<MemoryLedger.Lease> second = later(401, never);
    staysWaiting(second);
    first.close();
    second.get(10, TimeUnit.SECONDS).close();
  }

  @Test
  void smallWorkDoesNotOvertakeLargeWork() throws Exception {
    MemoryLedger.Lease first = ledger.take(500, never);
    CompletableFuture<MemoryLedger.Lease> large = later(800, never);
    staysWaiting(large);
    CompletableFuture<MemoryLedger.Lease> small = later(1, never);
    staysWaiting(small);
    first.close();
    large.get(10, TimeUnit.SECONDS).close();
    small.get(10, TimeUnit.SECONDS).close();
  }

  @Test
  void waitingEndsWhenItIsCancelledAndLetsTheNextOneThrough() throws Exception {
    MemoryLedger.Lease first = ledger.take(500, never);
    Cancellation cancellation = new Cancellation();
    CompletableFuture<MemoryLedger.Lease> large = later(800, cancellation);
    staysWaiting(large);
    CompletableFuture<MemoryLedger.Lease> small = later(1, never);
    staysWaiting(small);
    cancellation.cancel();
    assertThatThrownBy(() -> large.get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCause(new DecoderException(DecoderErrorCode.CANCELLED, "the decode was cancelled"));
    small.get(10, TimeUnit.SECONDS).close();
    first.close();
  }

  @Test
  void whatCannotBeDividedIsRefusedWithTheNumbers() {
    ledger.require(900, "decode");
    assertThatThrownBy(() -> ledger.require(901, "decode a picture"))
        .isInstanceOf(DecoderException.class)
        .hasMessage(
            "to decode a picture takes 1 MB; 1 MB are left of the limit of 1 MB: raise it with the"
                + " setting 'memory', or take a smaller picture")
        .extracting(e -> ((DecoderException) e).code())
        .isEqualTo(DecoderErrorCode.OUT_OF_MEMORY);
  }
}
