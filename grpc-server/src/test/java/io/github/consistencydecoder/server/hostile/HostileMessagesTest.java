package io.github.consistencydecoder.server.hostile;

/** {@link HostileMessages} in the ordinary build. */
class HostileMessagesTest extends HostileMessages {
  @Override
  boolean longer() {
    return false;
  }
}
