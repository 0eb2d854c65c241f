package io.github.consistencydecoder.server.hostile;

import org.junit.jupiter.api.Tag;

/** {@link HostileMessages} for longer. */
@Tag("load")
class HostileMessagesLoadTest extends HostileMessages {
  @Override
  boolean longer() {
    return true;
  }
}
