package io.github.consistencydecoder.server.hostile;

import org.junit.jupiter.api.Tag;

/** {@link HostileConnections} in the ordinary build. */
@Tag("process")
@Tag("slow")
class HostileConnectionsTest extends HostileConnections {
  @Override
  boolean longer() {
    return false;
  }
}
