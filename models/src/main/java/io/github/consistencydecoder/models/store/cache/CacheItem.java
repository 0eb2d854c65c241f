package io.github.consistencydecoder.models.store.cache;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Something that is kept.
 *
 * @param kind what it is
 * @param path file or folder
 * @param bytes of its files
 * @param lastUse when; where that is not noted, when it was made
 * @param state what is to be said of it
 * @param reason the same in words; empty if there is nothing to say
 * @param model name or path of the model that it is of; empty if that is not known
 * @param digest of the model's weights; empty if it is not known
 * @param form version, precision and runtime, for a person; empty if it has none
 * @param inUse whether a process has it open
 */
public record CacheItem(
    Kind kind,
    Path path,
    long bytes,
    Instant lastUse,
    State state,
    String reason,
    String model,
    String digest,
    String form,
    boolean inUse) {

  /** Kinds of things, in the order of lists. */
  public enum Kind {
    /** Transformed weights of a network. */
    WEIGHTS("weights"),
    /** A network's graph with its weights. */
    GRAPH("graph"),
    /** A bundled model, unpacked. */
    MODEL("model"),
    /** ONNX Runtime's native library, unpacked. */
    RUNTIME("runtime"),
    /** The remembered checksum of a file. */
    CHECKSUM("checksum"),
    /** A service's test picture. */
    PICTURE("picture"),
    /** What a process did not finish, or the record of an entry that is gone. */
    LEFTOVER("leftover");

    private final String id;

    Kind(String id) {
      this.id = id;
    }

    /** For lists and documents. */
    public String id() {
      return id;
    }

    /** Whether it is large and its last use is noted. */
    public boolean noted() {
      return this == WEIGHTS || this == GRAPH || this == MODEL;
    }
  }

  /** What is to be said of a thing. */
  public enum State {
    /** It can be used again. */
    KEPT("kept"),
    /** It can be used, but on another machine. */
    ELSEWHERE("elsewhere"),
    /** It is being written. */
    UNDER_WAY("under way"),
    /** This release cannot use it. */
    STALE("stale"),
    /** The model that it is of is gone. */
    ORPHAN("orphan"),
    /** It was never finished. */
    LEFTOVER("leftover");

    private final String id;

    State(String id) {
      this.id = id;
    }

    /** For lists and documents. */
    public String id() {
      return id;
    }

    /** Whether it is of no use to anybody. */
    public boolean useless() {
      return this == STALE || this == ORPHAN || this == LEFTOVER;
    }
  }

  /** Name of the file or folder. */
  public String name() {
    return CacheNames.of(path);
  }
}
