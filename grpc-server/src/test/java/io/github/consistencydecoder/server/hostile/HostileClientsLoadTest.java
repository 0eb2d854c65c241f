package io.github.consistencydecoder.server.hostile;

import org.junit.jupiter.api.Tag;

/** {@link HostileClients} for longer. */
@Tag("load")
class HostileClientsLoadTest extends HostileClients {
  @Override
  boolean longer() {
    return true;
  }
}
