package io.github.consistencydecoder.client.connect;

import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Collection;
import java.util.Set;

/**
 * Makes lists of backends known to gRPC, under a scheme for each kind of address: a channel has one
 * kind.
 */
final class BackendsResolverProvider extends NameResolverProvider {
  private static final String PORTS = "consistency-decoder-ports";
  private static final String SOCKETS = "consistency-decoder-sockets";

  // gRPC takes resolvers by its registry alone; ours change nothing for other targets.
  static {
    NameResolverRegistry registry = NameResolverRegistry.getDefaultRegistry();
    registry.register(new BackendsResolverProvider(PORTS, InetSocketAddress.class));
    registry.register(new BackendsResolverProvider(SOCKETS, DomainSocketAddress.class));
  }

  private final String scheme;
  private final Class<? extends SocketAddress> addresses;

  private BackendsResolverProvider(String scheme, Class<? extends SocketAddress> addresses) {
    this.scheme = scheme;
    this.addresses = addresses;
  }

  /** What gRPC is to be given for a list. */
  static String uri(Target target) {
    try {
      String scheme = target.unixSockets() ? SOCKETS : PORTS;
      return new URI(scheme, "", "/" + target.list(), null, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public NameResolver newNameResolver(URI uri, NameResolver.Args args) {
    if (!scheme.equals(uri.getScheme())) {
      return null;
    }
    Target target = Target.parse(uri.getPath().substring(1));
    return new BackendsResolver(target.backends(), args.getOffloadExecutor());
  }

  @Override
  public String getDefaultScheme() {
    return scheme;
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(addresses);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    // Below gRPC's own, so that none of these schemes becomes the default.
    return 0;
  }
}
