package io.github.consistencydecoder.server.hostile;

import org.junit.jupiter.api.Tag;

/** {@link HostileMessages} in the ordinary build. */
@Tag("process")
@Tag("slow")
class HostileMessagesTest extends HostileMessages {
  @Override
  boolean longer() {
    return false;
  }
}
