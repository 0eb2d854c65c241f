package io.github.consistencydecoder.server.hostile;

import org.junit.jupiter.api.Tag;

/** {@link HostileConnections} for longer. */
@Tag("load")
class HostileConnectionsLoadTest extends HostileConnections {
  @Override
  boolean longer() {
    return true;
  }
}
