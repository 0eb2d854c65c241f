package io.github.consistencydecoder.server.hostile;

/** {@link HostileClients} in the ordinary build. */
class HostileClientsTest extends HostileClients {
  @Override
  boolean longer() {
    return false;
  }
}
