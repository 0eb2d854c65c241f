package io.github.consistencydecoder.server.hostile;

/** {@link HostileConnections} in the ordinary build. */
class HostileConnectionsTest extends HostileConnections {
  @Override
  boolean longer() {
    return false;
  }
}
