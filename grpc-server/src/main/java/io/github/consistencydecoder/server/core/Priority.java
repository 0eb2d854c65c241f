package io.github.consistencydecoder.server.core;

/** Which of the waiting calls goes first. Waiting raises a call's class, so none starves. */
public enum Priority {
  /** A person is looking. */
  HIGH,
  /** The ordinary case. */
  NORMAL,
  /** May wait. */
  LOW
}
