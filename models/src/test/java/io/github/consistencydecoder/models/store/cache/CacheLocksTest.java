package io.github.consistencydecoder.models.store.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.consistencydecoder.models.store.cache.CacheLocks.Held;
import io.github.consistencydecoder.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("process")
class CacheLocksTest {
  @TempDir private Path folder;

  private Path cache;
  private CacheLocks locks;

  @BeforeEach
  void nameTheCache() {
    cache = folder.resolve("cache");
    locks = new CacheLocks(cache);
  }

  private String elsewhere(String name) throws IOException, InterruptedException {
    return ChildJvm.run(folder, List.of(), LockProbe.class, List.of(cache.toString(), name)).get(0);
  }

  @Test
  void whatIsUsedCannotBeOwnedUntilTheLastUseEnds() throws IOException {
    Held one = locks.share("a");
    Held two = new CacheLocks(cache).share("a");
    assertThat(locks.own("a")).isEmpty();
    assertThat(locks.used("a")).isTrue();

    one.close();
    one.close();
    assertThat(locks.own("a")).isEmpty();

    two.close();
    assertThat(locks.used("a")).isFalse();
    Held own = locks.own("a").orElseThrow();
    assertThat(locks.own("a")).isEmpty();
    own.close();
  }

  @Test
  void namesAreIndependent() throws IOException {
    Held used = locks.share("a");
    Held own = locks.own("b").orElseThrow();
    assertThat(locks.used("c")).isFalse();
    own.close();
    used.close();
  }

  @Test
  void anotherProcessSeesIt() throws IOException, InterruptedException {
    Held one = locks.share("a");
    Held two = locks.share("a");
    Held other = locks.share("b");
    one.close();
    assertThat(elsewhere("a")).isEqualTo("in use");

    // Letting go of one name, and asking for it, must not let go of another.
    two.close();
    assertThat(locks.used("a")).isFalse();
    assertThat(elsewhere("a")).isEqualTo("owned");
    assertThat(elsewhere("b")).isEqualTo("in use");

    other.close();
    assertThat(elsewhere("b")).isEqualTo("owned");
  }

  @Test
  void aCacheThatWasDeletedAndMadeAgainIsLockedAnew() throws IOException, InterruptedException {
    Held before = locks.share("a");
    FileTree.delete(cache);
    Held after = locks.share("b");
    assertThat(elsewhere("b")).isEqualTo("in use");
    before.close();
    assertThat(elsewhere("b")).isEqualTo("in use");
    after.close();
  }

  @Test
  void askingMakesNothing() {
    assertThat(locks.used("a")).isFalse();
    assertThat(cache).doesNotExist();
  }

  @Test
  void whereNothingCanBeLockedThingsAreUsedAllTheSameButNotOwned() throws IOException {
    Files.writeString(cache, "a file in the way");
    locks.share("a").close();
    assertThat(locks.used("a")).isFalse();
    assertThatThrownBy(() -> locks.own("a")).isInstanceOf(IOException.class);
  }
}
