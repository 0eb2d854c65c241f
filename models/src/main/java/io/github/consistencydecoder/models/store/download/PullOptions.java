package io.github.consistencydecoder.models.store.download;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/** Options of a download. Immutable. */
public final class PullOptions {
  private final boolean force;
  private final int retries;
  private final Duration connectTimeout;
  private final Duration stallTimeout;
  private final long stallBytes;
  private final Duration backoff;

  private PullOptions(Builder builder) {
    this.force = builder.force;
    this.retries = builder.retries;
    this.connectTimeout = builder.connectTimeout;
    this.stallTimeout = builder.stallTimeout;
    this.stallBytes = builder.stallBytes;
    this.backoff = builder.backoff;
  }

  /** Five retries, 20 seconds to connect, 30 seconds without 4,096 bytes is a stall. */
  public static PullOptions defaults() {
    return new Builder().build();
  }

  /** These options, to be changed. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.force = force;
    builder.retries = retries;
    builder.connectTimeout = connectTimeout;
    builder.stallTimeout = stallTimeout;
    builder.stallBytes = stallBytes;
    builder.backoff = backoff;
    return builder;
  }

  /** Whether to fetch what is there already. */
  public boolean force() {
    return force;
  }

  /** How many times in a row to try an address again without having got further. */
  public int retries() {
    return retries;
  }

  /** How long a connection may take to open. */
  public Duration connectTimeout() {
    return connectTimeout;
  }

  /** How long an answer may take, and within what time {@link #stallBytes} must arrive. */
  public Duration stallTimeout() {
    return stallTimeout;
  }

  /** How many bytes must arrive within {@link #stallTimeout}. */
  public long stallBytes() {
    return stallBytes;
  }

  /** How long to wait before the first retry; doubled before each further one, at most 64 times. */
  public Duration backoff() {
    return backoff;
  }

  /** Collects options. */
  public static final class Builder {
    private boolean force;
    private int retries = 5;
    private Duration connectTimeout = Duration.ofSeconds(20);
    private Duration stallTimeout = Duration.ofSeconds(30);
    private long stallBytes = 4096;
    private Duration backoff = Duration.ofMillis(500);

    private Builder() {}

    /** Whether to fetch what is there already. */
    public Builder force(boolean value) {
      this.force = value;
      return this;
    }

    /** How many times in a row to try again without having got further, 0 or more. */
    public Builder retries(int value) {
      this.retries = value;
      return this;
    }

    /** How long a connection may take to open. */
    public Builder connectTimeout(Duration value) {
      this.connectTimeout = requireNonNull(value, "connectTimeout");
      return this;
    }

    /** How long an answer may take, and within what time enough bytes must arrive. */
    public Builder stallTimeout(Duration value) {
      this.stallTimeout = requireNonNull(value, "stallTimeout");
      return this;
    }

    /** How many bytes are enough, 1 or more. */
    public Builder stallBytes(long value) {
      this.stallBytes = value;
      return this;
    }

    /** How long to wait before the first retry. */
    public Builder backoff(Duration value) {
      this.backoff = requireNonNull(value, "backoff");
      return this;
    }

    /**
     * @throws IllegalArgumentException if a value is out of its range
     */
    public PullOptions build() {
      if (retries < 0 || stallBytes < 1 || backoff.isNegative()) {
        throw new IllegalArgumentException(
            "retries " + retries + ", stallBytes " + stallBytes + ", backoff " + backoff);
      }
      if (connectTimeout.toMillis() < 1 || stallTimeout.toMillis() < 1) {
        throw new IllegalArgumentException(
            "connectTimeout " + connectTimeout + ", stallTimeout " + stallTimeout);
      }
      return new PullOptions(this);
    }
  }
}
