package io.github.consistencydecoder.client.connect;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives gRPC a list of backends, each one server whatever addresses its host has. */
final class BackendsResolver extends NameResolver {
  private static final Logger LOG = LoggerFactory.getLogger(BackendsResolver.class);

  private final List<Backend> backends;
  private final Executor executor;
  private Listener2 listener;

  /**
   * @param executor looks names up
   */
  BackendsResolver(List<Backend> backends, Executor executor) {
    this.backends = backends;
    this.executor = executor;
  }

  @Override
  public String getServiceAuthority() {
    return backends.get(0).authority();
  }

  @Override
  public void start(Listener2 listener) {
    this.listener = listener;
    refresh();
  }

  @Override
  public void refresh() {
    executor.execute(this::resolve);
  }

  private void resolve() {
    List<EquivalentAddressGroup> groups = new ArrayList<>();
    UnknownHostException unknown = null;
    for (Backend backend : backends) {
      try {
        groups.add(group(backend));
      } catch (UnknownHostException e) {
        LOG.debug("the host of {} is not known", backend);
        unknown = e;
      }
    }
    if (groups.isEmpty()) {
      listener.onError(
          Status.UNAVAILABLE.withDescription("no host of the list is known").withCause(unknown));
    } else {
      listener.onResult(
          ResolutionResult.newBuilder().setAddressesOrError(StatusOr.fromValue(groups)).build());
    }
  }

  private static EquivalentAddressGroup group(Backend backend) throws UnknownHostException {
    List<SocketAddress> addresses = new ArrayList<>();
    if (backend.socket().isPresent()) {
      addresses.add(new DomainSocketAddress(backend.socket().get().toFile()));
    } else {
      for (InetAddress address : InetAddress.getAllByName(backend.host())) {
        addresses.add(new InetSocketAddress(address, backend.port()));
      }
    }
    return new EquivalentAddressGroup(
        addresses,
        Attributes.newBuilder()
            .set(EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE, backend.authority())
            .build());
  }

  @Override
  public void shutdown() {}
}
